#pragma once

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "net/http_message.h"
#include "serving/model_manager.h"

namespace roost::grpc {

/// What the methods know of a call beside its message.
struct Call {
  const serving::ModelManager& models;
  absl::Time deadline = absl::InfiniteFuture();  ///< nobody waits for the answer after it
  net::RequestNotes& notes;                      ///< of the answer: which model scored how many rows

  void NoteModel(const serving::Servable& servable) const {
    notes.model = servable.name();
    notes.version = servable.version();
  }

  /// DeadlineExceeded where the deadline is over.
  absl::Status CheckDeadline() const {
    if (deadline == absl::InfiniteFuture() || absl::Now() < deadline) return absl::OkStatus();
    return absl::DeadlineExceededError("the time that grpc-timeout gave is over");
  }
};

}  // namespace roost::grpc
