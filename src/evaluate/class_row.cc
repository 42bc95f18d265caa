#include "evaluate/class_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "evaluate/classes.h"
#include "evaluate/sum.h"

namespace roost::evaluate {
namespace {

constexpr double kTolerance = 1e-3;

// The class of the greatest probability, the first of equal ones.
int32_t MostProbable(std::span<const double> probabilities) {
  return static_cast<int32_t>(std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin());
}

}  // namespace

ClassRow JudgeClasses(std::span<const double> probabilities, int32_t truth, double weight) {
  const auto num_classes = static_cast<int32_t>(probabilities.size());
  ClassRow row{truth, MostProbable(probabilities), num_classes, 0, weight};
  if (truth == num_classes) return row;
  row.probability = probabilities[static_cast<size_t>(truth)];
  row.place = 0;
  for (int32_t other = 0; other < num_classes; ++other) {
    const double probability = probabilities[static_cast<size_t>(other)];
    if (probability > row.probability || (probability == row.probability && other < truth)) ++row.place;
  }
  return row;
}

absl::StatusOr<int32_t> ClassOf(const ScoredRows& rows, size_t row) {
  const double target = rows.targets[row];
  if (target == kUnseenClass) return rows.num_outputs;
  if (target >= 0 && target < rows.num_outputs && target == std::floor(target)) return static_cast<int32_t>(target);
  return absl::InvalidArgumentError(
      fmt::format("row {}: the class is {}; it must be 0 to {}, or {} for one that the model was not trained with", row,
                  target, rows.num_outputs - 1, kUnseenClass));
}

absl::Status CheckProbabilities(std::span<const double> probabilities, size_t row) {
  Sum sum;
  for (const double probability : probabilities) {
    if (!(probability >= 0 && probability <= 1 + kTolerance)) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: a score is {}; it must be a probability in [0, 1]", row, probability));
    }
    sum.Add(probability);
  }
  if (std::abs(sum.value() - 1) > kTolerance) {
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("row {}: the probabilities sum to {}; they must sum to 1", row, sum.value())),
                    "A model of classes gives probabilities, not scores: end it with softmax.");
  }
  return absl::OkStatus();
}

}  // namespace roost::evaluate
