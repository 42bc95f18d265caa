#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "evaluate/rows.h"

namespace roost::evaluate {

/// The figures of one order of each group's rows, by falling score: means over the groups. Rows of equal scores are
/// taken in all their orders, and the mean over these orders is the figure.
struct RankingFigures {
  /// Normalized discounted cumulative gain of the first 5 and 10 rows, and of all: the sum of target / log2(1 + place),
  /// divided by that of the best order. 1 is best. The gain is the target itself, as in scikit-learn's ndcg_score
  /// (Järvelin and Kekäläinen, 2002); ties as in McSherry and Najork, "Computing information retrieval performance
  /// measures efficiently in the presence of tied scores" (2008).
  double ndcg_5 = 0;
  double ndcg_10 = 0;
  double ndcg = 0;
  /// Mean reciprocal rank: 1 / place of the first row whose target is above 0.
  double mrr = 0;

  friend bool operator==(const RankingFigures&, const RankingFigures&) = default;
};

struct RankingEvaluation {
  int64_t rows = 0;                    ///< of a weight above 0
  int64_t groups = 0;                  ///< of these rows
  std::optional<double> total_weight;  ///< of the groups measured; absent where rows have no weights
  /// Groups without a target above 0: no order of them is better than another, and no figure counts them.
  int64_t groups_without_relevant = 0;
  RankingFigures model;
  RankingFigures dummy;  ///< the same figures of any order: all scores are equal

  friend bool operator==(const RankingEvaluation&, const RankingEvaluation&) = default;
};

/// Compares the order that scores give to the rows of each group with their targets, at least 0, the greatest the best.
/// A group counts with the mean weight of its rows.
/// InvalidArgument as CheckRows (rows.h), for groups that are not one a row, targets that are not in
/// [0, kLargestValue], scores that are not finite, and where no group has a target above 0.
/// The same bits for any order of the rows; NDCG depends on the C library's log2 in its last bits.
/// Cost: sorts a copy, 32 bytes a row.
absl::StatusOr<RankingEvaluation> EvaluateRanking(const ScoredRows& rows);

}  // namespace roost::evaluate
