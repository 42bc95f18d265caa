#pragma once

#include <string>

#include "base/json.h"
#include "evaluate/binary.h"
#include "evaluate/classes.h"
#include "evaluate/counts.h"
#include "evaluate/numbers.h"
#include "evaluate/ranking.h"

namespace roost::evaluate {

/// One member a field, in the order of binary.h; null where a figure is not defined. Weights only where there are any.
Json ToJson(const BinaryEvaluation& evaluation);

/// For a terminal: the figures of model and dummy side by side, then the calibration table. Lines end with a line feed.
std::string ToText(const BinaryEvaluation& evaluation);

/// The same: the figures side by side, then the errors' quantiles.
std::string ToText(const NumbersEvaluation& evaluation);

/// The same: the figures side by side.
std::string ToText(const CountsEvaluation& evaluation);
std::string ToText(const RankingEvaluation& evaluation);

/// The same: the figures side by side, then those of the 20 classes with the most rows, then, of up to 10 classes, the
/// confusion matrix. Names are made Printable.
std::string ToText(const ClassesEvaluation& evaluation);

}  // namespace roost::evaluate
