#pragma once

#include <string>

#include "base/json.h"

namespace roost {

/// `json` as YAML in blocks, its members in their order, with a line feed at the end. A text that some reader of YAML
/// could take for anything else than itself (a number, "no", a text with a colon) is quoted.
std::string ToYaml(const Json& json);

}  // namespace roost
