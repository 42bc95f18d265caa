#pragma once

#include <cstddef>
#include <vector>

#include "expr/plan.h"
#include "expr/vector.h"

namespace roost::expr {

/// A literal's value. The texts are borrowed from `node`.
Vector Constant(const BoundNode& node);

/// Any node over children that are evaluated, in the order of `node.children`.
Vector Apply(const BoundNode& node, std::vector<Vector> operands);

/// `vector` with one value for each of `rows` rows.
Vector Expand(Vector vector, size_t rows);

}  // namespace roost::expr
