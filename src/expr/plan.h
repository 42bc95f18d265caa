#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "expr/expression.h"
#include "expr/functions.h"
#include "expr/pattern.h"
#include "expr/syntax.h"

namespace roost::expr {

/// A node whose type is known. Private to this folder.
struct BoundNode {
  Op op = Op::kNull;
  Kind kind = Kind::kBoolean;
  Function function = Function::kAbs;  ///< kFunction
  std::optional<Pattern> pattern;      ///< of matches(), in place of its second child
  TimeStep step = TimeStep::kDay;      ///< of date_trunc(), in place of its first child
  size_t column = 0;                   ///< kColumn: index into what the expression reads
  double number = 0;                   ///< literals, by kind
  std::string text;
  int64_t time = 0;
  int8_t boolean = 0;
  // kIn: what is looked for, sorted; the vector of the child's kind.
  std::vector<double> numbers;
  std::vector<std::string> texts;
  std::vector<int64_t> times;
  std::vector<BoundNode> children;
};

/// A typed tree and the columns that it reads, as indices into those given to Bind, ascending.
struct Plan {
  BoundNode root;
  std::vector<size_t> columns;
};

absl::StatusOr<Plan> BindSyntax(const Syntax& root, std::string_view text, std::span<const Column> columns);

/// Microseconds since 1970-01-01T00:00Z of "2001-04-01", "2001-04-01T13:30", "2001-04-01 13:30:05.25Z" or with an
/// offset "+02:00". InvalidArgument for anything else.
absl::StatusOr<int64_t> ParseTime(std::string_view text);

/// The same; empty for anything else.
std::optional<int64_t> TimeOf(std::string_view text);

}  // namespace roost::expr
