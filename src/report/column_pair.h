#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "profile/distance.h"
#include "profile/summary.h"
#include "report/compare_report.h"

namespace roost::report {

/// From this divergence or difference of missing values on a column counts as much changed.
inline constexpr double kMuchChanged = 0.1;

/// A column that both sides have. Points into what it was made from.
struct ColumnPair {
  const profile::ColumnSummary* now = nullptr;
  const profile::ColumnSummary* baseline = nullptr;
  const profile::Comparison* comparison = nullptr;  ///< may be null
  size_t position = 0;                              ///< in the order of the data now
  double drift = 0;                                 ///< how much it changed: see CompareReport

  bool type_changed() const { return now->type_text != baseline->type_text; }
  /// The Jensen-Shannon divergence of the values, where it was computed.
  std::optional<double> divergence() const;
  /// Both are numbers, or both are times: they can be drawn on common bars.
  bool have_common_bars() const;
};

/// The share (0 to 1) of the rows without a value.
double MissingShare(const profile::ColumnSummary& column);

/// The columns of two sides, nested ones too, by their names.
struct MatchedColumns {
  std::vector<ColumnPair> pairs;  ///< the most changed first, equal ones in the data's order
  std::vector<const profile::ColumnSummary*> only_now, only_baseline;
};

MatchedColumns MatchColumns(const Side& now, const Side& baseline, const std::vector<ColumnComparison>& comparisons);

}  // namespace roost::report
