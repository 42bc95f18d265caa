#pragma once

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "predict/task.h"
#include "train/training_rows.h"
#include "train/xgboost_library.h"

namespace roost::train {

/// InvalidArgument where FitTrees refuses `rows`; `what` ("training", "evaluation") names them in messages.
/// `is_category` is empty or has one element a feature. Cost: one pass over the entries, in parallel.
absl::Status CheckTreesRows(const TrainingRows& rows, predict::Task task, std::span<const uint8_t> is_category,
                            const char* what, const Context& context);

/// The rows, which must have passed CheckTreesRows, with their targets, weights and groups, for XGBoost.
absl::StatusOr<XgboostMatrix> MakeXgboostMatrix(const TrainingRows& rows, std::span<const uint8_t> is_category,
                                                const Context& context);

}  // namespace roost::train
