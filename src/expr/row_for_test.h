#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "column/batch.h"
#include "expr/expression.h"

namespace roost::expr {

/// A row of `batch` in the order of ColumnsOf, as EvaluateRow takes it.
inline std::vector<column::Value> RowOf(const column::BatchView& batch, int64_t row) {
  std::vector<column::Value> values;
  for (const column::ColumnView& column : batch.columns()) {
    values.push_back(column::ValueAt(column, *column::KindOf(column.type()), row));
  }
  return values;
}

/// EvaluateRow gives for `row` the bits that `all`, of Evaluate, has there.
inline void ExpectRow(const BoundExpression& bound, const column::BatchView& batch, int64_t row, const Values& all) {
  RowScratch scratch;
  column::Value result;
  const std::vector<column::Value> values = RowOf(batch, row);
  const absl::Status status = bound.EvaluateRow(values, scratch, result);
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(std::holds_alternative<std::monostate>(result), all.is_null.at(row) == 1);
  if (all.is_null[row] == 1) return;
  switch (all.kind) {
    case Kind::kNumber:
      ASSERT_EQ(std::bit_cast<uint64_t>(std::get<double>(result)), std::bit_cast<uint64_t>(all.numbers[row]));
      break;
    case Kind::kText: ASSERT_EQ(std::get<std::string_view>(result), all.texts[row]); break;
    case Kind::kTime: ASSERT_EQ(std::get<int64_t>(result), all.times[row]); break;
    case Kind::kBoolean: ASSERT_EQ(std::get<double>(result), all.booleans[row]);
  }
}

}  // namespace roost::expr
