#include "api/schema.h"

#include <filesystem>

#include <arrow/api.h>
#include <fmt/format.h>

#include "api/data.h"
#include "base/status.h"
#include "profile/profile.h"
#include "schema/find_rows.h"
#include "schema/yaml.h"
#include "table/bridge.h"
#include "table/read.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

constexpr const char* kSchemaName = "schema.yaml";
constexpr int64_t kRowsShown = 5;        // rows named for each rule of each column
constexpr size_t kMaxFindings = 10'000;  // enough to name five rows for each of many rules; bounds the memory

}  // namespace

absl::StatusOr<InferSchemaResponse> InferSchema(Project& project, const InferSchemaRequest& request,
                                                const Context& context) {
  TRY_ASSIGN(const profile::ProfileSummary summary, ProfileData(project, request.reference, context));
  InferSchemaResponse response{.schema = schema::Infer(summary, {}), .path = project.SchemaPath()};
  response.text = schema::ToYaml(response.schema);
  std::error_code error;
  if (request.write == SchemaWrite::kIfNew && std::filesystem::exists(response.path, error)) {
    TRY_ASSIGN(const std::string there, table::ReadTextFile(response.path));
    if (there != response.text) {
      return WithHint(absl::AlreadyExistsError(
                          fmt::format("{} is there and differs from what {} infers", kSchemaName, request.reference)),
                      "'--force' replaces it; '--dry-run' shows what would be written");
    }
  }
  if (request.write == SchemaWrite::kNever) return response;
  TRY(table::WriteTextFile(response.path, response.text));
  response.written = true;
  return response;
}

absl::StatusOr<schema::Schema> ReadSchema(const Project& project) {
  const auto text = table::ReadTextFile(project.SchemaPath());
  if (absl::IsNotFound(text.status())) {
    return WithHint(absl::NotFoundError(fmt::format("the project has no {}", kSchemaName)),
                    fmt::format("'roost schema infer {}' proposes one", project.config().dataset));
  }
  if (!text.ok()) return text.status();
  return schema::FromYaml(*text, kSchemaName);
}

absl::StatusOr<ValidateResponse> ValidateData(Project& project, const std::string& source, const Context& context) {
  TRY_ASSIGN(const schema::Schema schema, ReadSchema(project));
  TRY_ASSIGN(const RowSource rows, OpenRows(project, source, context));
  profile::Profile profile;
  ValidateResponse response{.source = rows.name};
  std::vector<schema::RowFinding> findings;
  while (true) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const auto batch, table::Next(*rows.rows));
    if (batch == nullptr) break;
    TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*batch));
    TRY(profile.Add(columns.view()));
    if (findings.size() < kMaxFindings) {
      const auto found = schema::FindRows(schema, columns.view(), response.rows + 1, kRowsShown);
      findings.insert(findings.end(), found.begin(), found.end());
    }
    response.rows += batch->num_rows();
    context.Report({"checking", "rows", response.rows, 0});
  }
  response.report = schema::Validate(schema, profile.Summarize());
  schema::AddRows(response.report, findings);
  return response;
}

}  // namespace roost::api
