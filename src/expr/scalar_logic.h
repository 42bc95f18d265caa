#pragma once

#include <cstdint>
#include <functional>

#include "expr/syntax.h"

// Comparisons, and SQL's logic of three values (1 true, 0 false, -1 unknown), of one value: Evaluate and EvaluateRow
// share it. Private to this folder.
namespace roost::expr {

/// visit(f), f(x, y) being whether the comparison `op` holds.
template <typename Visit>
auto VisitComparison(Op op, const Visit& visit) {
  switch (op) {
    case Op::kEqual: return visit(std::equal_to<>());
    case Op::kNotEqual: return visit(std::not_equal_to<>());
    case Op::kLess: return visit(std::less<>());
    case Op::kLessEqual: return visit(std::less_equal<>());
    case Op::kGreater: return visit(std::greater<>());
    default: return visit(std::greater_equal<>());
  }
}

/// False and unknown is false.
inline int8_t And(int8_t x, int8_t y) { return x == 0 || y == 0 ? 0 : x < 0 || y < 0 ? -1 : 1; }
/// True or unknown is true.
inline int8_t Or(int8_t x, int8_t y) { return x > 0 || y > 0 ? 1 : x < 0 || y < 0 ? -1 : 0; }
inline int8_t Not(int8_t x) { return x < 0 ? int8_t{-1} : static_cast<int8_t>(1 - x); }

}  // namespace roost::expr
