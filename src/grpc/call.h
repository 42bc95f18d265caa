#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "net/http_message.h"
#include "serving/served.h"

namespace roost::grpc {

/// What the methods know of a call beside its message.
struct Call {
  const serving::Served& served;
  const net::HttpRequest& http;
  net::HttpResponse& response;                   ///< for its notes
  serving::Clock::time_point start;              ///< of work on the call: what it takes from then on is no waiting
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
