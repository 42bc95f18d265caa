#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "serving/bound_request.h"
#include "serving/work_queue.h"

namespace roost::serving {

/// A job whose rows came as tensors, whatever protocol they came through; who derives from it says how it is answered.
class TensorJob : public Job {
 public:
  using Job::Job;

  /// Before it is queued; `request` lives as long and stays where it is. Errors as Infer (infer.h), and InvalidArgument
  /// beyond kMaxQueuedValues.
  absl::Status Bind(const InferRequest& request);

  std::span<const column::Value> values() const final { return values_; }
  absl::Status Encode(std::span<const double> scores) final;

 protected:
  /// As Job::Encode, with the answer that Infer would give.
  virtual absl::Status EncodeAnswer(InferResponse answer) = 0;

 private:
  std::optional<BoundRequest> bound_;
  std::vector<column::Value> values_;
};

}  // namespace roost::serving
