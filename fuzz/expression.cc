// The expression language: no text crashes the parser, the binder or the evaluator, and a row alone gives the same bits
// as among others.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/thread_pool.h"
#include "column/builder.h"
#include "column/value.h"
#include "expr/expression.h"

namespace {

using roost::column::BatchBuilder;
using roost::column::OwnedBatch;
using roost::column::Value;
using roost::expr::Kind;
using roost::expr::Values;

OwnedBatch Rows() {
  using Double = std::numeric_limits<double>;
  using Integer = std::numeric_limits<int64_t>;
  constexpr int64_t kDay = 86'400'000'000;
  BatchBuilder builder;
  builder
      .Numbers("x", {0.0, -0.0, 1.5, -2.0, Double::quiet_NaN(), Double::infinity(), -Double::infinity(), Double::max(),
                     Double::denorm_min(), std::nullopt})
      .Integers("i", {0, 1, -1, 42, 1 << 30, (int64_t{1} << 53) + 1, Integer::max(), Integer::min(), 7, std::nullopt})
      .Texts("s", {"", "a", "ATL", "Zürich", "\xff\xfe", "it's", " 12 ", "2001-04-01", "1e5", std::nullopt})
      .Times("t", {0, 11'413 * kDay, -1, kDay - 1, 253'402'300'800'000'000, -62'135'596'800'000'000, Integer::max(),
                   Integer::min(), 1, std::nullopt});
  return builder.Build();
}

// Whether `value` is what stands in row `row` of `values`.
bool AreSame(const Values& values, size_t row, const Value& value) {
  if (values.is_null[row] != 0) return std::holds_alternative<std::monostate>(value);
  const auto* number = std::get_if<double>(&value);
  const auto* text = std::get_if<std::string_view>(&value);
  const auto* micros = std::get_if<int64_t>(&value);
  switch (values.kind) {
    case Kind::kNumber:
      return number != nullptr && std::bit_cast<uint64_t>(values.numbers[row]) == std::bit_cast<uint64_t>(*number);
    case Kind::kText: return text != nullptr && values.texts[row] == *text;
    case Kind::kTime: return micros != nullptr && values.times[row] == *micros;
    case Kind::kBoolean: return number != nullptr && values.booleans[row] == *number;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const OwnedBatch batch = Rows();
  static const std::vector<roost::expr::Column> columns = roost::expr::ColumnsOf(batch.view());
  static roost::ThreadPool pool(1);

  const auto expression = roost::expr::Expression::Parse({reinterpret_cast<const char*>(data), size});
  if (!expression.ok()) return 0;
  const auto bound = expression->Bind(columns);
  if (!bound.ok()) return 0;
  const auto values = bound->Evaluate(batch.view(), {.pool = &pool});
  ROOST_CHECK(values.ok(), values.status());
  roost::expr::RowScratch scratch;
  Value single;
  for (int64_t row = 0; row < batch.view().num_rows(); ++row) {
    std::vector<Value> cells;
    for (const auto& column : batch.view().columns()) {
      cells.push_back(roost::column::ValueAt(column, *roost::column::KindOf(column.type()), row));
    }
    scratch.StartRow();
    const auto status = bound->EvaluateRow(cells, scratch, single);
    ROOST_CHECK(status.ok(), status);
    ROOST_CHECK(AreSame(*values, static_cast<size_t>(row), single), "row " << row << " alone has another value");
  }
  return 0;
}
