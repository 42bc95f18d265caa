#pragma once

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "profile/profile.h"
#include "profile/summary.h"
#include "schema/anomaly.h"
#include "schema/schema.h"
#include "schema/word_scan.h"

namespace roost::schema {

struct RowCounts;

/// What the data is held against besides its schema. Everything may be absent; what is not there is not checked, and
/// rules that need it say nothing, with one exception: rules about single rows that the profile alone cannot decide are
/// reported as kNotCounted where `rows` is null.
struct Controls {
  /// Where the data comes from or goes to ("training", "serving"): columns that are not in it are not missed.
  std::string environment;
  const profile::Profile* now = nullptr;               ///< of which the summary was made; distances need it
  const profile::Profile* previous_span = nullptr;     ///< for drift, and the ratio of rows
  const profile::Profile* previous_version = nullptr;  ///< for the ratio of rows
  const profile::Profile* serving = nullptr;           ///< for skew
  const RowCounts* rows = nullptr;                     ///< what a RowScan of the same rows found (row_scan.h)
  const WordCounts* words = nullptr;                   ///< the words of the same rows, where the profile has none
};

/// Holds the data's profile against `schema`. Pure: the same values in, the same report out. What is wrong with the
/// schema itself is reported too. A column of another kind is reported once; its other rules say nothing then, but for
/// the range of numbers among which there are texts now. A renamed column is one anomaly, and its rules are checked
/// once the new name is accepted. Cost: microseconds a column; with a control about 1 ms more for each column with
/// limits on distances.
Report Validate(const Schema& schema, const profile::ProfileSummary& summary, const Controls& controls = {});

/// `schema` with the proposals of `anomalies`, of one of its reports; all of them hold afterwards, whatever their
/// order. A renamed column is renamed in every rule. FailedPrecondition where the result would contradict itself, so
/// that it could not be read again (problems.h).
absl::StatusOr<Schema> Accept(const Schema& schema, std::span<const Anomaly> anomalies);

}  // namespace roost::schema
