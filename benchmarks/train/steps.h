#pragma once

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/json.h"

namespace roost::benchmark {

/// What a step is given: the words after its name. Each step returns what it measured, as JSON.
using Words = std::span<const std::string>;

/// DATA TOLERANCE LIMIT WEIGHTS: FitLinear of a dump; the weights go to a file as dumps.py has them.
absl::StatusOr<Json> LinearStep(Words words, const Context& context);

/// DATA LIMIT PREDICTIONS: FitTrees of a dump, then the predictions of its first rows, one at a time.
absl::StatusOr<Json> TreesStep(Words words, const Context& context);

/// FLIGHTS REPEAT: ApplyBatch of the flights features to a Parquet file in memory.
absl::StatusOr<Json> TransformStep(Words words, const Context& context);

/// ROWS REPEAT: ApplyRow to each row of a Parquet file of numbers and words.
absl::StatusOr<Json> TransformRowStep(Words words, const Context& context);

/// MONTH MONTH ...: a model of the first months, then each month more, warm and cold.
absl::StatusOr<Json> WarmStep(Words words, const Context& context);

}  // namespace roost::benchmark
