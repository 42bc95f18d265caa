#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "serving/model_manager.h"
#include "serving/servable.h"
#include "serving/tensor.h"

namespace roost::serving {

/// More rows than that in one request are refused.
inline constexpr int64_t kMaxRows = 1'000'000;

/// A request to score rows, whatever it came through.
///
/// One tensor per input column, of shape [N] or [N,1], in any order. A number may come as any datatype but BYTES
/// (FP32 is widened, so 0.1 as FP32 is another number than 0.1 as FP64); text as BYTES in UTF-8; a time as INT64,
/// microseconds since 1970-01-01T00:00Z, or as BYTES in ISO 8601. A null is a missing value.
struct InferRequest {
  std::string model_name;
  std::optional<int64_t> model_version;  ///< none: the highest that is loaded
  std::string id;                        ///< given back as it is
  std::vector<Tensor> inputs;
  std::vector<std::string> outputs;  ///< names, in the order in which they are wanted; empty: all
};

struct InferResponse {
  std::string model_name;
  int64_t model_version = 0;
  std::string id;
  std::vector<Tensor> outputs;
};

/// Scores the rows of `request` on the calling thread, in their order, each to the bit as ScoringModel::ScoreBatch.
/// It is counted in the servable's statistics.
/// NotFound for a model or version that is not loaded. InvalidArgument for an unknown, missing or double input, a wrong
/// datatype or shape, a text that is no UTF-8 or no time, and an unknown output. Internal where a score is no number.
absl::StatusOr<InferResponse> Infer(const ModelManager& models, const InferRequest& request);

/// The same for a model that the caller has found.
absl::StatusOr<InferResponse> Infer(const Servable& servable, const InferRequest& request);

}  // namespace roost::serving
