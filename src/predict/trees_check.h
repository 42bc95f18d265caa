#pragma once

#include "absl/status/status.h"
#include "predict/trees.h"

namespace roost::predict {

/// InvalidArgument where TreesPredictor::Make refuses `model`, which may come from a foreign file.
absl::Status CheckTreesModel(const TreesModel& model);

}  // namespace roost::predict
