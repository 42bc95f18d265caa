#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "schema/confirm.h"
#include "schema/infer.h"
#include "schema/schema.h"

namespace roost::api {

enum class SchemaWrite {
  kNever,    ///< only propose
  kIfNew,    ///< write where there is no schema, or the same one
  kReplace,  ///< write in any case
};

struct InferSchemaRequest {
  static constexpr size_t kMostVersions = 12;

  /// Versions of one dataset. One without a number ("flights", "flights@main") stands for itself and those that it came
  /// from, one with a number for itself.
  std::vector<std::string> references;
  /// How many versions each reference stands for, at most; 0: as above, up to kMostVersions.
  size_t versions = 0;
  SchemaWrite write = SchemaWrite::kIfNew;
};

struct InferSchemaResponse {
  schema::Schema schema;
  std::vector<schema::Explanation> explanations;
  std::vector<std::string> versions;  ///< that it was inferred from, oldest first: "flights@1", ...
  std::string text;                   ///< as YAML
  std::string path;
  bool written = false;
};

/// Proposes the schema of a dataset from the statistics of versions (schema::InferFrom), and writes it as asked. Of a
/// version that was appended the new rows count, as the gate sees them (ProfileOfNewRows). AlreadyExists for kIfNew
/// where there is one that says something else; InvalidArgument for versions of several datasets.
absl::StatusOr<InferSchemaResponse> InferSchema(Project& project, const InferSchemaRequest& request,
                                                const Context& context);

struct ConfirmResponse {
  std::string path;
  std::string version;
  bool has_trials = false;  ///< some rule was on trial; else there was nothing to count for
  /// The version that was counted last, where that is this one or a newer one: nothing was done then.
  std::optional<std::string> counted_before;
  bool written = false;
  std::vector<schema::RulesChange> changes;  ///< in the schema's order
};

/// Counts a version that was looked at and found good for the rules on trial, and makes those that enough versions
/// kept errors (schema::Confirm). The schema remembers the version (Schema::confirmed_version): each counts once, and
/// in the order in which they were made. Writes the schema where a rule is on trial; comments in it are lost.
absl::StatusOr<ConfirmResponse> ConfirmSchema(Project& project, const std::string& reference, const Context& context);

struct ImportResponse {
  schema::Schema schema;
  std::string path;
  std::vector<std::string> notes;  ///< what the file says that no rule here says
};

/// Makes the schema of TensorFlow Extended in `file` (schema.pbtxt) that of `dataset`. AlreadyExists where that has one
/// that says something else, unless `replace`; the errors of schema::FromTfxText.
absl::StatusOr<ImportResponse> ImportSchema(const Project& project, const std::string& file, const std::string& dataset,
                                            bool replace);

/// The schema of a dataset (Project::SchemaPath). NotFound, with a hint, where there is none; the errors of
/// schema::FromYaml.
absl::StatusOr<schema::Schema> ReadSchema(const Project& project, const std::string& dataset);

/// The same, or nothing where there is none.
absl::StatusOr<std::optional<schema::Schema>> FindSchema(const Project& project, const std::string& dataset);

}  // namespace roost::api
