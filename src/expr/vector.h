#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expr/expression.h"

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
  std::vector<std::shared_ptr<const void>> owned;  ///< what computed texts point into

  size_t size() const { return std::max({numbers.size(), texts.size(), times.size(), booleans.size()}); }
  bool IsNull(size_t row) const {
    return kind == Kind::kBoolean ? booleans[row] < 0 : !nulls.empty() && nulls[row] != 0;
  }
};

/// How far a loop steps through a vector: constants stay where they are.
inline size_t Step(const Vector& vector) { return vector.constant ? 0 : 1; }

/// A vector of `kind` for what is computed from `operands`, constant where they all are, null where one of them is; its
/// values are to be filled in, `rows` of them. Not for booleans: their nulls are values.
struct Result {
  Vector vector;
  size_t rows = 0;
};
Result ResultOver(std::span<const Vector> operands, Kind kind);

/// Makes `row` of `out`, which has or is to have `rows` values, null.
inline void SetNull(Vector& out, size_t rows, size_t row) {
  out.nulls.resize(rows);
  out.nulls[row] = 1;
}

/// Booleans say their nulls in their values.
inline void SetNulls(const std::vector<uint8_t>& nulls, std::vector<int8_t>& booleans) {
  for (size_t row = 0; row < nulls.size(); ++row) {
    if (nulls[row] != 0) booleans[row] = -1;
  }
}

/// out[row] = function(in[row]).
template <typename Out, typename In, typename F>
void Map(const std::vector<In>& in, std::vector<Out>& out, const F& function) {
  out.resize(in.size());
  for (size_t row = 0; row < in.size(); ++row) out[row] = function(in[row]);
}

}  // namespace roost::expr
