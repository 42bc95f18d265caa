#include "grpc/framing.h"

#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/inflate.h"
#include "base/status.h"

namespace roost::grpc {
namespace {

size_t LengthOf(std::string_view prefix) {
  size_t length = 0;
  for (size_t i = 1; i < kPrefixBytes; ++i) length = length << 8 | static_cast<unsigned char>(prefix[i]);
  return length;
}

absl::StatusOr<std::string_view> Decompress(std::string_view message, std::string_view encoding, std::string& storage) {
  if (encoding.empty() || encoding == "identity") {
    return absl::InternalError("the message is marked as compressed, and grpc-encoding does not say how");
  }
  if (encoding != "gzip" && encoding != "deflate") {
    return absl::UnimplementedError(fmt::format("messages in grpc-encoding '{}' are not understood; those that are: {}",
                                                encoding, kAcceptedEncodings));
  }
  const Deflated format = encoding == "gzip" ? Deflated::kGzip : Deflated::kDeflate;
  absl::StatusOr<std::string> inflated = Inflate(message, format, kMaxMessageBytes);
  if (absl::IsOutOfRange(inflated.status())) return absl::ResourceExhaustedError(inflated.status().message());
  TRY_ASSIGN(storage, std::move(inflated));
  return std::string_view(storage);
}

}  // namespace

absl::StatusOr<std::string_view> ReadMessage(std::string_view body, std::string_view encoding, std::string& storage) {
  if (body.size() < kPrefixBytes) {
    return absl::InvalidArgumentError(
        fmt::format("the call brings {} bytes, and a message has {} before it", body.size(), kPrefixBytes));
  }
  const auto compressed = static_cast<unsigned char>(body[0]);
  const size_t length = LengthOf(body);
  const std::string_view message = body.substr(kPrefixBytes);
  if (compressed > 1) return absl::InvalidArgumentError(fmt::format("the message's first byte is {}", compressed));
  if (length > kMaxMessageBytes) {
    return absl::ResourceExhaustedError(fmt::format("a message of {} bytes; at most {} are taken",
                                                    FormatCount(static_cast<int64_t>(length)),
                                                    FormatCount(static_cast<int64_t>(kMaxMessageBytes))));
  }
  if (length != message.size()) {
    return absl::InvalidArgumentError(fmt::format(
        "the message should have {} bytes, and the call brings {}; a call takes one message", length, message.size()));
  }
  if (compressed == 0) return message;
  return Decompress(message, encoding, storage);
}

size_t FrameBytes(std::string_view body) {
  if (body.size() < kPrefixBytes) return 0;
  const size_t length = LengthOf(body);
  if (length > kMaxMessageBytes) return kPrefixBytes;
  return body.size() < kPrefixBytes + length ? 0 : kPrefixBytes + length;
}

void WritePrefix(size_t message_bytes, char* prefix) {
  prefix[0] = 0;
  for (size_t i = 1; i < kPrefixBytes; ++i) {
    prefix[i] = static_cast<char>(message_bytes >> 8 * (kPrefixBytes - 1 - i));
  }
}

}  // namespace roost::grpc
