#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost::config {

/// The values of a roost.yaml by the way to them: "model.features[0].column" -> "date". Values are as they are written
/// there, texts in quotes with them; comments, order and layout make no difference. An empty value is "". Pure.
/// InvalidArgument with "path:line:" for what is no YAML; whether Roost knows the keys is not asked.
absl::StatusOr<std::map<std::string, std::string>> WrittenKeys(std::string_view text, std::string_view path);

}  // namespace roost::config
