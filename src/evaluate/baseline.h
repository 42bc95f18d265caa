#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "predict/task.h"

namespace roost::evaluate {

/// What a dummy that knows only the training targets predicts for every row.
struct TrainingBaseline {
  predict::Task task = predict::Task::kBinary;
  int64_t rows = 0;  ///< training rows of a weight above 0
  /// Binary: the share of ones. Classes: the share of each class. Number, counts: the mean. Ranking: one 0, as a dummy
  /// knows no order.
  std::vector<double> outputs;

  friend bool operator==(const TrainingBaseline&, const TrainingBaseline&) = default;

  /// With FromJson: the same to the bit.
  Json ToJson() const;
  /// InvalidArgument where `json` is none.
  static absl::StatusOr<TrainingBaseline> FromJson(const Json& json);
};

/// Of training targets with their weights (none: all 1); each counts with its weight. `num_classes` is that of
/// Task::kClasses, 2 or more; other tasks ignore it.
/// InvalidArgument for no rows, for weights as CheckWeights (rows.h), and for targets that the task cannot have; the
/// message names the first such row, counted from 0. The same bits for any order of the rows. Cost: a sort.
absl::StatusOr<TrainingBaseline> MakeBaseline(predict::Task task, std::span<const double> targets,
                                              std::span<const double> weights, int32_t num_classes);

}  // namespace roost::evaluate
