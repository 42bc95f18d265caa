#include "grpc/infer_method.h"

#include <algorithm>
#include <optional>

#include "base/status.h"
#include "grpc/status.h"
#include "grpc/thread_arena.h"
#include "net/later_reply.h"
#include "serving/tensor_job.h"

namespace roost::grpc {
namespace {

class InferJob final : public serving::TensorJob {
 public:
  InferJob(std::shared_ptr<const serving::Servable> the_servable, serving::InferRequest request, WriteAnswer write)
      : TensorJob(std::move(the_servable)), request_(std::move(request)), write_(write) {}

  absl::Status Bind() { return TensorJob::Bind(request_); }
  bool cancelled() const override { return reply->cancelled(); }

  absl::Status EncodeAnswer(serving::InferResponse answer) override {
    ThreadArena arena;
    return write_(*servable, std::move(answer), arena.get(), response_.body);
  }

  void Send(const absl::Status& status) override {
    Finish(status, response_);
    reply->Send(std::move(response_));
  }

  std::optional<net::LaterReply> reply;

 private:
  const serving::InferRequest request_;
  const WriteAnswer write_;
  net::HttpResponse response_;
};

/// The shorter of what the call and what its message gives; 0: neither gives any.
std::chrono::microseconds Timeout(const Call& call, const serving::InferRequest& request) {
  if (call.timeout.count() == 0 || request.timeout.count() == 0) return std::max(call.timeout, request.timeout);
  return std::min(call.timeout, request.timeout);
}

absl::Status InferLater(Call& call, Inference inference, WriteAnswer write) {
  const auto deadline =
      serving::QueuedDeadline(*inference.servable, call.http.received, Timeout(call, inference.request));
  auto job = std::make_unique<InferJob>(std::move(inference.servable), std::move(inference.request), write);
  TRY(job->Bind());
  job->arrival = call.http.received;
  job->deadline = deadline;
  call.response.notes.rows = job->num_rows();
  job->reply.emplace(call.http.AnswerLater());
  call.answered_later = true;
  call.served.queue->Add(std::move(job));
  return absl::OkStatus();
}

}  // namespace

absl::Status RunInference(Call& call, Inference inference, WriteAnswer write, google::protobuf::Arena& arena,
                          std::string& frame) {
  const serving::Servable& servable = *inference.servable;
  if (call.served.UsesWorkers(servable) && call.http.can_answer_later()) {
    return InferLater(call, std::move(inference), write);
  }
  const auto start = serving::Clock::now();
  TRY(call.served.CheckInline(call.http.received, call.start, Timeout(call, inference.request)));
  TRY(call.CheckDeadline());
  TRY_ASSIGN(serving::InferResponse response, serving::Infer(servable, inference.request, start));
  call.response.notes.rows = response.outputs.front().shape.front();
  return write(servable, std::move(response), arena, frame);
}

}  // namespace roost::grpc
