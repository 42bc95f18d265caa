#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "config/model.h"

namespace roost::config {

/// "late-flights" of "late-flights", "late-flights@2" and "late-flights@champion".
std::string_view ModelNameIn(std::string_view reference);

/// The names of `models`, each after those whose scores it takes (`scores`), else in the order in which they are given.
/// InvalidArgument, naming them, where models take each other's scores, or two have one name. Pure.
absl::StatusOr<std::vector<std::string>> TrainingOrder(std::span<const ModelConfig> models);

}  // namespace roost::config
