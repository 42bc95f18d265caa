#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "profile/distance.h"
#include "profile/distribution.h"
#include "profile/profile.h"
#include "profile/summary.h"

namespace roost::schema {

/// The greatest value of each measure that is no drift yet. A measure without a limit is not judged.
using MeasureLimits = std::map<profile::Measure, double>;

/// By the column's name, or its path.
using DriftLimits = std::map<std::string, MeasureLimits, std::less<>>;

struct DriftOptions {
  /// The chance (0 to 1) that a check of unchanged data, all columns together, reports any drift.
  double false_alarm_budget = 0.05;
  /// Columns whose Jensen-Shannon divergence is that of deciles; of the others it is that of bars of equal width.
  std::set<std::string, std::less<>> deciles;
};

/// Whether a column could be compared, and if not, why.
enum class Comparability {
  kCompared,
  kNotInData,      ///< no such column now
  kNotInBaseline,  ///< no such column in the baseline
  kOtherKind,      ///< numbers on one side and texts on the other, or nothing that can be read
  kNoValues,       ///< one side has missing values only
};

struct DriftedMeasure {
  profile::Measure measure = profile::Measure::kJensenShannon;
  double value = 0;
  double limit = 0;
};

/// How one column differs from the baseline.
struct ColumnDrift {
  std::string column;
  Comparability comparability = Comparability::kCompared;
  profile::Comparison comparison;  ///< all measures, judged or not; empty where it was not compared
  /// Of the column's test (Kolmogorov-Smirnov for numbers, chi-square for texts), adjusted for the number of columns.
  std::optional<double> adjusted_p_value;
  std::vector<DriftedMeasure> drifted;  ///< in the order of Measure; empty: no drift
};

/// Compares the columns that have limits, in the order of their names. A measure has drifted where its value is above
/// its limit and the column's adjusted p-value is below the budget: in small data differences come by chance, which the
/// test sees; in large data every difference is significant, and its size decides.
///
/// The p-values are adjusted over all compared columns by Holm's method (1979), which keeps the chance of any false
/// alarm within the budget however the columns depend on each other. That is about rows that are drawn anew from an
/// unchanged source; data that varies from version to version needs limits from its history (InferDriftLimits).
///
/// Pure; cost of profile::Compare a column, in the memory of one column at a time.
std::vector<ColumnDrift> FindDrift(const profile::Profile& now, const profile::Profile& baseline,
                                   const DriftLimits& limits, const DriftOptions& options = {});

/// Holm's adjustment: in the order of `p_values`, each the least budget at which its hypothesis is rejected.
std::vector<double> HolmAdjusted(std::span<const double> p_values);

/// The limit of a measure while nothing is known of a column's history; none for the normalised absolute difference,
/// which grows with the rows. Population stability 0.25 and Cramér's V 0.2 are conventions for a marked change. The
/// others lie above what months of an unchanged source differ by (flights of 2001: Jensen-Shannon 0.19, Wasserstein
/// 0.21, Kolmogorov-Smirnov 0.07) and far below a change of unit (the same in hours: 0.93, 0.55, 0.49).
std::optional<double> DefaultDriftLimit(profile::Measure measure);

/// Whether versions of one source differ in this column as much as they like: times, numbers that strictly rise or fall
/// from row to row, and texts of which more than half of the values are distinct.
bool ChangesByNature(const profile::ColumnSummary& column);

/// Limits for the columns of the last of `versions`, which stand in the order of time.
///
/// The limit of a measure is at least the default, and at least the upper prediction bound from the d distances of
/// consecutive versions: mean + t s sqrt(1 + 1/d), with their standard deviation s and the quantile t of Student's
/// distribution with d - 1 degrees of freedom at 1 - budget / (number of limits), so that the next version is above any
/// of its limits with a chance of at most `false_alarm_budget`. Few distances give wide bounds: a bound is at most
/// three times the greatest distance seen, and is that where there is only one. Limits are rounded up to two digits.
///
/// Left out are measures whose limit would be out of their reach (1 and more of those that end at 1), and columns that
/// change by nature.
///
/// Cost: a comparison for each column and pair of neighbours.
DriftLimits InferDriftLimits(std::span<const profile::Profile* const> versions, double false_alarm_budget = 0.05);

}  // namespace roost::schema
