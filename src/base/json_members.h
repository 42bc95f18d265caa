#pragma once

#include <optional>
#include <string>

#include "base/json.h"

namespace roost {

/// Null where there is no number.
Json OrNull(const std::optional<double>& number);

/// The member of an object if it is a text, else "".
std::string TextMember(const Json& object, const char* name);

}  // namespace roost
