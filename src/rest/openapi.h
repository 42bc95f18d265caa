#pragma once

#include <string_view>

#include "base/json.h"
#include "serving/model_manager.h"

namespace roost::rest {

/// A description of the loaded models' calls by OpenAPI 3.1: for each model the rows form, v2 and TF Serving's predict,
/// with the columns that it takes, an example that works, and its answers. `origin` is where the server was reached
/// (example.h).
Json OpenApi(const serving::ModelManager& models, std::string_view origin);

}  // namespace roost::rest
