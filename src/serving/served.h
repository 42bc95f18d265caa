#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "serving/model_loader.h"
#include "serving/model_manager.h"
#include "serving/overload.h"
#include "serving/work_queue.h"

namespace roost::serving {

/// What requests are answered from, whatever they come through. What it refers to outlives it.
struct Served {
  const ModelManager& models;
  ModelLoader* loader = nullptr;  ///< null: no call changes what is loaded
  WorkQueue* queue = nullptr;     ///< null: all models are scored inline, and nothing is refused for load

  /// Whether requests to `servable` are scored by the workers.
  bool UsesWorkers(const Servable& servable) const { return queue != nullptr && servable.on_workers(); }

  /// Whether a request that was read at `received` may be scored inline at `now`. `timeout`, from `received` on, is
  /// what it gives; 0: for ever. Errors as CheckTurn.
  absl::Status CheckInline(Clock::time_point received, Clock::time_point now, std::chrono::microseconds timeout) const {
    if (queue == nullptr) return absl::OkStatus();
    return CheckTurn(received, now, DeadlineOf(received, timeout), queue->max_wait());
  }
};

}  // namespace roost::serving
