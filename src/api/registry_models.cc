#include "api/registry_models.h"

#include <utility>

#include <fmt/format.h>

#include "api/signing.h"
#include "base/status.h"

namespace roost::api {
namespace {

registry::ModelVersion VersionOf(const std::string& name, const serving::ListedVersion& version, Digest manifest) {
  return {.name = name, .version = version.version, .manifest = manifest, .author = "", .created = absl::Time()};
}

serving::ServingOptions ServingOf(const config::ServedModel& served) {
  using Queue = config::ServedModel::Queue;
  using std::chrono::microseconds;
  serving::ServingOptions options;
  options.execution = served.queue == Queue::kAuto     ? serving::Execution::kAuto
                      : served.queue == Queue::kInline ? serving::Execution::kInline
                                                       : serving::Execution::kWorkers;
  options.intra_op_threads = static_cast<int>(served.intra_op_threads);
  const config::BatchingConfig& batching = served.batching;
  options.batching = {.max_batch_size = batching.max_batch_size,
                      .preferred_batch_sizes = batching.preferred_batch_size,
                      .max_queue_delay = microseconds(batching.max_queue_delay_microseconds),
                      .max_queue_size = batching.max_queue_size,
                      .default_timeout = microseconds(batching.default_timeout_microseconds)};
  return options;
}

serving::VersionPolicy PolicyOf(const config::ServedVersions& served) {
  return {.latest = served.latest,
          .all = served.all,
          .versions = {served.versions.begin(), served.versions.end()},
          .aliases = {served.aliases.begin(), served.aliases.end()}};
}

}  // namespace

absl::StatusOr<serving::Listing> RegistryModels::List() {
  serving::Listing listing;
  TRY_ASSIGN(const std::vector<registry::ModelVersion> versions, project_.registry().List());
  for (const registry::ModelVersion& version : versions) {
    listing[version.name].versions.push_back({version.version, version.manifest.ToHex()});
  }
  TRY_ASSIGN(const std::vector<registry::StateChange> states, project_.registry().states().CurrentOfAll());
  for (const registry::StateChange& state : states) {
    const auto model = listing.find(state.model);
    if (state.state != registry::VersionState::kRetired || model == listing.end()) continue;
    for (serving::ListedVersion& version : model->second.versions) {
      version.retired = version.retired || version.version == state.version;
    }
  }
  TRY_ASSIGN(const std::vector<registry::AliasMove> moves, project_.registry().aliases().CurrentOfAll());
  for (const registry::AliasMove& move : moves) {
    if (const auto model = listing.find(move.model); model != listing.end()) {
      model->second.aliases[move.alias] = move.to;
    }
  }
  return listing;
}

absl::StatusOr<int64_t> RegistryModels::Size(const std::string& name, const serving::ListedVersion& version) {
  TRY_ASSIGN(const Digest digest, Digest::FromHex(version.identity));
  TRY_ASSIGN(const registry::Manifest manifest, project_.registry().LoadManifest(VersionOf(name, version, digest)));
  int64_t bytes = 0;
  for (const char* part : {registry::kModelPart, registry::kOnnxPart, registry::kWarmupPart}) {
    if (const registry::Manifest::Part* found = manifest.Find(part)) bytes += found->bytes;
  }
  return bytes;
}

absl::StatusOr<serving::ModelFiles> RegistryModels::Load(const std::string& name,
                                                         const serving::ListedVersion& version) {
  TRY_ASSIGN(const Digest digest, Digest::FromHex(version.identity));
  const registry::ModelVersion model = VersionOf(name, version, digest);
  TRY(CheckTrusted(project_, model));  // before anything of it is read
  TRY_ASSIGN(const registry::Manifest manifest, project_.registry().LoadManifest(model));
  serving::ModelFiles files;
  TRY_ASSIGN(files.model_json, project_.registry().LoadPart(model, registry::kModelPart));
  if (manifest.Find(registry::kOnnxPart) != nullptr) {
    TRY_ASSIGN(files.onnx, project_.registry().LoadPart(model, registry::kOnnxPart));
  }
  if (manifest.Find(registry::kWarmupPart) != nullptr) {
    TRY_ASSIGN(files.warmup, project_.registry().LoadPart(model, registry::kWarmupPart));
  }
  return files;
}

absl::StatusOr<serving::LoaderOptions> LoaderOptionsOf(const config::ServeConfig& config,
                                                       const std::vector<std::string>& references) {
  serving::LoaderOptions options;
  options.watch_every = absl::Seconds(config.watch_seconds);
  options.memory_bytes = config.memory_mb * 1'000'000;
  options.evict = config.evict;
  for (const auto& [name, served] : config.models) {
    options.policies[name] = PolicyOf(served.versions);
    options.serving[name] = ServingOf(served);
  }
  if (references.empty()) return options;
  std::map<std::string, serving::VersionPolicy, std::less<>> asked;
  for (const std::string& text : references) {
    TRY_ASSIGN(const registry::ModelReference reference, registry::ParseModelReference(text));
    serving::VersionPolicy& policy = asked[reference.name];
    if (reference.version.has_value()) {
      policy.versions.insert(*reference.version);
    } else if (reference.alias.has_value()) {
      policy.aliases.insert(*reference.alias);
    } else if (const auto known = options.policies.find(reference.name);
               known != options.policies.end() && text == reference.name) {
      policy = known->second;
    } else {
      policy.latest = 1;
    }
  }
  options.policies = std::move(asked);
  options.others = std::nullopt;
  return options;
}

absl::Status CheckModelsToServe(Project& project, const std::vector<std::string>& references) {
  for (const std::string& reference : references) TRY(project.registry().Resolve(reference).status());
  if (!references.empty()) return absl::OkStatus();
  TRY_ASSIGN(const std::vector<registry::ModelVersion> versions, project.registry().List());
  if (!versions.empty()) return absl::OkStatus();
  return WithHint(absl::NotFoundError("there is no model to serve"), "'roost train' makes one");
}

}  // namespace roost::api
