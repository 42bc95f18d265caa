#include "predict/parse.h"

#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/status.h"
#include "predict/linear.h"
#include "predict/trees.h"

namespace roost::predict {

absl::StatusOr<std::shared_ptr<const Predictor>> ParsePredictor(const Json& json) {
  if (!json.is_object()) return absl::InvalidArgumentError("predictor: must be an object");
  const auto kind = json.find("kind");
  if (kind == json.end() || !kind->is_string()) {
    return absl::InvalidArgumentError("predictor: 'kind' must be a string");
  }
  const auto& name = kind->get_ref<const std::string&>();
  if (name == LinearPredictor::kKind || name == LinearPredictor::kOldKind) return LinearPredictor::FromJson(json);
  if (name == TreesPredictor::kKind) return TreesPredictor::FromJson(json);
  return WithHint(absl::InvalidArgumentError(fmt::format("predictor: 'kind' is '{}', which this version of Roost does "
                                                         "not know; it knows '{}' and '{}'",
                                                         name, LinearPredictor::kKind, TreesPredictor::kKind)),
                  "read it with the version of Roost that wrote it");
}

}  // namespace roost::predict
