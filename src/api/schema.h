#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "schema/infer.h"
#include "schema/validate.h"

namespace roost::api {

enum class SchemaWrite {
  kNever,    ///< only propose
  kIfNew,    ///< write where there is no schema.yaml, or the same one
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

/// Proposes schema.yaml from the statistics of a dataset version, and writes it as asked. AlreadyExists for kIfNew
/// where there is one that says something else.
absl::StatusOr<InferSchemaResponse> InferSchema(Project& project, const InferSchemaRequest& request,
                                                const Context& context);

/// The project's schema. NotFound, with a hint, where there is none; the errors of schema::FromYaml.
absl::StatusOr<schema::Schema> ReadSchema(const Project& project);

struct ValidateResponse {
  std::string source;  ///< what was checked
  int64_t rows = 0;
  schema::Report report;
};

/// Checks a dataset version, or files that are no dataset yet, against the project's schema. Anomalies are values in
/// the report; an error is returned only where data or schema cannot be read.
absl::StatusOr<ValidateResponse> ValidateData(Project& project, const std::string& source, const Context& context);

}  // namespace roost::api
