#pragma once

#include "base/json.h"
#include "predict/model.h"

namespace roost::predict {

/// A row that `model` takes, for documentation and messages: {"distance": 700.5, "origin": "SFO", "date":
/// "2001-05-01T13:45:00Z"}. Numbers and words are those that the model's transform learned, where there are any. The
/// same for the same model. Cost: a look at the features, not at the words.
Json ExampleRow(const ScoringModel& model);

}  // namespace roost::predict
