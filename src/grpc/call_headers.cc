#include "grpc/call_headers.h"

#include <algorithm>
#include <cstdint>

#include "net/http_message.h"

namespace roost::grpc {
namespace {

constexpr size_t kMaxDigits = 8;

/// Zero for a letter that is no unit.
absl::Duration UnitOf(char letter) {
  switch (letter) {
    case 'H': return absl::Hours(1);
    case 'M': return absl::Minutes(1);
    case 'S': return absl::Seconds(1);
    case 'm': return absl::Milliseconds(1);
    case 'u': return absl::Microseconds(1);
    case 'n': return absl::Nanoseconds(1);
    default: return absl::ZeroDuration();
  }
}

}  // namespace

bool IsGrpcContentType(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find_first_of("; \t"));
  return net::EqualIgnoringCase(type, "application/grpc") || net::EqualIgnoringCase(type, "application/grpc+proto");
}

absl::StatusOr<absl::Duration> ParseTimeout(std::string_view text) {
  const std::string_view digits = text.substr(0, text.empty() ? 0 : text.size() - 1);
  const bool plain = std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  const absl::Duration unit = text.empty() ? absl::ZeroDuration() : UnitOf(text.back());
  if (digits.empty() || digits.size() > kMaxDigits || !plain || unit == absl::ZeroDuration()) {
    return absl::InvalidArgumentError("grpc-timeout must be 1 to 8 digits and a unit of H, M, S, m, u or n");
  }
  int64_t count = 0;
  for (const char c : digits) count = 10 * count + (c - '0');
  return count * unit;
}

}  // namespace roost::grpc
