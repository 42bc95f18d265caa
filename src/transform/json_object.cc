#include "transform/json_object.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.h"

namespace roost::transform {

absl::StatusOr<JsonObject> JsonObject::Make(const Json& json, std::string where,
                                            std::initializer_list<std::string_view> members) {
  return Make(json, std::move(where), std::span(members.begin(), members.size()));
}

absl::StatusOr<JsonObject> JsonObject::Make(const Json& json, std::string where,
                                            std::span<const std::string_view> members) {
  if (!json.is_object()) return absl::InvalidArgumentError(fmt::format("{}: must be an object", where));
  for (const auto& item : json.items()) {
    if (std::find(members.begin(), members.end(), item.key()) == members.end()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: has a member '{}', which this version of Roost does not know", where, item.key()));
    }
  }
  return JsonObject(json, std::move(where));
}

absl::Status JsonObject::Fail(std::string_view member, std::string_view what) const {
  return absl::InvalidArgumentError(fmt::format("{}: '{}' {}", where_, member, what));
}

absl::StatusOr<const Json*> JsonObject::Any(std::string_view member) const {
  const auto found = json_->find(std::string(member));
  if (found == json_->end()) return Fail(member, "is missing");
  return &*found;
}

bool JsonObject::Has(std::string_view member) const { return json_->contains(std::string(member)); }

absl::StatusOr<bool> JsonObject::Bool(std::string_view member) const {
  TRY_ASSIGN(const Json* json, Any(member));
  if (!json->is_boolean()) return Fail(member, "must be true or false");
  return json->get<bool>();
}

absl::StatusOr<std::string> JsonObject::Text(std::string_view member) const {
  TRY_ASSIGN(const Json* json, Any(member));
  if (!json->is_string()) return Fail(member, "must be a string");
  return json->get_ref<const std::string&>();
}

absl::StatusOr<double> JsonObject::Number(std::string_view member) const {
  TRY_ASSIGN(const Json* json, Any(member));
  if (!json->is_number() || !std::isfinite(json->get<double>())) return Fail(member, "must be a finite number");
  return json->get<double>();
}

absl::StatusOr<int64_t> JsonObject::Integer(std::string_view member, int64_t low, int64_t high) const {
  TRY_ASSIGN(const Json* json, Any(member));
  const bool too_large =
      json->is_number_unsigned() && json->get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()};
  if (!json->is_number_integer() || too_large || json->get<int64_t>() < low || json->get<int64_t>() > high) {
    return Fail(member, fmt::format("must be an integer from {} to {}", low, high));
  }
  return json->get<int64_t>();
}

absl::StatusOr<std::vector<const Json*>> JsonObject::Array(std::string_view member, size_t least, size_t most) const {
  TRY_ASSIGN(const Json* json, Any(member));
  if (!json->is_array() || json->size() < least || json->size() > most) {
    return Fail(member, fmt::format("must be an array of {} to {} elements", least, most));
  }
  std::vector<const Json*> elements;
  elements.reserve(json->size());
  for (const Json& element : *json) elements.push_back(&element);
  return elements;
}

absl::StatusOr<std::vector<double>> JsonObject::Numbers(std::string_view member, size_t least, size_t most) const {
  TRY_ASSIGN(const std::vector<const Json*> elements, Array(member, least, most));
  std::vector<double> numbers;
  numbers.reserve(elements.size());
  for (const Json* element : elements) {
    if (!element->is_number() || !std::isfinite(element->get<double>())) {
      return Fail(member, fmt::format("must hold finite numbers; element {} is none", numbers.size()));
    }
    numbers.push_back(element->get<double>());
  }
  return numbers;
}

absl::StatusOr<std::vector<std::string>> JsonObject::Texts(std::string_view member, size_t least, size_t most) const {
  TRY_ASSIGN(const std::vector<const Json*> elements, Array(member, least, most));
  std::vector<std::string> texts;
  texts.reserve(elements.size());
  for (const Json* element : elements) {
    if (!element->is_string()) {
      return Fail(member, fmt::format("must hold strings; element {} is none", texts.size()));
    }
    texts.push_back(element->get_ref<const std::string&>());
  }
  return texts;
}

}  // namespace roost::transform
