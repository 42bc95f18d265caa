#pragma once

#include "absl/status/statusor.h"
#include "serving/bound_request.h"
#include "serving/model_manager.h"
#include "serving/overload.h"
#include "serving/servable.h"

namespace roost::serving {

/// Scores the rows of `request` on the calling thread, in their order, each to the bit as ScoringModel::ScoreBatch.
/// It is counted in the servable's statistics.
/// NotFound for a model or version that is not loaded. InvalidArgument for an unknown, missing or double input, a wrong
/// datatype or shape, a text that is no UTF-8 or no time, and an unknown output. Internal where a score is no number.
absl::StatusOr<InferResponse> Infer(const ModelManager& models, const InferRequest& request);

/// The same for a model that the caller has found; work on the request began at `start`.
absl::StatusOr<InferResponse> Infer(const Servable& servable, const InferRequest& request, Clock::time_point start);

}  // namespace roost::serving
