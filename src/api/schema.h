#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/data.h"
#include "api/project.h"
#include "base/context.h"
#include "schema/infer.h"
#include "schema/validate.h"

namespace roost::api {

enum class SchemaWrite {
  kNever,    ///< only propose
  kIfNew,    ///< write where there is no schema, or the same one
  kReplace,  ///< write in any case
};

struct InferSchemaRequest {
  std::string reference;
  SchemaWrite write = SchemaWrite::kIfNew;
};

struct InferSchemaResponse {
  schema::Schema schema;
  std::string text;  ///< as YAML
  std::string path;
  bool written = false;
};

/// Proposes the schema of a dataset from the statistics of a version, and writes it as asked. AlreadyExists for kIfNew
/// where there is one that says something else.
absl::StatusOr<InferSchemaResponse> InferSchema(Project& project, const InferSchemaRequest& request,
                                                const Context& context);

/// The schema of a dataset (Project::SchemaPath). NotFound, with a hint, where there is none; the errors of
/// schema::FromYaml.
absl::StatusOr<schema::Schema> ReadSchema(const Project& project, const std::string& dataset);

/// The same, or nothing where there is none.
absl::StatusOr<std::optional<schema::Schema>> FindSchema(const Project& project, const std::string& dataset);

struct ValidateRequest {
  std::string source;   ///< a dataset version, a path or a glob
  std::string dataset;  ///< whose schema; empty: that of the source's dataset, for files that of roost.yaml
};

struct ValidateResponse {
  std::string source;       ///< what was checked
  std::string schema_name;  ///< against what: "schema.yaml"
  int64_t rows = 0;
  schema::Report report;
};

/// Checks a dataset version, or files that are no dataset yet, against a schema. Anomalies are values in the report; an
/// error is returned only where data or schema cannot be read. A version's kept statistics are used. Rows are looked at
/// one by one only where there are anomalies, to name some that are at fault: files are read a second time then.
absl::StatusOr<ValidateResponse> ValidateData(Project& project, const ValidateRequest& request, const Context& context);

struct CleanRequest {
  std::string reference;   ///< the newest version of a dataset or of a branch
  std::string quarantine;  ///< the dataset that the bad rows go to
};

/// Makes a new version of a dataset without the rows that break rules of severity error on single rows; these go to
/// another dataset with their numbers and reasons (bad_rows.h). Where the other rows still break the schema nothing
/// changes and `version` of the response is empty. InvalidArgument for files, with a hint, and where there is no
/// schema; Aborted where `reference` is not the newest version.
absl::StatusOr<AddDataResponse> QuarantineBadRows(Project& project, const CleanRequest& request,
                                                  const Context& context);

struct AcceptRequest {
  ValidateRequest data;                ///< what shows the anomalies
  std::vector<std::string> anomalies;  ///< "COLUMN" or "COLUMN:RULE"; empty: all
};

struct AcceptResponse {
  std::string path;                        ///< of the schema
  std::vector<schema::Anomaly> anomalies;  ///< whose edits were made
};

/// Makes the edits that anomalies of `data` propose, and writes the schema; comments in it are lost. NotFound, with the
/// anomalies that there are, for one that is not among them.
absl::StatusOr<AcceptResponse> AcceptAnomalies(Project& project, const AcceptRequest& request, const Context& context);

}  // namespace roost::api
