#include "grpc/status.h"

#include <optional>

#include <fmt/format.h>

#include "base/status.h"
#include "serving/overload.h"

namespace roost::grpc {
namespace {

constexpr size_t kMaxMessageBytes = 4 << 10;  // clients refuse trailers of more than 8 KiB

std::string TextOf(const absl::Status& status) {
  const std::string hint = HintOf(status);
  std::string text(status.message());
  if (text.size() > kMaxMessageBytes) text = text.substr(0, kMaxMessageBytes) + " ...";
  return hint.empty() ? text : fmt::format("{} ({})", text, hint);
}

}  // namespace

int CodeOf(const absl::Status& status) { return static_cast<int>(status.code()); }

std::string EncodeMessage(std::string_view message) {
  std::string encoded;
  for (const char c : message) {
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      encoded.push_back(c);
    } else {
      encoded.append(fmt::format("%{:02X}", static_cast<unsigned char>(c)));
    }
  }
  return encoded;
}

void Finish(const absl::Status& status, net::HttpResponse& response) {
  response.status = 200;
  response.content_type = "application/grpc";
  response.AddTrailer("grpc-status", fmt::format("{}", CodeOf(status)));
  if (status.ok()) return;
  response.body.clear();
  response.AddTrailer("grpc-message", EncodeMessage(TextOf(status)));
  const std::optional<int64_t> retry_after = serving::RetryAfterSeconds(status);
  if (!retry_after.has_value()) return;
  response.AddTrailer("grpc-retry-pushback-ms", fmt::to_string(*retry_after * 1'000));
  response.overloaded = true;
}

}  // namespace roost::grpc
