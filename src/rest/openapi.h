#pragma once

#include "base/json.h"
#include "rest/example.h"
#include "serving/model_manager.h"

namespace roost::rest {

/// A description of the loaded models' calls by OpenAPI 3.1: for each model the rows form, v2 and TF Serving's predict,
/// with the columns that it takes, an example that works, and its answers. The calls need a token where `endpoint` was
/// reached by one.
Json OpenApi(const serving::ModelManager& models, const Endpoint& endpoint);

}  // namespace roost::rest
