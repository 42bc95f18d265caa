#include "grpc/model_version.h"

#include <charconv>

#include <fmt/format.h>

#include "base/format.h"

namespace roost::grpc {

absl::StatusOr<std::optional<int64_t>> ParseModelVersion(std::string_view text) {
  if (text.empty()) return std::nullopt;
  int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error == std::errc() && end == text.data() + text.size()) return version;
  return absl::InvalidArgumentError(
      fmt::format("the model version '{}' is not a number, nor empty for the newest", Printable(text)));
}

}  // namespace roost::grpc
