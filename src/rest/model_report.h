#pragma once

#include <string_view>

#include "base/json.h"
#include "serving/model_manager.h"
#include "serving/servable.h"

namespace roost::rest {

/// What Triton's extensions tell of a model version, as its clients read it.

/// The statistics extension's entry of `model_stats`. Nothing is queued, batched or cached here, so these are 0.
Json ModelStatistics(const serving::Servable& servable);

/// The model configuration extension: name, inputs and outputs, no batching of the server's own (max_batch_size 0).
Json ModelConfig(const serving::Servable& servable);

/// The model repository extension's word for a state: "READY", "LOADING", "UNLOADING", "UNAVAILABLE".
std::string_view RepositoryState(serving::State state);

}  // namespace roost::rest
