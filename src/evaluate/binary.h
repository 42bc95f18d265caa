#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::evaluate {

struct EvaluateOptions {
  /// A row is predicted positive where its score is at least this; in [0, 1].
  double threshold = 0.5;
  /// Bins of the calibration table; 1 to 1000.
  int calibration_bins = 10;
  /// The share of positive labels in the training data, in [0, 1]: what the dummy predicts for every row. Must be set.
  double base_rate = std::numeric_limits<double>::quiet_NaN();
};

/// Rows by what was predicted and what was true.
struct Confusion {
  int64_t true_positives = 0;
  int64_t false_positives = 0;
  int64_t true_negatives = 0;
  int64_t false_negatives = 0;

  friend bool operator==(const Confusion&, const Confusion&) = default;
};

/// The figures of one predictor. Absent where a figure is not defined.
struct BinaryFigures {
  /// Area under the ROC curve: the probability that a positive row scores above a negative one, ties counting half.
  /// Exact, with weights too: every pair counts with the product of its weights. Absent where all labels are the same.
  std::optional<double> auc;
  /// Mean of -log(probability of the true label), scores clipped to [eps, 1 - eps] with eps = 2^-52 like scikit-learn.
  double log_loss = 0;
  /// Mean squared difference of score and label.
  double brier = 0;
  /// Sum over the calibration bins of |mean score - positive rate|, weighted by their rows.
  double calibration_error = 0;
  double accuracy = 0;
  std::optional<double> precision;  ///< absent where no row is predicted positive
  std::optional<double> recall;     ///< absent where no label is positive
  Confusion confusion;

  friend bool operator==(const BinaryFigures&, const BinaryFigures&) = default;
};

/// Rows of similar scores. Rows of equal scores are never parted.
struct CalibrationBin {
  double lowest_score = 0;
  double highest_score = 0;
  double mean_score = 0;
  double positive_rate = 0;
  int64_t rows = 0;
  std::optional<double> weight;  ///< the sum of the rows' weights; absent where they have none

  friend bool operator==(const CalibrationBin&, const CalibrationBin&) = default;
};

struct BinaryEvaluation {
  int64_t rows = 0;  ///< of a weight above 0
  int64_t positives = 0;
  double threshold = 0;
  double base_rate = 0;
  BinaryFigures model;
  BinaryFigures dummy;  ///< the same figures of the base rate as every row's score
  /// By ascending score: bins of about equally many rows, fewer where many scores are equal.
  std::vector<CalibrationBin> calibration;
  std::optional<double> total_weight;  ///< absent where rows have no weights

  friend bool operator==(const BinaryEvaluation&, const BinaryEvaluation&) = default;
};

/// Compares `scores`, the predicted probabilities of label 1, with `labels`, which are 0 or 1.
/// InvalidArgument for no rows, labels that are not one a score or not 0 or 1, scores outside of [0, 1] or NaN (the
/// message names the first such row, counted from 0), and options out of range.
/// `weights` are none (all 1) or one a row, at least 0: a row of weight 2 is as two rows in every figure but the counts
/// (rows, positives, the confusion, the cuts of the calibration bins), a row of weight 0 as none. InvalidArgument as
/// CheckWeights (rows.h).
/// The same bits for any order of the rows; the log loss depends on the C library's log in its last bits.
/// Cost: sorts a copy, 24 bytes a row.
absl::StatusOr<BinaryEvaluation> EvaluateBinary(std::span<const double> scores, std::span<const int8_t> labels,
                                                const EvaluateOptions& options, std::span<const double> weights = {});

/// The calibration table alone, of rows and a number of bins as EvaluateBinary wants them; without rows an empty one.
/// The same bits for any order of the rows. Cost: sorts a copy, 24 bytes a row.
std::vector<CalibrationBin> CalibrationOf(std::span<const double> scores, std::span<const int8_t> labels, int bins,
                                          std::span<const double> weights = {});

}  // namespace roost::evaluate
