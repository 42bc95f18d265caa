#pragma once

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "column/value.h"
#include "predict/model.h"
#include "serving/servable.h"

namespace roost::serving {

/// What one thread scores rows in; reused from call to call, so that scoring allocates nothing after warm-up.
using RowScratch = transform::FeatureVector;

/// The outputs of some rows on the calling thread, to the bit as ScoringModel::ScoreBatch: `values` has a value for
/// each of servable.model().inputs() a row, `scores` gets num_outputs() a row. Fails with an ONNX model only; the
/// message names the model. Scores may be no numbers (CheckFinite).
absl::Status ScoreRows(const Servable& servable, std::span<const column::Value> values, RowScratch& scratch,
                       std::span<double> scores);

/// Internal where one of `scores` is no finite number; the message names model and row, the first being `first_row`.
absl::Status CheckFinite(const Servable& servable, std::span<const double> scores, int64_t first_row);

/// InvalidArgument where the outputs of that many rows are more than kMaxOutputs numbers.
absl::Status CheckOutputs(const Servable& servable, int64_t num_rows);

/// The position of the greatest of a row's outputs; of equal ones the first.
size_t MostProbable(std::span<const double> outputs);

/// More numbers than that in one answer are refused: 128 MiB.
inline constexpr int64_t kMaxOutputs = 1 << 24;

}  // namespace roost::serving
