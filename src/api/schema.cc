#include "api/schema.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "api/version_history.h"
#include "base/status.h"
#include "profile/profile.h"
#include "schema/tfx_text.h"
#include "schema/yaml.h"
#include "store/dataset_ref.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

std::string NameOf(const std::string& path) { return std::filesystem::path(path).filename().string(); }

// Whether the file of a schema says something else than `text`.
absl::StatusOr<bool> SaysOtherwise(const std::string& path, const std::string& text) {
  const absl::StatusOr<std::string> there = table::ReadTextFile(path);
  if (absl::IsNotFound(there.status())) return false;
  TRY(there.status());
  return *there != text;
}

// The versions that a request means, oldest first, each once.
absl::StatusOr<std::vector<store::CommitInfo>> VersionsOf(store::Store& store, const InferSchemaRequest& request) {
  std::vector<store::CommitInfo> versions;
  for (const std::string& text : request.references) {
    TRY_ASSIGN(const store::DatasetRef reference, store::ParseDatasetRef(text));
    TRY_ASSIGN(const store::CommitInfo newest, store.Resolve(reference));
    TRY(store::CheckIsTable(newest));
    if (!versions.empty() && newest.dataset != versions.front().dataset) {
      return absl::InvalidArgumentError(
          fmt::format("a schema is that of one dataset: {} and {} are two", versions.front().dataset, newest.dataset));
    }
    const size_t by_itself = reference.version.has_value() ? 1 : InferSchemaRequest::kMostVersions;
    for (store::CommitInfo& version : HistoryOf(store, newest, request.versions > 0 ? request.versions : by_itself)) {
      versions.push_back(std::move(version));
    }
  }
  const auto older = [](const auto& a, const auto& b) { return a.version < b.version; };
  const auto same = [](const auto& a, const auto& b) { return a.version == b.version; };
  std::stable_sort(versions.begin(), versions.end(), older);
  versions.erase(std::unique(versions.begin(), versions.end(), same), versions.end());
  return versions;
}

}  // namespace

absl::StatusOr<InferSchemaResponse> InferSchema(Project& project, const InferSchemaRequest& request,
                                                const Context& context) {
  TRY_ASSIGN(const std::vector<store::CommitInfo> versions, VersionsOf(project.store(), request));
  if (versions.empty()) return absl::InvalidArgumentError("nothing to infer from: want a dataset");
  std::vector<profile::Profile> profiles;
  std::vector<profile::ProfileSummary> summaries;
  InferSchemaResponse response{.path = project.SchemaPath(versions.front().dataset)};
  for (const store::CommitInfo& version : versions) {
    TRY_ASSIGN(profiles.emplace_back(), ProfileOfNewRows(project.store(), version, context));
    summaries.push_back(profiles.back().Summarize());
    response.versions.push_back(version.Name());
  }
  std::vector<const profile::Profile*> pointers;
  for (const profile::Profile& profile : profiles) pointers.push_back(&profile);
  schema::Inferred inferred = schema::InferFrom(summaries, {}, pointers);
  response.schema = std::move(inferred.schema);
  response.explanations = std::move(inferred.explanations);
  TRY_ASSIGN(response.text, schema::ToReadableYaml(response.schema));
  if (request.write == SchemaWrite::kNever) return response;
  if (request.write == SchemaWrite::kIfNew) {
    TRY_ASSIGN(const bool otherwise, SaysOtherwise(response.path, response.text));
    if (otherwise) {
      return WithHint(absl::AlreadyExistsError(fmt::format("{} is there and differs from what {} infers",
                                                           NameOf(response.path), request.references.front())),
                      "'--force' replaces it; '--dry-run' shows what would be written");
    }
  }
  TRY(table::WriteTextFile(response.path, response.text));
  response.written = true;
  return response;
}

absl::StatusOr<std::optional<schema::Schema>> FindSchema(const Project& project, const std::string& dataset) {
  const std::string path = project.SchemaPath(dataset);
  const auto text = table::ReadTextFile(path);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  if (!text.ok()) return text.status();
  TRY_ASSIGN(schema::Schema schema, schema::FromYaml(*text, NameOf(path)));
  return schema;
}

absl::StatusOr<schema::Schema> ReadSchema(const Project& project, const std::string& dataset) {
  TRY_ASSIGN(std::optional<schema::Schema> schema, FindSchema(project, dataset));
  if (schema.has_value()) return *std::move(schema);
  return WithHint(absl::NotFoundError(fmt::format("the project has no {}", NameOf(project.SchemaPath(dataset)))),
                  fmt::format("'roost schema infer {}' proposes one", dataset));
}

absl::StatusOr<ConfirmResponse> ConfirmSchema(Project& project, const std::string& reference, const Context& context) {
  TRY_ASSIGN(const store::DatasetRef parsed, store::ParseDatasetRef(reference));
  TRY_ASSIGN(const store::CommitInfo version, project.store().Resolve(parsed));
  TRY(store::CheckIsTable(version));
  TRY_ASSIGN(const schema::Schema before, ReadSchema(project, version.dataset));
  ConfirmResponse response{
      .path = project.SchemaPath(version.dataset), .version = version.Name(), .has_trials = schema::HasTrials(before)};
  if (!response.has_trials) return response;
  if (before.confirmed_version.value_or(0) >= version.version) {
    response.counted_before = fmt::format("{}@{}", version.dataset, *before.confirmed_version);
    return response;
  }
  TRY_ASSIGN(const profile::Profile profile, ProfileOfNewRows(project.store(), version, context));
  schema::Schema after = schema::Confirm(before, profile.Summarize());
  after.confirmed_version = version.version;
  response.changes = schema::ChangesBetween(before, after);
  TRY_ASSIGN(const std::string text, schema::ToReadableYaml(after));
  TRY(table::WriteTextFile(response.path, text));
  response.written = true;
  return response;
}

absl::StatusOr<ImportResponse> ImportSchema(const Project& project, const std::string& file, const std::string& dataset,
                                            bool replace) {
  TRY_ASSIGN(const std::string text, table::ReadTextFile(file));
  TRY_ASSIGN(schema::TfxImport imported, schema::FromTfxText(text, file));
  ImportResponse response{
      .schema = std::move(imported.schema), .path = project.SchemaPath(dataset), .notes = std::move(imported.notes)};
  TRY_ASSIGN(const std::string yaml, schema::ToReadableYaml(response.schema));
  TRY_ASSIGN(const bool otherwise, SaysOtherwise(response.path, yaml));
  if (otherwise && !replace) {
    return WithHint(
        absl::AlreadyExistsError(fmt::format("{} is there and differs from what {} says", NameOf(response.path), file)),
        "'--force' replaces it");
  }
  TRY(table::WriteTextFile(response.path, yaml));
  return response;
}

}  // namespace roost::api
