#include <string>

#include <gtest/gtest.h>

#include "base/allocation_counter.h"
#include "column/builder.h"
#include "expr/expression.h"
#include "expr/row_for_test.h"

namespace roost::expr {
namespace {

column::OwnedBatch Flights() {
  column::BatchBuilder builder;
  std::vector<std::optional<double>> delays;
  std::vector<std::optional<std::string>> origins;
  std::vector<std::optional<int64_t>> times;
  for (int row = 0; row < 200; ++row) {
    delays.push_back(row % 7 == 0 ? std::nullopt : std::optional<double>(row * 1.37 - 20));
    origins.push_back("an airport's name, longer than a short string holds " + std::to_string(row % 10));
    times.push_back(row % 5 == 0 ? std::nullopt : std::optional<int64_t>(row * 7'777'777'777'777));
  }
  return builder.Numbers("delay", delays).Texts("origin", origins).Times("date", times).Build();
}

TEST(EvaluateRow, AllocatesNothingAfterTheFirstRow) {
  const column::OwnedBatch batch = Flights();
  std::vector<std::vector<column::Value>> rows;
  for (int64_t row = 0; row < batch.view().num_rows(); ++row) rows.push_back(RowOf(batch.view(), row));
  for (const std::string_view text :
       {"if(delay > 15 and hour(date) between 6 and 9, ln(1 + abs(delay)), sqrt(round(delay, 1)))",
        "upper(trim(origin)) || '-' || text(round(delay)) || replace(origin, 'airport', 'aerodrome')",
        "coalesce(number(substring(origin, -1, 1)), delay % 7, max(delay, 3, pow(delay, 2)))",
        "lower(origin) in ('a', 'b') or contains(origin, 'port') and starts_with(origin, 'an') or is_nan(delay)",
        "min(date_trunc('month', date) + days(2), time('2001-04-01T13:30Z'), date - minutes(5))",
        "if(matches(origin, '.*[0-4]'), origin, null)"}) {
    const auto bound = Expression::Parse(text)->Bind(ColumnsOf(batch.view()));
    ASSERT_TRUE(bound.ok()) << bound.status();
    RowScratch scratch;
    column::Value result;
    size_t present = 0;
    const auto run = [&](const std::vector<column::Value>& row) {
      scratch.StartRow();
      ASSERT_TRUE(bound->EvaluateRow(row, scratch, result).ok());
      if (!std::holds_alternative<std::monostate>(result)) ++present;
    };
    for (const auto& row : rows) run(row);
    const int64_t before = num_allocations;
    for (const auto& row : rows) run(row);
    EXPECT_EQ(num_allocations - before, 0) << text;
    EXPECT_GT(present, 0) << text;
  }
}

TEST(EvaluateRow, TextsOfARowStayUntilTheNext) {
  const std::vector<Column> columns = {{"name", Kind::kText}};
  const auto upper = Expression::Parse("upper(name) || '!'")->Bind(columns);
  const std::vector<column::Value> row = {std::string_view("zürich hauptbahnhof")};
  RowScratch scratch;
  column::Value first;
  ASSERT_TRUE(upper->EvaluateRow(row, scratch, first).ok());
  const std::vector<column::Value> derived = {first};
  for (int i = 0; i < 1000; ++i) {
    column::Value other;
    ASSERT_TRUE(upper->EvaluateRow(derived, scratch, other).ok());
    ASSERT_EQ(std::get<std::string_view>(other), "ZüRICH HAUPTBAHNHOF!!");
  }
  EXPECT_EQ(std::get<std::string_view>(first), "ZüRICH HAUPTBAHNHOF!");
}

TEST(EvaluateRow, WhatIsNotNeededIsNotComputed) {
  const std::vector<Column> columns = {{"name", Kind::kText}};
  const auto bound = Expression::Parse("if(name is null, replace(name, 'a', 'bb'), name)")->Bind(columns);
  const std::string text(1000, 'a');
  const std::vector<column::Value> row = {std::string_view(text)};
  RowScratch scratch;
  column::Value result;
  ASSERT_TRUE(bound->EvaluateRow(row, scratch, result).ok());
  EXPECT_EQ(std::get<std::string_view>(result).data(), text.data());  // the row's own
}

}  // namespace
}  // namespace roost::expr
