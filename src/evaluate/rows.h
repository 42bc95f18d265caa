#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "evaluate/sum.h"

namespace roost::evaluate {

/// Scores of rows and what was true. All is borrowed.
struct ScoredRows {
  std::span<const double> scores;  ///< row-major: num_outputs a row, as predict/task.h says what they are
  int32_t num_outputs = 1;
  /// One a row. Binary: 0 or 1. Classes: the class's number, or kUnseenClass. Number: any. Counts, ranking: at least 0.
  std::span<const double> targets;
  /// One a row, 0 or kLeastWeight to kLargestValue, or none: all 1. A row of weight 0 is as if it were not there.
  std::span<const double> weights;
  std::span<const int64_t> groups;  ///< ranking: one a row, rows of one group anywhere; else none

  double WeightOf(size_t row) const { return weights.empty() ? 1.0 : weights[row]; }
};

/// Numbers and weights are at most this far from 0, so that no sum of weighted squares is beyond the doubles.
inline constexpr double kLargestValue = 1e100;
/// A weight that is not 0 is at least this, so that no product of two vanishes.
inline constexpr double kLeastWeight = 1e-100;

/// What all tasks ask for: a target and `num_outputs` scores a row, weights that are right (CheckWeights).
/// InvalidArgument otherwise, and for no rows; the message names the first bad row, counted from 0.
absl::Status CheckRows(const ScoredRows& rows);

/// InvalidArgument unless there are no weights or `num_rows` of them, each 0 or from kLeastWeight to kLargestValue, and
/// one of them above 0.
absl::Status CheckWeights(std::span<const double> weights, size_t num_rows);

/// A row of a number to predict.
struct NumberRow {
  double target;
  double score;
  double weight;  ///< above 0
};

/// The rows with a weight above 0, in an order that depends on their values alone: sums that run over them have the
/// same bits for any order of `rows`. InvalidArgument as CheckRows, for another number of outputs than 1, and for
/// targets and scores that are not within [least, kLargestValue]. Cost: a sort.
absl::StatusOr<std::vector<NumberRow>> SortedNumberRows(const ScoredRows& rows, double least);

/// The mean of term(row), weighted. `rows` is not empty.
template <typename Term>
double WeightedMean(std::span<const NumberRow> rows, const Term& term) {
  Sum weights;
  Sum terms;
  for (const NumberRow& row : rows) {
    weights.Add(row.weight);
    terms.Add(row.weight * term(row));
  }
  return terms.value() / weights.value();
}

/// The sum of the weights of `sorted`, which are from `rows`; empty where `rows` have none.
std::optional<double> TotalWeight(const ScoredRows& rows, std::span<const NumberRow> sorted);

/// The same rows with `score` for every one: what the dummy predicts.
std::vector<NumberRow> WithScore(std::span<const NumberRow> rows, double score);

}  // namespace roost::evaluate
