#pragma once

#include <memory>
#include <string>
#include <utility>

#include "grpc/method.h"
#include "serving/infer.h"

namespace roost::grpc {

/// What the message of a call asks a model.
struct Inference {
  std::shared_ptr<const serving::Servable> servable;
  serving::InferRequest request;
};

/// Writes the frame of an answer; messages lie in `arena`.
using WriteAnswer = absl::Status (*)(const serving::Servable& servable, serving::InferResponse response,
                                     google::protobuf::Arena& arena, std::string& frame);

/// Scores the rows of an inference and answers in `frame`, or lets the workers do so and answers later.
absl::Status RunInference(Call& call, Inference inference, WriteAnswer write, google::protobuf::Arena& arena,
                          std::string& frame);

template <typename Answer, absl::Status (*kEncode)(const serving::Servable&, serving::InferResponse, Answer&)>
absl::Status WriteInferenceAnswer(const serving::Servable& servable, serving::InferResponse response,
                                  google::protobuf::Arena& arena, std::string& frame) {
  auto* answer = google::protobuf::Arena::CreateMessage<Answer>(&arena);
  if (absl::Status status = kEncode(servable, std::move(response), *answer); !status.ok()) return status;
  return WriteFrame(*answer, frame);
}

/// Method::run of a call that scores rows: one function reads its message, another writes what the model says.
template <typename Request, typename Answer, absl::StatusOr<Inference> (*kDecode)(const Call&, const Request&),
          absl::Status (*kEncode)(const serving::Servable&, serving::InferResponse, Answer&)>
absl::Status RunInferMethod(Call& call, std::string_view message, google::protobuf::Arena& arena, std::string& frame) {
  const auto request = ParseMessage<Request>(message, arena);
  if (!request.ok()) return request.status();
  absl::StatusOr<Inference> inference = kDecode(call, **request);
  if (!inference.ok()) return inference.status();
  return RunInference(call, *std::move(inference), &WriteInferenceAnswer<Answer, kEncode>, arena, frame);
}

}  // namespace roost::grpc
