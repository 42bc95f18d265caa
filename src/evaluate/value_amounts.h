#pragma once

#include <span>
#include <vector>

#include "absl/status/status.h"
#include "predict/task.h"

namespace roost::evaluate {

/// What something is worth, in the team's own currency: the same for every row, or an amount a row. Costs are below 0.
struct Amount {
  double constant = 0;
  std::span<const double> per_row;  ///< in place of the constant; one a row, borrowed

  double At(size_t row) const { return per_row.empty() ? constant : per_row[row]; }
};

/// Binary: what each outcome of a row is worth. A row is acted on where it is predicted positive.
struct OutcomeAmounts {
  Amount true_positive, false_positive, false_negative, true_negative;
};

/// Number and counts: what a unit of error costs, at least 0: a row is worth -over * (score - target) where the score
/// is too high, and -under * (target - score) where it is too low. Scores at the share under / (under + over) of a
/// row's distribution cost least (the newsvendor's quantile; Koenker and Bassett, "Regression quantiles", 1978).
struct ErrorAmounts {
  Amount over, under;
};

/// Ranking: what a row with a target above 0 is worth at each place, from the first on; nothing at later places.
struct PlaceAmounts {
  std::vector<double> hit;
};

/// What predictions are worth; of these the one of the task is used.
struct ValueAmounts {
  OutcomeAmounts outcomes;
  ErrorAmounts errors;
  PlaceAmounts places;
};

/// InvalidArgument where the task has no values (classes), where amounts are not finite, not one a row or beyond 1e100,
/// and for costs below 0.
absl::Status CheckAmounts(predict::Task task, const ValueAmounts& amounts, size_t num_rows);

}  // namespace roost::evaluate
