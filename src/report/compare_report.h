#pragma once

#include <string>
#include <vector>

#include "profile/distance.h"
#include "profile/summary.h"
#include "report/options.h"

namespace roost::report {

/// One of two datasets that are compared.
struct Side {
  std::string name;  ///< "flights@3"
  const profile::ProfileSummary& summary;
};

/// How far the values of one column are from those of the baseline.
struct ColumnComparison {
  std::string column;  ///< name or path, as in the summaries
  profile::Comparison comparison;
};

/// Both summaries laid over each other as one HTML document of the kind that ProfileReport makes: a line for each
/// column that both have, the most changed first; the columns that only one has by name. `comparisons` may lack
/// columns: these have their figures side by side and no distances. The same values give the same bytes.
///
/// How much a column changed is the greatest of: 1 where its type changed, the Jensen-Shannon divergence of its values,
/// the difference of the two shares of missing values.
std::string CompareReport(const Side& now, const Side& baseline, const std::vector<ColumnComparison>& comparisons,
                          const ReportOptions& options);

}  // namespace roost::report
