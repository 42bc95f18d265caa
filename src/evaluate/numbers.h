#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluate/rows.h"

namespace roost::evaluate {

/// An error that `share` of the rows' errors do not exceed. An error is score - target, with its sign.
struct ErrorQuantile {
  double share = 0;
  double error = 0;

  friend bool operator==(const ErrorQuantile&, const ErrorQuantile&) = default;
};

/// The figures of one predictor of a number, in the target's unit where nothing else is said.
struct NumberFigures {
  double rmse = 0;          ///< square root of the mean squared error
  double mae = 0;           ///< mean absolute error
  double median_error = 0;  ///< median of the absolute errors
  double mean_bias = 0;     ///< mean error: above 0 where scores are too high
  /// 1 - squared errors / squared differences of the targets from their mean; no unit. Absent where all targets are
  /// the same.
  std::optional<double> r2;
  /// Of 1, 5, 25, 50, 75, 95 and 99 %. Where a share ends between two rows their errors' mean is taken (numpy's
  /// averaged_inverted_cdf).
  std::vector<ErrorQuantile> error_quantiles;

  friend bool operator==(const NumberFigures&, const NumberFigures&) = default;
};

struct NumbersEvaluation {
  int64_t rows = 0;                    ///< of a weight above 0
  std::optional<double> total_weight;  ///< absent where rows have no weights
  double least_target = 0;
  double mean_target = 0;
  double greatest_target = 0;
  double baseline = 0;  ///< the mean of the training targets
  NumberFigures model;
  NumberFigures dummy;  ///< the same figures of the baseline as every row's score

  friend bool operator==(const NumbersEvaluation&, const NumbersEvaluation&) = default;
};

/// Compares predicted numbers with the true ones; `baseline` is the mean of the training targets.
/// InvalidArgument as CheckRows (rows.h), and for targets, scores or a baseline that are not finite or beyond
/// kLargestValue. The same bits for any order of the rows. Cost: two sorts of a copy, 40 bytes a row.
absl::StatusOr<NumbersEvaluation> EvaluateNumbers(const ScoredRows& rows, double baseline);

}  // namespace roost::evaluate
