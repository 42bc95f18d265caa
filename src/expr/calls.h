#pragma once

#include <span>

#include "expr/plan.h"
#include "expr/vector.h"

namespace roost::expr {

/// A function of `node` over its evaluated children. Private to this folder.
Vector Call(const BoundNode& node, std::span<const Vector> operands);

/// Call, for the functions whose first value is a text (text_calls.cc) or a time (time_calls.cc).
Vector CallOfText(const BoundNode& node, std::span<const Vector> operands);
Vector CallOfTime(const BoundNode& node, std::span<const Vector> operands);

/// A time plus or less (`sign` 1 or -1) a number of seconds, rounded to microseconds; null where that is no time.
Vector ShiftTimes(std::span<const Vector> operands, int sign);

/// Two texts, one after the other.
Vector Concatenate(std::span<const Vector> operands);

}  // namespace roost::expr
