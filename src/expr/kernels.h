#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "expr/plan.h"

namespace roost::expr {

/// The values of one node for some rows, or one value for all of them (`constant`). Private to this folder.
/// Null rows hold a value of no meaning; booleans say null as -1 and have no `nulls`.
struct Vector {
  Kind kind = Kind::kNumber;
  bool constant = false;
  std::vector<uint8_t> nulls;  ///< empty where no row is null, else one entry per value
  std::vector<double> numbers;
  std::vector<std::string_view> texts;
  std::vector<int64_t> times;
  std::vector<int8_t> booleans;
  std::vector<std::shared_ptr<const std::vector<std::string>>> owned;

  size_t size() const { return std::max({numbers.size(), texts.size(), times.size(), booleans.size()}); }
  bool IsNull(size_t row) const {
    return kind == Kind::kBoolean ? booleans[row] < 0 : !nulls.empty() && nulls[row] != 0;
  }
};

/// A literal's value. The texts are borrowed from `node`.
Vector Constant(const BoundNode& node);

/// Any node over children that are evaluated, in the order of `node.children`.
Vector Apply(const BoundNode& node, std::vector<Vector> operands);

/// `vector` with one value for each of `rows` rows.
Vector Expand(Vector vector, size_t rows);

}  // namespace roost::expr
