#include "serving/tensor_job.h"

#include "base/status.h"
#include "serving/rows.h"

namespace roost::serving {

absl::Status TensorJob::Bind(const InferRequest& request) {
  if (request.priority > 0) priority = request.priority;
  TRY_ASSIGN(bound_, BoundRequest::Bind(*servable, request));
  TRY(CheckQueuedRows(*servable, bound_->num_rows()));
  values_.reserve(static_cast<size_t>(bound_->num_rows()) * servable->inputs().size());
  bound_->AppendValues(0, bound_->num_rows(), values_);
  return absl::OkStatus();
}

absl::Status TensorJob::Encode(std::span<const double> scores) {
  TRY(CheckFinite(*servable, scores, 0));
  return EncodeAnswer(bound_->Answer(scores));
}

}  // namespace roost::serving
