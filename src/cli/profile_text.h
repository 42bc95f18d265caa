#pragma once

#include <string>
#include <vector>

#include "api/profile.h"
#include "base/json.h"
#include "profile/association.h"
#include "profile/summary.h"

namespace roost::cli {

// What `roost profile` shows beside the statistics themselves. Texts begin with an empty line and a title, or are "".

/// The rows of each slice.
std::string SlicesText(const profile::ProfileSummary& summary);

/// The most suspicious columns, each with its gravest reason (report/suspicion.h), at most 10 lines.
std::string FindingsText(const profile::ProfileSummary& summary);

/// For each column of text that is mostly numbers a line that names the values which are none.
std::vector<std::string> NotesOf(const profile::ProfileSummary& summary);

/// What each column says about the label, the most first, and correlations.
std::string AssociationsText(const profile::AssociationSummary& associations);
/// {"label", "labelled", "label_entropy", "features": [{"column", "correlation", "mutual_information", "power",
/// "leakage", "lifts"}], "correlations": [{"first", "second", "rows", "covariance", "correlation"}]}.
Json AssociationsJson(const profile::AssociationSummary& associations);

/// Two datasets beside each other, a line for each column, the most changed first.
std::string ComparisonText(const api::ProfileResponse& now, const api::ProfileResponse& baseline,
                           const std::vector<api::ColumnDistances>& distances);
/// {"source", "baseline", "rows", "baseline_rows", "columns": [{"column", "missing_share", "baseline_missing_share",
/// "distances": {measure: {"value", "p_value"}}, "contributors": [{"value", "share", "baseline_share"}]}],
/// "only_here", "only_in_baseline"}.
Json ComparisonJson(const api::ProfileResponse& now, const api::ProfileResponse& baseline,
                    const std::vector<api::ColumnDistances>& distances);

}  // namespace roost::cli
