#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "net/http_message.h"
#include "serving/model_loader.h"
#include "serving/model_manager.h"
#include "serving/work_queue.h"

namespace roost::grpc {

/// What the methods answer from.
struct Served {
  const serving::ModelManager& models;
  serving::ModelLoader* loader = nullptr;  ///< null: no call changes what is loaded
  serving::WorkQueue* queue = nullptr;     ///< null: all models are scored inline, and nothing is refused for load
};

/// What the methods know of a call beside its message.
struct Call {
  const Served& served;
  const serving::ModelManager& models;
  const net::HttpRequest& http;
  net::HttpResponse& response;  ///< for its notes
  serving::Clock::time_point start;
  absl::Time deadline = absl::InfiniteFuture();  ///< nobody waits for the answer after it
  bool answered_later = false;                   ///< set by a method that has called http.AnswerLater

  void NoteModel(const serving::Servable& servable) const {
    response.notes.model = servable.name();
    response.notes.version = servable.version();
  }

  /// DeadlineExceeded where the deadline is over.
  absl::Status CheckDeadline() const {
    if (deadline == absl::InfiniteFuture() || absl::Now() < deadline) return absl::OkStatus();
    return absl::DeadlineExceededError("the time that grpc-timeout gave is over");
  }

  /// What is left until the deadline, from when the request was read on; 0: for ever.
  std::chrono::microseconds timeout{0};
};

}  // namespace roost::grpc
