#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "column/batch.h"
#include "predict/model.h"

// A few requests with the answers that the model gave when it was registered. They travel with its package; a server
// asks them again before the model serves. The form is that of warmup.json in docs/formats/model.md.

namespace roost::serving {

/// Up to 16 rows of `batches`, spread evenly over them, with the answers of `model`. Rows that JSON cannot hold
/// (numbers that are not finite, texts that are not UTF-8) and rows that the model refuses are left out, and all behind
/// 256 KiB. The same rows and model give the same text. InvalidArgument where a column is missing or of another kind.
absl::StatusOr<std::string> RecordRequests(const predict::ScoringModel& model,
                                           std::span<const column::BatchView> batches);

/// Asks the model what is recorded. Internal, naming the row, where it answers otherwise: by a bit, or for ONNX models,
/// whose arithmetic differs between processors, by more than 1e-4 of the answer or of 1. InvalidArgument where
/// `recorded` is not what RecordRequests wrote for a model with these inputs, and where the model refuses a row.
absl::Status ReplayRequests(const predict::ScoringModel& model, std::string_view recorded);

}  // namespace roost::serving
