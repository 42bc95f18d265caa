#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluate/rows.h"

namespace roost::evaluate {

/// The target of a row whose class the model was not trained with: it has no output and no number.
inline constexpr double kUnseenClass = -1;

/// Above so many classes there is no confusion matrix: it has a number for each pair.
inline constexpr int32_t kMaxConfusionClasses = 200;

struct ClassesOptions {
  /// The share of each class in the training data, in the order of the outputs: what the dummy predicts for every row.
  std::vector<double> shares;
  /// The outputs' names, for people; none: their numbers.
  std::vector<std::string> names;
};

/// The figures of one class, predicted against all others.
struct ClassFigures {
  int64_t rows = 0;                 ///< whose true class it is
  int64_t predicted = 0;            ///< rows that it is predicted for
  std::optional<double> precision;  ///< absent where it is predicted for no row
  std::optional<double> recall;     ///< absent where no row is of it
  double f1 = 0;                    ///< harmonic mean of the two; 0 where one is absent or both are 0

  friend bool operator==(const ClassFigures&, const ClassFigures&) = default;
};

/// The share of rows whose true class is among the `k` most probable ones; of equal ones the first.
struct TopK {
  int64_t k = 0;
  double accuracy = 0;

  friend bool operator==(const TopK&, const TopK&) = default;
};

/// The figures of one predictor of classes. The predicted class is the most probable one; of equal ones the first.
struct ClassesFigures {
  /// Mean of -log(probability of the true class), clipped to [eps, 1 - eps] with eps = 2^-52 like scikit-learn. That of
  /// an unseen class is 0.
  double log_loss = 0;
  double accuracy = 0;
  /// Mean of the F1 of all classes that occur, true or predicted. Unseen classes are one class of F1 0.
  double macro_f1 = 0;
  double weighted_f1 = 0;   ///< the same mean, each class with the weight of its rows
  std::vector<TopK> top_k;  ///< of k = 2, 3, 5 and 10, as far as there are more classes
  std::vector<ClassFigures> classes;
  /// Rows by true class (first index) and predicted class; one line more for the unseen classes. Empty above
  /// kMaxConfusionClasses.
  std::vector<std::vector<int64_t>> confusion;

  friend bool operator==(const ClassesFigures&, const ClassesFigures&) = default;
};

struct ClassesEvaluation {
  int64_t rows = 0;                    ///< of a weight above 0
  std::optional<double> total_weight;  ///< absent where rows have no weights
  int64_t unseen_rows = 0;             ///< whose class the model was not trained with: it is wrong about each of them
  std::vector<std::string> names;
  std::vector<double> baseline;  ///< the shares of the training data
  ClassesFigures model;
  ClassesFigures dummy;  ///< the same figures of the baseline as every row's probabilities

  friend bool operator==(const ClassesEvaluation&, const ClassesEvaluation&) = default;
};

/// Compares probabilities, one a class, with true classes: 0 to num_outputs - 1, or kUnseenClass. Counts (rows,
/// predicted, confusion) are of rows; all other figures count a row with its weight.
/// InvalidArgument as CheckRows (rows.h), for fewer than 2 outputs, other targets, probabilities that are not in [0, 1]
/// or do not sum to 1 (each within 0.001: what single precision may be off), and options that do not fit.
/// The same bits for any order of the rows; the log loss depends on the C library's log in its last bits.
/// Cost: sorts 40 bytes a row.
absl::StatusOr<ClassesEvaluation> EvaluateClasses(const ScoredRows& rows, const ClassesOptions& options);

}  // namespace roost::evaluate
