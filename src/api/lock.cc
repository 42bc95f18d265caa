#include "api/lock.h"

#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "store/dataset_ref.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

using config::LockedVersion;
using config::LockFile;

constexpr size_t kDigestShown = 12;

std::string LockPath(const Project& project) { return (std::filesystem::path(project.folder()) / kLockName).string(); }

absl::StatusOr<LockFile> ReadLock(const Project& project) {
  const absl::StatusOr<std::string> text = table::ReadTextFile(LockPath(project));
  if (absl::IsNotFound(text.status())) {
    return WithHint(absl::FailedPreconditionError(fmt::format("there is no {} here", kLockName)),
                    "'roost lock' writes it.");
  }
  TRY(text.status());
  return config::ParseLock(*text, kLockName);
}

std::set<std::string> ModelsOf(const Project& project) {
  std::set<std::string> names;
  for (const config::ModelConfig& model : project.config().models) names.insert(model.name);
  for (const auto& [name, served] : project.config().serve.models) names.insert(name);
  return names;
}

/// One version on each side, either of which may be absent; nothing where they are the same.
void Compare(std::string what, const LockedVersion* locked, const LockedVersion* now,
             std::vector<LockDifference>& differences) {
  if (locked != nullptr && now != nullptr && *locked == *now) return;
  if (locked == nullptr && now == nullptr) return;
  const bool same_number = locked != nullptr && now != nullptr && locked->version == now->version;
  const auto text = [&](const LockedVersion* version) {
    if (version == nullptr) return std::string("nothing");
    return same_number ? fmt::format("@{} ({})", version->version, version->digest.substr(0, kDigestShown))
                       : fmt::format("@{}", version->version);
  };
  differences.push_back({.what = std::move(what), .locked = text(locked), .now = text(now)});
}

const LockedVersion* Find(const std::map<std::string, LockedVersion>& versions, const std::string& name) {
  const auto found = versions.find(name);
  return found == versions.end() ? nullptr : &found->second;
}

void CompareAliases(const LockFile& locked, const LockFile& now, std::vector<LockDifference>& differences) {
  std::set<std::pair<std::string, std::string>> names;  // model and alias
  for (const LockFile* file : {&locked, &now}) {
    for (const auto& [model, aliases] : file->models) {
      for (const auto& [alias, version] : aliases) names.emplace(model, alias);
    }
  }
  const auto find = [](const LockFile& file, const std::string& model, const std::string& alias) {
    const auto found = file.models.find(model);
    return found == file.models.end() ? nullptr : Find(found->second, alias);
  };
  for (const auto& [model, alias] : names) {
    Compare(fmt::format("alias {} of {}", alias, model), find(locked, model, alias), find(now, model, alias),
            differences);
  }
}

constexpr char kAgain[] = "'roost lock --check' shows what differs; 'roost lock' writes down what is so now.";

}  // namespace

absl::StatusOr<LockFile> LockNow(Project& project) {
  LockFile lock;
  TRY_ASSIGN(const store::DatasetRef dataset, store::ParseDatasetRef(project.config().dataset));
  const absl::StatusOr<store::CommitInfo> latest = project.store().Resolve(dataset);
  if (!latest.ok() && !absl::IsNotFound(latest.status())) return latest.status();
  if (latest.ok()) lock.datasets[latest->dataset] = {.version = latest->version, .digest = latest->digest.ToHex()};
  for (const std::string& model : ModelsOf(project)) {
    TRY_ASSIGN(const std::vector<registry::AliasMove> aliases, project.registry().aliases().Current(model));
    for (const registry::AliasMove& alias : aliases) {
      TRY_ASSIGN(const registry::ModelVersion version,
                 project.registry().Resolve(fmt::format("{}@{}", model, alias.to)));
      lock.models[model][alias.alias] = {.version = alias.to, .digest = version.manifest.ToHex()};
    }
  }
  return lock;
}

absl::StatusOr<WriteLockResponse> WriteLock(Project& project) {
  WriteLockResponse response{.path = LockPath(project)};
  TRY_ASSIGN(response.lock, LockNow(project));
  const std::string text = config::ToText(response.lock);
  const absl::StatusOr<std::string> before = table::ReadTextFile(response.path);
  response.changed = !before.ok() || *before != text;
  if (response.changed) TRY(table::WriteTextFile(response.path, text));
  return response;
}

absl::StatusOr<std::vector<LockDifference>> CheckLock(Project& project) {
  TRY_ASSIGN(const LockFile locked, ReadLock(project));
  TRY_ASSIGN(const LockFile now, LockNow(project));
  std::vector<LockDifference> differences;
  std::set<std::string> datasets;
  for (const LockFile* file : {&locked, &now}) {
    for (const auto& [name, version] : file->datasets) datasets.insert(name);
  }
  for (const std::string& name : datasets) {
    Compare(fmt::format("dataset {}", name), Find(locked.datasets, name), Find(now.datasets, name), differences);
  }
  CompareAliases(locked, now, differences);
  return differences;
}

absl::StatusOr<store::CommitInfo> LockedDataset(Project& project) {
  TRY_ASSIGN(const LockFile locked, ReadLock(project));
  const std::string& name = project.config().dataset;
  const LockedVersion* pinned = Find(locked.datasets, name);
  if (pinned == nullptr) {
    return WithHint(absl::FailedPreconditionError(fmt::format("{} pins no version of {}", kLockName, name)), kAgain);
  }
  TRY_ASSIGN(const store::DatasetRef reference, store::ParseDatasetRef(fmt::format("{}@{}", name, pinned->version)));
  absl::StatusOr<store::CommitInfo> version = project.store().Resolve(reference);
  if (!version.ok()) return Annotate(version.status(), kLockName);
  if (version->digest.ToHex() != pinned->digest) {
    return WithHint(absl::FailedPreconditionError(fmt::format("{}@{} is not the version that {} pins: it is {}", name,
                                                              pinned->version, kLockName,
                                                              version->digest.ToHex().substr(0, kDigestShown))),
                    kAgain);
  }
  TRY_ASSIGN(const LockFile now, LockNow(project));
  std::vector<LockDifference> differences;
  CompareAliases(locked, now, differences);
  if (differences.empty()) return version;
  const LockDifference& first = differences.front();
  return WithHint(absl::FailedPreconditionError(
                      fmt::format("{}: {} says {}, the workspace {}", first.what, kLockName, first.locked, first.now)),
                  kAgain);
}

}  // namespace roost::api
