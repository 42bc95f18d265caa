#pragma once

#include <string>

#include "base/json.h"
#include "evaluate/binary.h"

namespace roost::evaluate {

/// One member a field, in the order of binary.h; null where a figure is not defined.
Json ToJson(const BinaryEvaluation& evaluation);

/// For a terminal: the figures of model and dummy side by side, then the calibration table. Lines end with a line feed.
std::string ToText(const BinaryEvaluation& evaluation);

}  // namespace roost::evaluate
