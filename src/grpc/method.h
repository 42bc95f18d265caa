#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <google/protobuf/arena.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpc/call.h"
#include "grpc/framing.h"

namespace roost::grpc {

/// A method, without the types of its messages.
struct Method {
  std::string_view path;  ///< "/package.Service/Method"
  /// Answers the bytes of a request with the frame of its answer, in `frame`; messages lie in `arena`. On an error
  /// `frame` holds nothing of use. Or lets the call be answered later, and says so in it.
  absl::Status (*run)(Call& call, std::string_view message, google::protobuf::Arena& arena, std::string& frame);
  bool is_stream = false;  ///< a call may bring any number of messages, each of which is answered by one
};

/// Reads a message. InvalidArgument where `bytes` are none.
template <typename Message>
absl::StatusOr<const Message*> ParseMessage(std::string_view bytes, google::protobuf::Arena& arena) {
  auto* message = google::protobuf::Arena::CreateMessage<Message>(&arena);
  if (message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return message;
  return absl::InvalidArgumentError(fmt::format("the message is not a {}", message->GetTypeName()));
}

/// Writes an answer as a frame. ResourceExhausted where it is too long.
template <typename Answer>
absl::Status WriteFrame(const Answer& answer, std::string& frame) {
  const size_t size = answer.ByteSizeLong();
  if (size > kMaxMessageBytes) {
    return absl::ResourceExhaustedError(fmt::format("the answer would have {} bytes; ask for fewer rows", size));
  }
  frame.resize(kPrefixBytes + size);
  WritePrefix(size, frame.data());
  answer.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(frame.data()) + kPrefixBytes);
  return absl::OkStatus();
}

/// Method::run of a function that answers one message with another.
template <typename Request, typename Answer, absl::Status (*kAnswer)(const Call&, const Request&, Answer&)>
absl::Status RunMethod(Call& call, std::string_view message, google::protobuf::Arena& arena, std::string& frame) {
  const auto request = ParseMessage<Request>(message, arena);
  if (!request.ok()) return request.status();
  auto* answer = google::protobuf::Arena::CreateMessage<Answer>(&arena);
  if (absl::Status status = kAnswer(call, **request, *answer); !status.ok()) return status;
  return WriteFrame(*answer, frame);
}

/// The services that are served, which is all that clients are told of.
inline constexpr std::array<std::string_view, 6> kServices = {
    "grpc.health.v1.Health",          "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
    "inference.GRPCInferenceService", "tensorflow.serving.ModelService",     "tensorflow.serving.PredictionService"};

/// The methods of each service (its file says which), over process lifetime.
std::span<const Method> InferenceMethods();
std::span<const Method> PredictionMethods();
std::span<const Method> HealthMethods();
std::span<const Method> ReflectionMethods();
std::span<const Method> RepositoryMethods();

}  // namespace roost::grpc
