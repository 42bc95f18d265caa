#include "rest/later_answer.h"

#include <utility>

#include "base/status.h"
#include "rest/answer.h"

namespace roost::rest {
namespace {

class RowsJob final : public serving::Job {
 public:
  RowsJob(std::shared_ptr<const serving::Servable> the_servable, std::unique_ptr<RowsCall> call)
      : Job(std::move(the_servable)), call_(std::move(call)) {}

  absl::Status Read(std::string_view body) {
    TRY(call_->Parse(body, /*own_memory=*/true));
    RowCollector rows(*servable, reader_, call_->dialect());
    TRY(call_->Read(rows));
    return rows.Finish();
  }

  std::span<const column::Value> values() const override { return reader_.values(); }
  bool cancelled() const override { return answer->cancelled(); }

  absl::Status Encode(std::span<const double> scores) override {
    TRY(call_->Take({0, values(), scores}));
    return call_->Finish(answer->response());
  }

  void Send(const absl::Status& status) override { answer->Send(status, *servable); }

  std::optional<LaterAnswer> answer;

 private:
  std::unique_ptr<RowsCall> call_;
  RowReader reader_;
};

}  // namespace

LaterAnswer::LaterAnswer(const net::HttpRequest& request, const net::HttpResponse& so_far, std::string verb)
    : coding_(ChosenCoding(request)),
      endpoint_(EndpointOf(request)),
      verb_(std::move(verb)),
      response_(so_far),
      reply_(request.AnswerLater()) {}

void LaterAnswer::Send(const absl::Status& status, const serving::Servable& servable) {
  if (!status.ok()) {
    const bool is_wrong = absl::IsInvalidArgument(status);
    AnswerError(status, response_, is_wrong ? CallExample(servable, verb_, endpoint_) : "");
  }
  CompressAnswer(coding_, response_);
  reply_.Send(std::move(response_));
}

absl::Status ScoreLater(const serving::Served& served, std::shared_ptr<const serving::Servable> servable,
                        std::unique_ptr<RowsCall> call, std::string verb, const net::HttpRequest& request,
                        net::HttpResponse& response) {
  const auto deadline = serving::QueuedDeadline(*servable, request.received, std::chrono::microseconds(0));
  TRY(served.queue->CheckRoom(*servable, deadline, serving::kDefaultPriority));
  auto job = std::make_unique<RowsJob>(std::move(servable), std::move(call));
  TRY(job->Read(request.body));
  job->arrival = request.received;
  job->deadline = deadline;
  response.notes.rows = job->num_rows();
  job->answer.emplace(request, response, std::move(verb));
  served.queue->Add(std::move(job));
  return absl::OkStatus();
}

}  // namespace roost::rest
