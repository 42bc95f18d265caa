#include "api/schema.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/data.h"
#include "api/data_gate.h"
#include "base/status.h"
#include "ingest/profiles.h"
#include "ingest/row_profiler.h"
#include "schema/yaml.h"
#include "store/dataset_ref.h"
#include "table/read.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

std::string NameOf(const std::string& path) { return std::filesystem::path(path).filename().string(); }

// The statistics of a version are kept; where they break the schema its rows show which of them do.
absl::StatusOr<schema::Report> CheckVersion(Project& project, const RowSource& source, const schema::Schema& schema,
                                            const Context& context) {
  TRY_ASSIGN(const profile::Profile profile, ingest::ProfileOf(project.store(), *source.version, context));
  schema::Report report = schema::Validate(schema, profile.Summarize());
  TRY(NameRowsAtFault(schema, *source.rows, profile.rows(), report, context));
  return report;
}

// Columns of CSV whose later values are of another type than the first ones are read again, as text at the last.
absl::StatusOr<schema::Report> CheckFiles(Project& project, RowSource source, const schema::Schema& schema,
                                          const Context& context) {
  std::shared_ptr<arrow::Schema> types;
  while (true) {
    const std::shared_ptr<arrow::Schema> read = source.rows->schema();
    const auto profile = ingest::ProfileRows(*source.rows, 0, context);
    if (profile.ok()) {
      schema::Report report = schema::Validate(schema, profile->Summarize());
      if (report.anomalies.empty()) return report;
      TRY_ASSIGN(source, OpenRows(project, source.name, context, read));
      TRY(NameRowsAtFault(schema, *source.rows, profile->rows(), report, context));
      return report;
    }
    const auto column = table::ColumnOfOtherType(profile.status());
    const auto field = column.has_value() ? read->GetFieldByName(*column) : nullptr;
    const auto wider = field != nullptr ? table::WithWiderType(types, *field) : nullptr;
    if (wider == nullptr) return profile.status();
    types = wider;
    TRY_ASSIGN(source, OpenRows(project, source.name, context, types));
  }
}

// The rows of a version, to make another one of.
class VersionSource : public ingest::Source {
 public:
  VersionSource(store::Store& store, const store::CommitInfo& version) : store_(store), version_(version) {}

  absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Open(const std::shared_ptr<arrow::Schema>& /*types*/,
                                                                 const Context& context) const override {
    return store_.Read(version_, {.dictionary_strings = true}, context);
  }
  int64_t NumRows() const override { return version_.rows; }
  Json Provenance() const override { return Json{{"kind", "version"}, {"from", version_.Name()}}; }

 private:
  store::Store& store_;
  const store::CommitInfo& version_;
};

bool IsMeant(const schema::Anomaly& anomaly, const std::string& name) {
  return name == anomaly.column || name == fmt::format("{}:{}", anomaly.column, schema::RuleName(anomaly.rule));
}

