#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost::grpc {

/// Larger messages are refused, also those that are so only once they are decompressed.
inline constexpr size_t kMaxMessageBytes = 64 << 20;

/// Bytes before each message: 1 that says whether it is compressed, 4 with its length, big-endian (gRPC over HTTP/2,
/// "Length-Prefixed-Message").
inline constexpr size_t kPrefixBytes = 5;

/// The encodings of messages that ReadMessage takes, as grpc-accept-encoding lists them.
inline constexpr std::string_view kAcceptedEncodings = "identity,deflate,gzip";

/// The only message in `body`, which is in the form of `encoding` (the value of grpc-encoding; "" and "identity" are
/// plain) where its prefix says that it is compressed. The result lies in `body` or in `storage`.
/// InvalidArgument where `body` is not exactly one message; Unimplemented for another encoding; ResourceExhausted for
/// a message beyond kMaxMessageBytes; Internal for one that is compressed without an encoding, as gRPC demands.
absl::StatusOr<std::string_view> ReadMessage(std::string_view body, std::string_view encoding, std::string& storage);

/// How long the first message of a stream's `body` is, with its prefix; 0: it is not whole yet. Of a message that is
/// too long the prefix alone, which ReadMessage refuses.
size_t FrameBytes(std::string_view body);

/// Writes the prefix of a plain message of `message_bytes` to `prefix`.
void WritePrefix(size_t message_bytes, char* prefix);

}  // namespace roost::grpc
