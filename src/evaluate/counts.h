#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "evaluate/rows.h"

namespace roost::evaluate {

/// Of one row, both at least 0: 2 (target log(target / score) - target + score). A score below 2^-52 counts as 2^-52.
double PoissonDeviance(double target, double score);

/// The figures of one predictor of expected counts.
struct CountFigures {
  /// Mean of 2 (target log(target / score) - target + score), the deviance of Poisson's distribution; 0 where every
  /// score is the target. Scores below 2^-52 count as 2^-52 in it, so that it is finite.
  double poisson_deviance = 0;
  /// 1 - deviance / deviance of the targets' mean as every row's score. Absent where all targets are the same.
  std::optional<double> d2;
  double mae = 0;         ///< mean absolute error, a count
  double rmse = 0;        ///< square root of the mean squared error, a count
  double mean_score = 0;  ///< beside mean_target: whether as much is expected as comes

  friend bool operator==(const CountFigures&, const CountFigures&) = default;
};

struct CountsEvaluation {
  int64_t rows = 0;                    ///< of a weight above 0
  std::optional<double> total_weight;  ///< absent where rows have no weights
  double mean_target = 0;
  int64_t zeros = 0;    ///< rows whose target is 0
  double baseline = 0;  ///< the mean of the training targets
  CountFigures model;
  CountFigures dummy;  ///< the same figures of the baseline as every row's score

  friend bool operator==(const CountsEvaluation&, const CountsEvaluation&) = default;
};

/// Compares expected counts with the true ones; `baseline` is the mean of the training targets.
/// InvalidArgument as CheckRows (rows.h), and for targets, scores or a baseline that are not in [0, kLargestValue].
/// The same bits for any order of the rows; the deviance depends on the C library's log in its last bits.
/// Cost: sorts a copy, 24 bytes a row.
absl::StatusOr<CountsEvaluation> EvaluateCounts(const ScoredRows& rows, double baseline);

}  // namespace roost::evaluate