std::string NamesOf(const schema::Report& report) {
  std::vector<std::string> names;
  for (const schema::Anomaly& anomaly : report.anomalies) {
    names.push_back(fmt::format("{}:{}", anomaly.column, schema::RuleName(anomaly.rule)));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

absl::StatusOr<InferSchemaResponse> InferSchema(Project& project, const InferSchemaRequest& request,
                                                const Context& context) {
  TRY_ASSIGN(const store::DatasetRef reference, store::ParseDatasetRef(request.reference));
  TRY_ASSIGN(const profile::ProfileSummary summary, ProfileData(project, request.reference, context));
  InferSchemaResponse response{.schema = schema::Infer(summary, {}), .path = project.SchemaPath(reference.name)};
  response.text = schema::ToYaml(response.schema);
  std::error_code error;
  if (request.write == SchemaWrite::kIfNew && std::filesystem::exists(response.path, error)) {
    TRY_ASSIGN(const std::string there, table::ReadTextFile(response.path));
    if (there != response.text) {
      return WithHint(absl::AlreadyExistsError(fmt::format("{} is there and differs from what {} infers",
                                                           NameOf(response.path), request.reference)),
                      "'--force' replaces it; '--dry-run' shows what would be written");
    }
  }
  if (request.write == SchemaWrite::kNever) return response;
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

absl::StatusOr<ValidateResponse> ValidateData(Project& project, const ValidateRequest& request,
                                              const Context& context) {
  TRY_ASSIGN(RowSource source, OpenRows(project, request.source, context));
  const std::string of_source = source.version.has_value() ? source.version->dataset : project.config().dataset;
  const std::string& dataset = request.dataset.empty() ? of_source : request.dataset;
  TRY_ASSIGN(const schema::Schema schema, ReadSchema(project, dataset));
  ValidateResponse response{.source = source.name, .schema_name = NameOf(project.SchemaPath(dataset))};
  if (source.version.has_value()) {
    TRY_ASSIGN(response.report, CheckVersion(project, source, schema, context));
  } else {
    TRY_ASSIGN(response.report, CheckFiles(project, std::move(source), schema, context));
  }
  response.rows = response.report.rows;
  return response;
}

absl::StatusOr<AddDataResponse> QuarantineBadRows(Project& project, const CleanRequest& request,
                                                  const Context& context) {
  TRY_ASSIGN(const RowSource rows, OpenRows(project, request.reference, context));
  if (!rows.version.has_value()) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is no dataset", request.reference)),
                    fmt::format("'roost data add NAME {} --quarantine {}' adds the good rows of files",
                                request.reference, request.quarantine));
  }
  const store::CommitInfo& version = *rows.version;
  TRY_ASSIGN(schema::Schema schema, ReadSchema(project, version.dataset));
  TRY_ASSIGN(const store::CommitInfo head, project.store().Resolve({.name = version.dataset, .label = version.branch}));
  if (head.version != version.version) {
    return WithHint(
        absl::AbortedError(fmt::format("{} is not the newest version, that is {}", version.Name(), head.Name())),
        "A version without bad rows takes the place of the newest one only.");
  }
  const VersionSource source(project.store(), version);
  return IngestThroughGate(project, source,
                           {.dataset = version.dataset,
                            .branch = version.branch,
                            .message = fmt::format("{} without bad rows", version.Name()),
                            .author = project.author(),
                            .expected_version = version.version},
                           {.schema = std::move(schema), .quarantine = request.quarantine}, context);
}

absl::StatusOr<AcceptResponse> AcceptAnomalies(Project& project, const AcceptRequest& request, const Context& context) {
  TRY_ASSIGN(const ValidateResponse shown, ValidateData(project, request.data, context));
  AcceptResponse response{.path = (std::filesystem::path(project.folder()) / shown.schema_name).string()};
  TRY_ASSIGN(const std::string text, table::ReadTextFile(response.path));
  TRY_ASSIGN(schema::Schema schema, schema::FromYaml(text, shown.schema_name));
  for (const std::string& name : request.anomalies) {
    const auto& all = shown.report.anomalies;
    if (std::any_of(all.begin(), all.end(), [&](const auto& anomaly) { return IsMeant(anomaly, name); })) continue;
    return WithHint(absl::NotFoundError(fmt::format("{} shows no anomaly '{}'", shown.source, name)),
                    all.empty() ? "It shows none at all." : fmt::format("It shows {}.", NamesOf(shown.report)));
  }
  for (const schema::Anomaly& anomaly : shown.report.anomalies) {
    const bool is_meant =
        request.anomalies.empty() || std::any_of(request.anomalies.begin(), request.anomalies.end(),
                                                 [&](const std::string& name) { return IsMeant(anomaly, name); });
    if (!is_meant || !anomaly.proposed.has_value()) continue;
    schema = schema::Accept(schema, anomaly);
    response.anomalies.push_back(anomaly);
  }
  if (!response.anomalies.empty()) TRY(table::WriteTextFile(response.path, schema::ToYaml(schema)));
  return response;
}

}  // namespace roost::api
