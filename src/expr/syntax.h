#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roost::expr {

/// What a node of an expression does. Private to this folder.
enum class Op {
  kColumn,
  kNumber,
  kText,
  kBoolean,
  kNull,
  kNegate,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kConcatenate,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAnd,
  kOr,
  kNot,
  kIsNull,
  kBetween,  ///< the first child lies between the others, or is one of them
  kIn,       ///< the first child is looked for among the others
  kFunction,
};

/// A node as it was written: no columns are looked up and no types are known.
struct Syntax {
  Op op = Op::kNull;
  size_t begin = 0;   ///< the node's text is [begin, end) of the expression's
  size_t end = 0;     ///< one past its last byte
  size_t place = 0;   ///< where a message about the node points: its operator, or its begin
  double number = 0;  ///< kNumber; kBoolean: 0 or 1
  std::string text;   ///< the column, the literal, the function
  int depth = 1;      ///< 1 for a leaf
  std::vector<Syntax> children;
};

/// The error "at character N: what", with the line of `text` and a caret.
absl::Status ErrorAt(std::string_view text, size_t place, std::string_view what);

/// The whole of `text` as one expression.
absl::StatusOr<Syntax> ParseSyntax(std::string_view text);

}  // namespace roost::expr
