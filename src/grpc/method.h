#pragma once

#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <google/protobuf/arena.h>

#include "absl/status/status.h"
#include "grpc/call.h"
#include "grpc/framing.h"

namespace roost::grpc {

/// A unary method, without the types of its messages.
struct Method {
  std::string_view path;  ///< "/package.Service/Method"
  /// Answers the bytes of a request with the frame of its answer, in `frame`; messages lie in `arena`. On an error
  /// `frame` holds nothing of use.
  absl::Status (*run)(const Call& call, std::string_view message, google::protobuf::Arena& arena, std::string& frame);
};

/// Method::run of a function that answers one message with another.
template <typename Request, typename Answer, absl::Status (*kAnswer)(const Call&, const Request&, Answer&)>
absl::Status RunMethod(const Call& call, std::string_view message, google::protobuf::Arena& arena, std::string& frame) {
  auto* request = google::protobuf::Arena::CreateMessage<Request>(&arena);
  auto* answer = google::protobuf::Arena::CreateMessage<Answer>(&arena);
  if (!request->ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return absl::InvalidArgumentError(fmt::format("the message is not a {}", request->GetTypeName()));
  }
  if (absl::Status status = kAnswer(call, *request, *answer); !status.ok()) return status;
  const size_t size = answer->ByteSizeLong();
  if (size > kMaxMessageBytes) {
    return absl::ResourceExhaustedError(fmt::format("the answer would have {} bytes; ask for fewer rows", size));
  }
  frame.resize(kPrefixBytes + size);
  WritePrefix(size, frame.data());
  answer->SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(frame.data()) + kPrefixBytes);
  return absl::OkStatus();
}

/// The methods of each service (its file says which), over process lifetime.
std::span<const Method> InferenceMethods();
std::span<const Method> PredictionMethods();
std::span<const Method> HealthMethods();

}  // namespace roost::grpc
