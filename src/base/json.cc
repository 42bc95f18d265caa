#include "base/json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"

namespace roost {

absl::StatusOr<Json> ParseJson(std::string_view text, std::string_view what) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    // The library's name for its error, in brackets, tells a user nothing.
    std::string_view reason = error.what();
    if (const size_t end = reason.find("] "); reason.starts_with('[') && end != std::string_view::npos) {
      reason.remove_prefix(end + 2);
    }
    return absl::InvalidArgumentError(fmt::format("{}: not JSON: {}", what, reason));
  }
}

std::string ToLine(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string ToText(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace roost
