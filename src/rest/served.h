#pragma once

#include <memory>

#include "net/http_message.h"
#include "serving/model_loader.h"
#include "serving/model_manager.h"
#include "serving/work_queue.h"

namespace roost::rest {

/// What the routes answer from.
struct Served {
  const serving::ModelManager& models;
  serving::ModelLoader* loader = nullptr;  ///< null: no call changes what is loaded
  serving::WorkQueue* queue = nullptr;     ///< null: all models are scored inline, and nothing is refused for load

  /// Whether `request` to `servable` is answered later, by a worker.
  bool AnswersLater(const serving::Servable& servable, const net::HttpRequest& request) const {
    return servable.on_workers() && queue != nullptr && request.later_slot != nullptr;
  }

  /// Whether a request may be scored inline now (serving::CheckTurn).
  absl::Status CheckInline(const net::HttpRequest& request, serving::Clock::time_point now,
                           std::chrono::microseconds timeout) const {
    if (queue == nullptr) return absl::OkStatus();
    return serving::CheckTurn(request.received, now, serving::DeadlineOf(request.received, timeout), queue->max_wait());
  }
};

}  // namespace roost::rest
