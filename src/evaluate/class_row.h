#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "evaluate/rows.h"

namespace roost::evaluate {

/// What the figures of classes need of a row. `truth` is the number of classes for an unseen class.
struct ClassRow {
  int32_t truth;
  int32_t predicted;
  int32_t place;       ///< of the true class by falling probability, from 0; the number of classes for an unseen class
  double probability;  ///< of the true class
  double weight;
};

/// The row whose true class is `truth`; of equal probabilities the first class comes first.
ClassRow JudgeClasses(std::span<const double> probabilities, int32_t truth, double weight);

/// The true class of `row`, num_outputs for kUnseenClass; InvalidArgument where the target is no class.
absl::StatusOr<int32_t> ClassOf(const ScoredRows& rows, size_t row);

/// InvalidArgument, naming `row`, unless all are in [0, 1] and they sum to 1, each within 0.001.
absl::Status CheckProbabilities(std::span<const double> probabilities, size_t row);

}  // namespace roost::evaluate
