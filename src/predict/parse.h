#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "predict/predictor.h"

namespace roost::predict {

/// The predictor that some Predictor::ToJson wrote, by its member "kind". InvalidArgument for anything else.
absl::StatusOr<std::shared_ptr<const Predictor>> ParsePredictor(const Json& json);

}  // namespace roost::predict
