#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/json.h"

namespace roost::transform {

/// A JSON object read with checks: every getter returns InvalidArgument that names the object, the member and what was
/// expected, whatever the JSON holds. Refers to the JSON and does not own it.
class JsonObject {
 public:
  /// `where` names the object in messages: "transform: features[2]". Members other than `members` are refused: they
  /// would come from a newer version, whose meaning this one does not know.
  static absl::StatusOr<JsonObject> Make(const Json& json, std::string where,
                                         std::initializer_list<std::string_view> members);
  static absl::StatusOr<JsonObject> Make(const Json& json, std::string where,
                                         std::span<const std::string_view> members);

  bool Has(std::string_view member) const;
  absl::StatusOr<bool> Bool(std::string_view member) const;
  absl::StatusOr<std::string> Text(std::string_view member) const;
  /// A finite number.
  absl::StatusOr<double> Number(std::string_view member) const;
  absl::StatusOr<int64_t> Integer(std::string_view member, int64_t low, int64_t high) const;
  /// The elements of an array of `least` to `most` elements.
  absl::StatusOr<std::vector<const Json*>> Array(std::string_view member, size_t least, size_t most) const;
  absl::StatusOr<std::vector<double>> Numbers(std::string_view member, size_t least, size_t most) const;
  absl::StatusOr<std::vector<std::string>> Texts(std::string_view member, size_t least, size_t most) const;
  /// Whatever the member is.
  absl::StatusOr<const Json*> Any(std::string_view member) const;

  /// InvalidArgument "<where>: '<member>' <what>".
  absl::Status Fail(std::string_view member, std::string_view what) const;

 private:
  JsonObject(const Json& json, std::string where) : json_(&json), where_(std::move(where)) {}

  const Json* json_;
  std::string where_;
};

}  // namespace roost::transform
