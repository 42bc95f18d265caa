#include "api/names.h"

#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/data.h"
#include "base/json.h"
#include "base/status.h"
#include "store/erasure_record.h"

namespace roost::api {
namespace {

/// The version that `target`, "3" or a name, means in `dataset`.
absl::StatusOr<int64_t> VersionOf(Project& project, const std::string& dataset, const std::string& target) {
  TRY_ASSIGN(const store::DatasetRef ref,
             store::ParseDatasetRef(target.empty() ? dataset : fmt::format("{}@{}", dataset, target)));
  TRY_ASSIGN(const store::CommitInfo info, project.store().Resolve(ref));
  return info.version;
}

absl::Status CheckNoModels(const DeleteDataRequest& request, const std::vector<std::string>& models) {
  if (models.empty() || request.force) return absl::OkStatus();
  return WithHint(
      absl::FailedPreconditionError(fmt::format("{} cannot be deleted: trained on it {}: {}", request.reference,
                                                models.size() == 1 ? "was" : "were", fmt::join(models, ", "))),
      "--force deletes it; the models stay, and can no longer be trained again from their data.");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ModelsTrainedOn(Project& project, const std::set<std::string>& commits) {
  TRY_ASSIGN(const std::vector<registry::ModelVersion> models, project.registry().List());
  std::vector<std::string> found;
  for (const registry::ModelVersion& model : models) {
    const absl::StatusOr<std::string> text = project.registry().LoadPart(model, registry::kLineagePart);
    if (absl::IsNotFound(text.status())) continue;
    if (!text.ok()) return text.status();
    TRY_ASSIGN(const Json lineage, ParseJson(*text, fmt::format("the lineage of {}", model.ToString())));
    const auto digest = lineage.find("dataset_digest");
    if (digest != lineage.end() && digest->is_string() && commits.contains(digest->get<std::string>())) {
      found.push_back(model.ToString());
    }
  }
  return found;
}

absl::StatusOr<DataNames> NamesOf(Project& project, const std::string& dataset) {
  store::Names& names = project.store().names();
  DataNames all;
  TRY_ASSIGN(all.names, names.List(dataset));
  TRY_ASSIGN(all.deleted, names.Deleted(dataset));
  TRY_ASSIGN(all.numbers, names.Numbers(dataset));
  return all;
}

absl::StatusOr<std::vector<store::CommitInfo>> LogData(Project& project, const std::string& dataset,
                                                       const store::LogOptions& options) {
  return project.store().names().Log(dataset, options);
}

absl::StatusOr<std::optional<store::NameMove>> ChangeName(Project& project, const ChangeNameRequest& request,
                                                          const Context& context) {
  store::NameChange change{.dataset = request.dataset,
                           .name = request.name,
                           .kind = request.kind,
                           .action = request.action,
                           .before = request.before,
                           .expected = request.expected,
                           .force = request.force,
                           .author = project.author(),
                           .reason = request.reason,
                           .time = context.now()};
  if (request.action == store::NameAction::kSet) {
    TRY_ASSIGN(change.to, VersionOf(project, request.dataset, request.target));
  }
  return project.store().names().Change(change);
}

absl::StatusOr<std::vector<store::NameMove>> NameHistory(Project& project, const std::string& dataset,
                                                         const std::string& name) {
  return project.store().names().History(dataset, name);
}

absl::StatusOr<DeleteDataResponse> DeleteData(Project& project, const DeleteDataRequest& request,
                                              const Context& context) {
  TRY_ASSIGN(const store::DatasetRef ref, store::ParseDatasetRef(request.reference));
  if (request.all_versions == (ref.version.has_value() || ref.label.has_value())) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' does not say what to delete", request.reference)),
                    fmt::format("Name one version, as {}@3, or the dataset alone with --all-versions.", ref.name));
  }
  if (ref.label.has_value()) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is a name; a version is deleted by its number", request.reference));
  }
  store::Names& names = project.store().names();
  std::vector<store::CommitInfo> versions;
  if (request.all_versions) {
    TRY_ASSIGN(versions, names.Log(ref.name, {}));
  } else {
    TRY_ASSIGN(store::CommitInfo info, names.Resolve(ref));
    versions.push_back(std::move(info));
  }
  DeleteDataResponse response;
  // Models know a version by the commit that it had when they were trained.
  TRY_ASSIGN(const store::RewrittenCommits rewritten, store::RewrittenCommitsOf(project.store().database(), ref.name));
  std::set<std::string> commits;
  for (const store::CommitInfo& info : versions) {
    response.versions.push_back(info.Name());
    commits.insert(info.digest.ToHex());
    for (const Digest& before : rewritten.Before(info.digest)) commits.insert(before.ToHex());
  }
  TRY_ASSIGN(response.names, names.List(ref.name));
  if (!request.all_versions) {
    std::erase_if(response.names, [&](const store::NameMove& name) { return name.to != ref.version; });
  }
  TRY_ASSIGN(response.models, ModelsTrainedOn(project, commits));
  if (request.dry_run) return response;
  TRY(CheckNoModels(request, response.models));
  TRY_ASSIGN(const std::vector<store::DeletedVersion> deleted, names.Delete({.dataset = ref.name,
                                                                             .version = ref.version,
                                                                             .force = request.force,
                                                                             .author = project.author(),
                                                                             .reason = request.reason,
                                                                             .time = context.now()}));
  response.versions.clear();
  for (const store::DeletedVersion& version : deleted) {
    response.versions.push_back(fmt::format("{}@{}", version.dataset, version.version));
  }
  return response;
}

absl::StatusOr<store::MergeResult> MergeData(Project& project, const MergeDataRequest& request,
                                             const Context& context) {
  constexpr int kMaxTries = 5;
  const std::string into = request.into.empty() ? store::kMainBranch : request.into;
  store::MergeRequest merge{.dataset = request.dataset,
                            .into = into,
                            .on_conflict = request.on_conflict,
                            .allow_protected = request.force,
                            .author = project.author(),
                            .message = request.message};
  if (merge.message.empty()) merge.message = fmt::format("merge {} into {}", request.from, into);
  for (int tries = 1;; ++tries) {
    TRY_ASSIGN(merge.theirs, ShowData(project, fmt::format("{}@{}", request.dataset, request.from)));
    absl::StatusOr<store::MergeResult> merged = store::Merge(project.store(), merge, context);
    if (!absl::IsAborted(merged.status()) || tries == kMaxTries) return merged;
  }
}

}  // namespace roost::api
