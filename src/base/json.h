#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "absl/status/statusor.h"

namespace roost {

/// JSON whose objects keep the order in which their members were set. To use its members include <nlohmann/json.hpp>.
using Json = nlohmann::ordered_json;

/// InvalidArgument with the byte position where `text` is not one JSON document. `what` names the text in the message.
absl::StatusOr<Json> ParseJson(std::string_view text, std::string_view what);

/// One line, no spaces. Doubles are written so that they read back to the same bits; text that is not UTF-8 has its
/// wrong bytes replaced by U+FFFD.
std::string ToLine(const Json& json);

/// Indented by two spaces, with a line feed at the end: for people and for golden files.
std::string ToText(const Json& json);

}  // namespace roost
