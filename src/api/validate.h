#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/data.h"
#include "api/project.h"
#include "base/context.h"
#include "schema/feature_skew.h"
#include "schema/validate.h"

namespace roost::api {

struct ValidateRequest {
  std::string source;       ///< a dataset version, a path or a glob; "-" is stdin
  std::string dataset;      ///< whose schema; empty: that of the source's dataset, for files that of roost.yaml
  std::string environment;  ///< columns that are not in it are not missed; empty: all are
  std::string against;      ///< the previous span, for drift: a version, a path or a glob; empty: none
  std::string serving;      ///< the data at serving, for skew: the same
  /// Columns that tell rows apart: rows of the source and of `serving` with the same key are compared, column by
  /// column. Empty: none are.
  std::vector<std::string> join;
  /// With `join`: fractional numbers are rounded to so many digits behind the point (0 to 15) before they are compared.
  std::optional<int> digits;
};

struct ValidateResponse {
  std::string source;       ///< what was checked
  std::string dataset;      ///< whose schema
  int64_t version = 0;      ///< of that dataset: the source's; where it is no version of it, the next one
  std::string schema_name;  ///< against what: "schema.yaml"
  int64_t rows = 0;
  schema::Report report;                            ///< with what was decided on anomalies (decisions.h)
  std::optional<schema::FeatureSkew> feature_skew;  ///< where there was a `join`
};

/// Checks a dataset version, or files that are no dataset yet, against a schema. Anomalies are values in the report; an
/// error is returned only where data or schema cannot be read. InvalidArgument for a join without `serving`, and
/// where stdin would be read twice.
///
/// A version's kept statistics are used, files are read for theirs. Single rows are looked at in the same pass where
/// the schema has rules that need them (IsAboutRows), else only where there are anomalies, to count and name those at
/// fault: files are read a second time then. A version's parent is the version before, for the ratio of rows.
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

}  // namespace roost::api
