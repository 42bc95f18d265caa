#include "base/json_members.h"

#include <nlohmann/json.hpp>

namespace roost {

Json OrNull(const std::optional<double>& number) { return number.has_value() ? Json(*number) : Json(nullptr); }

std::string TextMember(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

}  // namespace roost
