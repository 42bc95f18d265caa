#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "evaluate/resample.h"
#include "evaluate/slices.h"

namespace roost::evaluate {

/// Rows that one model decides otherwise than another one. A decision is right where it is what was true; a row whose
/// class neither model was trained with is decided wrong by both.
struct Flips {
  int64_t gained = 0;    ///< wrong by the other one, right now
  int64_t lost = 0;      ///< right by the other one, wrong now
  int64_t sideways = 0;  ///< classes: wrong by both, but not the same class

  int64_t changed() const { return gained + lost + sideways; }

  friend bool operator==(const Flips&, const Flips&) = default;
};

/// A difference of scores that `share` of the rows' differences do not exceed.
struct DifferenceQuantile {
  double share = 0;
  double difference = 0;

  friend bool operator==(const DifferenceQuantile&, const DifferenceQuantile&) = default;
};

/// How far two models differ on the rows of a slice.
struct SliceChanges {
  int64_t rows = 0;  ///< of a weight above 0
  /// Of binary models and of classes; the others score and do not decide.
  std::optional<Flips> flips;
  /// The median, 90 %, 99 % and all: quantiles.h. None without rows.
  std::vector<DifferenceQuantile> differences;

  friend bool operator==(const SliceChanges&, const SliceChanges&) = default;
};

/// Compares the scores of two models on the rows of each slice. A binary model decides by its own threshold, one of
/// classes for the most probable one. The difference of a row's scores is |score - other score|, of classes the total
/// variation distance of the two distributions: half the sum of the probabilities' absolute differences, which for two
/// classes is the difference of the score.
///
/// Counts are of rows; in quantiles a row counts with its weight. The same bits for any order of the rows and any
/// number of threads.
/// InvalidArgument as CheckTaskRows (terms.h) for each model's scores, for models of different numbers of outputs and
/// for rows that are not those of the slices. Cancelled.
/// Cost: for each slice a pass over all rows and a sort of its own, 16 bytes a row; on all threads of the context.
absl::StatusOr<std::vector<SliceChanges>> CompareScores(const MeasuredRows& rows, const ModelScores& now,
                                                        const ModelScores& other, const SliceSet& slices,
                                                        const Context& context);

}  // namespace roost::evaluate
