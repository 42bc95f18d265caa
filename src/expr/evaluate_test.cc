#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "column/builder.h"
#include "expr/expression.h"
#include "expr/functions.h"
#include "expr/row_for_test.h"

namespace roost::expr {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kMicrosPerDay = 86'400'000'000;

Values Evaluated(std::string_view text, const column::BatchView& batch, size_t threads = 1) {
  ThreadPool pool(threads);
  const Context context{.pool = &pool};
  const auto bound = Expression::Parse(text)->Bind(ColumnsOf(batch));
  EXPECT_TRUE(bound.ok()) << bound.status();
  auto values = bound->Evaluate(batch, context);
  EXPECT_TRUE(values.ok()) << values.status();
  return *std::move(values);
}

// The value of an expression without columns.
double Number(std::string_view text) { return Evaluated(text, column::BatchView(1, {})).numbers.at(0); }
int Boolean(std::string_view text) { return Evaluated(text, column::BatchView(1, {})).booleans.at(0); }
bool IsNull(std::string_view text) { return Evaluated(text, column::BatchView(1, {})).is_null.at(0) == 1; }

TEST(Evaluate, OperatorsBindAsInSql) {
  EXPECT_EQ(Number("1 + 2 * 3"), 7);
  EXPECT_EQ(Number("(1 + 2) * 3"), 9);
  EXPECT_EQ(Number("10 - 4 - 3"), 3);
  EXPECT_EQ(Number("24 / 4 / 2"), 3);
  EXPECT_EQ(Number("-2 * -3"), 6);
  EXPECT_EQ(Number("- -2"), 2);
  EXPECT_EQ(Boolean("true or true and false"), 1);
  EXPECT_EQ(Boolean("not false and false"), 0);
  EXPECT_EQ(Boolean("not 1 == 2"), 1);
  EXPECT_EQ(Boolean("1 + 1 == 2 AND 'a' < 'b'"), 1);
  EXPECT_EQ(Boolean("-1 in (-1, 2)"), 1);
  EXPECT_EQ(Boolean("3 not in (1, 2)"), 1);
  EXPECT_EQ(Boolean("'it''s' == 'it''s'"), 1);
  EXPECT_EQ(Boolean("true == true"), 1);
  EXPECT_EQ(Boolean("true in (false)"), 0);
}

TEST(Evaluate, LogicHasThreeValues) {
  EXPECT_EQ(Boolean("null and false"), 0);
  EXPECT_EQ(Boolean("null and true"), -1);
  EXPECT_EQ(Boolean("null or true"), 1);
  EXPECT_EQ(Boolean("null or false"), -1);
  EXPECT_EQ(Boolean("not null"), -1);
  EXPECT_EQ(Boolean("null is null"), 1);
  EXPECT_EQ(Boolean("null + 1 is null"), 1);
  EXPECT_EQ(Boolean("null + 1 > 0"), -1);
  EXPECT_EQ(Boolean("null + 1 in (1)"), -1);
  EXPECT_EQ(Boolean("(null or false) is not null"), 0);
  EXPECT_TRUE(IsNull("lower(null)"));
}

TEST(Evaluate, DivisionByZeroIsNull) {
  EXPECT_TRUE(IsNull("1 / 0"));
  EXPECT_TRUE(IsNull("0 / 0"));
  EXPECT_EQ(Boolean("1 / 0 > 3"), -1);
  EXPECT_EQ(Boolean("3 / 2 is null"), 0);
}

TEST(Evaluate, WhatIsComparedWithNanIsUnknown) {
  column::BatchBuilder builder;
  const auto batch = builder.Numbers("x", {kNan, 1.0, std::nullopt}).Build();
  EXPECT_EQ(Evaluated("x > 0", batch.view()).booleans, (std::vector<int8_t>{-1, 1, -1}));
  EXPECT_EQ(Evaluated("x == x", batch.view()).booleans, (std::vector<int8_t>{-1, 1, -1}));
  EXPECT_EQ(Evaluated("x in (1)", batch.view()).booleans, (std::vector<int8_t>{-1, 1, -1}));
  EXPECT_EQ(Evaluated("x is null", batch.view()).booleans, (std::vector<int8_t>{0, 0, 1}));
  EXPECT_EQ(Evaluated("is_nan(x)", batch.view()).booleans, (std::vector<int8_t>{1, 0, -1}));
}

TEST(Evaluate, TimesAreComparedWithTexts) {
  column::BatchBuilder builder;
  // 2001-04-01 was a Sunday, day 11,413 since 1970.
  const int64_t april = 11'413 * kMicrosPerDay;
  const auto batch = builder.Times("date", {april - 1, april, april + 13 * 3'600'000'000, std::nullopt}).Build();
  EXPECT_EQ(Evaluated("date >= '2001-04-01'", batch.view()).booleans, (std::vector<int8_t>{0, 1, 1, -1}));
  EXPECT_EQ(Evaluated("'2001-04-01 00:00' == date", batch.view()).booleans, (std::vector<int8_t>{0, 1, 0, -1}));
  EXPECT_EQ(Evaluated("date in ('2001-04-01T15:00:00+02:00')", batch.view()).booleans,
            (std::vector<int8_t>{0, 0, 1, -1}));
  EXPECT_EQ(Evaluated("date < '2001-03-31T23:59:59.999999Z'", batch.view()).booleans,
            (std::vector<int8_t>{0, 0, 0, -1}));
  EXPECT_EQ(Evaluated("date - '2001-04-01'", batch.view()).numbers, (std::vector<double>{-1e-6, 0, 46'800, 0}));
  EXPECT_EQ(Evaluated("hour(date)", batch.view()).numbers, (std::vector<double>{23, 0, 13, 0}));
  EXPECT_EQ(Evaluated("weekday(date)", batch.view()).numbers, (std::vector<double>{6, 7, 7, 0}));
  EXPECT_EQ(Evaluated("month(date)", batch.view()).numbers, (std::vector<double>{3, 4, 4, 0}));
  EXPECT_EQ(Evaluated("year(date)", batch.view()).numbers, (std::vector<double>{2001, 2001, 2001, 0}));
}

TEST(Evaluate, TimesThatAreNoneAreRefused) {
  const std::vector<Column> columns = {{"date", Kind::kTime}};
  for (const std::string_view time : {"2001", "2001-4-1", "2001-02-29", "2001-13-01", "2001-04-01T", "2001-04-01T24:00",
                                      "2001-04-01T13", "2001-04-01T13:30:00.", "2001-04-01T13:30:00X",
                                      "2001-04-01T13:30+2", "2001-04-01Z", "2001-04-01T13:30Z ", ""}) {
    const auto expression = Expression::Parse("date == '" + std::string(time) + "'");
    EXPECT_FALSE(expression->Bind(columns).ok()) << time;
  }
}

TEST(Evaluate, TextFunctionsCountCharacters) {
  column::BatchBuilder builder;
  const auto batch = builder.Texts("name", {"Zürich", "", std::nullopt}).Build();
  EXPECT_EQ(Evaluated("length(name)", batch.view()).numbers, (std::vector<double>{6, 0, 0}));
  const Values lower = Evaluated("lower(name)", batch.view());
  EXPECT_EQ(lower.texts, (std::vector<std::string_view>{"zürich", "", ""}));
  EXPECT_EQ(lower.is_null, (std::vector<uint8_t>{0, 0, 1}));
  EXPECT_EQ(Evaluated("lower(name) in ('zürich', 'bern')", batch.view()).booleans, (std::vector<int8_t>{1, 0, -1}));
}

// 1,000 rows that become 1 MiB each: what they become is never there all at once.
TEST(Evaluate, ReplacementsOfManyRowsTakeLittleMemory) {
  const auto peak_mebibytes = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
  };
  column::BatchBuilder builder;
  const auto batch = builder.Texts("x", std::vector<std::optional<std::string>>(1000, std::string(1000, 'a'))).Build();
  const std::string text = "bytes(replace(x, 'a', '" + std::string(1040, 'b') + "')) == 1040000";
  const auto before = peak_mebibytes();
  EXPECT_EQ(Evaluated(text, batch.view()).booleans, std::vector<int8_t>(1000, 1));
  EXPECT_LT(peak_mebibytes() - before, 400);
}

TEST(Evaluate, OtherDataIsRefusedWithItsColumn) {
  ThreadPool pool(1);
  const Context context{.pool = &pool};
  const std::vector<Column> columns = {{"delay", Kind::kNumber}};
  const auto bound = Expression::Parse("delay > 15")->Bind(columns);
  column::BatchBuilder builder;
  const auto texts = builder.Texts("delay", {"late"}).Build();
  EXPECT_EQ(bound->Evaluate(texts.view(), context).status(),
            absl::InvalidArgumentError("column 'delay' is string here: the expression needs a number"));
  EXPECT_EQ(bound->Evaluate(column::BatchView(1, {}), context).status().code(), absl::StatusCode::kNotFound);
  const std::vector<column::Value> row = {std::string_view("late")};
  RowScratch scratch;
  column::Value result;
  EXPECT_EQ(bound->EvaluateRow(row, scratch, result),
            absl::InvalidArgumentError("the value of column 'delay' is no number"));
  EXPECT_EQ(bound->EvaluateRow({}, scratch, result), absl::InvalidArgumentError("a row of 0 values: 1 are needed"));
  EXPECT_EQ(
      std::string(Expression::Parse("delay")->Bind(columns)->EvaluateBoolean(texts.view(), context).status().message()),
      "the expression is a number, a boolean is needed");
  Cancellation cancellation;
  cancellation.Cancel();
  const auto numbers = builder.Numbers("delay", {1.0}).Build();
  EXPECT_EQ(bound->Evaluate(numbers.view(), {.pool = &pool, .cancellation = &cancellation}).status().code(),
            absl::StatusCode::kCancelled);
}

TEST(Evaluate, NoRowsGiveNoValues) {
  column::BatchBuilder builder;
  const auto batch = builder.Numbers("x", {}).Build();
  EXPECT_TRUE(Evaluated("x > 1 and true", batch.view()).booleans.empty());
}

TEST(Evaluate, ResultsOutliveTheExpression) {
  column::BatchBuilder builder;
  const auto batch = builder.Numbers("x", {1.0, 20.0}).Build();
  ThreadPool pool(1);
  Values values;
  {
    const auto bound = Expression::Parse("if(x > 15, 'late' || upper('!a'), 'on time')")->Bind(ColumnsOf(batch.view()));
    values = *bound->Evaluate(batch.view(), {.pool = &pool});
  }
  EXPECT_EQ(values.texts, (std::vector<std::string_view>{"on time", "late!A"}));
}

// A random expression of `kind` over the columns x, y (numbers), a, b (texts), s, t (times).
class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  std::string Of(Kind kind, int depth) {
    if (kind == Kind::kNumber) return NumberOf(depth);
    if (kind == Kind::kText) return TextOf(depth);
    if (kind == Kind::kTime) return TimeOf(depth);
    return BooleanOf(depth);
  }

  uint32_t Next() { return random_(); }
  std::string Pick(std::vector<std::string> choices) { return choices[random_() % choices.size()]; }

 private:
  std::string NumberOf(int depth) {
    if (depth == 0) return Pick({"x", "y", "0", "1.5", "-2"});
    const std::string inner = "(" + Of(Kind::kNumber, depth - 1);
    switch (random_() % 9) {
      case 0:
        return Pick({"abs", "sign", "round", "floor", "ceil", "sqrt", "ln", "log10", "exp", "days", "minutes"}) +
               inner + ")";
      case 1: return Pick({"length", "bytes", "number"}) + "(" + Of(Kind::kText, depth - 1) + ")";
      case 2:
        return Pick({"second", "minute", "hour", "day", "weekday", "day_of_year", "month", "year"}) + "(" +
               Of(Kind::kTime, depth - 1) + ")";
      case 3: return "(" + Of(Kind::kTime, depth - 1) + " - t)";
      case 4: return Pick({"pow", "round"}) + inner + ", " + Pick({"2", "-1", "0.5", "y"}) + ")";
      case 5: return Chosen(Kind::kNumber, depth, {"min", "max", "coalesce"});
      case 6: return Conditional(Kind::kNumber, depth);
      default: return inner + " " + Pick({"+", "-", "*", "/", "%"}) + " " + Of(Kind::kNumber, depth - 1) + ")";
    }
  }

  std::string TextOf(int depth) {
    if (depth == 0) return Pick({"a", "b", "lower(a)", "'x'", "'Yü'", "null", "''"});
    const std::string inner = "(" + Of(Kind::kText, depth - 1);
    switch (random_() % 6) {
      case 0: return Pick({"lower", "upper", "trim"}) + inner + ")";
      case 1: return "substring" + inner + ", " + Of(Kind::kNumber, 0) + Pick({")", ", 1)", ", y)"});
      case 2: return "replace" + inner + ", " + Of(Kind::kText, 0) + ", b)";
      case 3: return Chosen(Kind::kText, depth, {"min", "max", "coalesce"});
      case 4: return Conditional(Kind::kText, depth);
      default: return inner + " || " + Pick({"b", "'-'", "text(x)"}) + ")";
    }
  }

  std::string TimeOf(int depth) {
    if (depth == 0) return Pick({"s", "t", "time('2001-04-01T13:30Z')"});
    const std::string inner = Of(Kind::kTime, depth - 1);
    switch (random_() % 5) {
      case 4: return "time(" + Pick({"a", "'2001-04-01'", "b || '-02-28'"}) + ")";
      case 0: return "(" + inner + Pick({" + ", " - "}) + "hours(" + Of(Kind::kNumber, depth - 1) + "))";
      case 1:
        return "date_trunc(" +
               Pick({"'second'", "'minute'", "'hour'", "'day'", "'week'", "'month'", "'quarter'", "'year'"}) + ", " +
               inner + ")";
      case 2: return Chosen(Kind::kTime, depth, {"min", "max", "coalesce"});
      default: return Conditional(Kind::kTime, depth);
    }
  }

  std::string Chosen(Kind kind, int depth, std::vector<std::string> functions) {
    return Pick(std::move(functions)) + "(" + Of(kind, depth - 1) + ", " + Of(kind, 0) + ", " + Of(kind, 0) + ")";
  }

  std::string Conditional(Kind kind, int depth) {
    return "if(" + Of(Kind::kBoolean, depth - 1) + ", " + Of(kind, depth - 1) + ", " + Of(kind, 0) + ")";
  }

  std::string BooleanOf(int depth) {
    if (depth == 0) return Pick({"true", "false", "null", "x > 0", "a == b", "s < '2001-04-01'", "b in ('x', 'z')"});
    const std::string left = "(" + Of(Kind::kBoolean, depth - 1);
    switch (random_() % 13) {
      case 0: return "not " + left + ")";
      case 6: return Pick({"is_nan(", "is_finite("}) + Of(Kind::kNumber, depth - 1) + ")";
      case 7: return Pick({"contains(", "starts_with(", "ends_with("}) + Of(Kind::kText, depth - 1) + ", b)";
      case 8: return "matches(" + Of(Kind::kText, depth - 1) + ", '[a-z]?x*')";
      case 9: return "(" + Of(Kind::kNumber, depth - 1) + Pick({" between ", " not between "}) + "-1 and y)";
      case 1: return left + Pick({" and ", " or "}) + Of(Kind::kBoolean, depth - 1) + ")";
      case 2: return "(" + Of(Kind::kNumber, depth - 1) + Pick({" is null)", " is not null)", " in (0, 1, 1.5))"});
      case 3: return "(lower(a)" + Pick({" == ", " != ", " < ", " >= "}) + "b)";
      case 4: return "(s" + Pick({" == ", " <= ", " > "}) + "t)";
      default:
        return "(" + Of(Kind::kNumber, depth - 1) + Pick({" == ", " != ", " < ", " <= ", " > ", " >= "}) +
               Of(Kind::kNumber, depth - 1) + ")";
    }
  }

  std::mt19937 random_;
};

column::OwnedBatch RandomRows(Generator& generator, size_t rows) {
  const auto numbers = [&] {
    const std::vector<std::optional<double>> choices = {
        0.0, -0.0, 1.5, -2.0, 1e300, kNan, std::nullopt, std::numeric_limits<double>::infinity()};
    std::vector<std::optional<double>> values(rows);
    for (auto& value : values) value = choices[generator.Next() % choices.size()];
    return values;
  };
  const auto texts = [&] {
    std::vector<std::optional<std::string>> values(rows);
    for (auto& value : values) {
      if (generator.Next() % 5 != 0) value = generator.Pick({"", "x", "X", "Y", "z", "ü", "2024", "-1.5e3"});
    }
    return values;
  };
  const auto times = [&] {
    std::vector<std::optional<int64_t>> values(rows);
    for (auto& value : values) {
      const auto micros = static_cast<int64_t>(uint64_t{generator.Next()} << 32 | generator.Next());
      if (generator.Next() % 5 != 0) value = micros >> (generator.Next() % 40);
    }
    return values;
  };
  column::BatchBuilder builder;
  builder.Numbers("x", numbers()).Texts("a", texts()).Times("s", times());
  return builder.Numbers("y", numbers()).Texts("b", texts()).Times("t", times()).Build();
}

TEST(Evaluate, ARowGivesTheBitsOfItsBatchOnAnyNumberOfThreads) {
  Generator generator(20'010'401);
  ThreadPool one(1);
  ThreadPool three(3);
  std::string texts;
  for (int round = 0; round < 600; ++round) {
    const auto batch = RandomRows(generator, round == 0 ? 20'000 : 40);
    const std::string text = generator.Of(static_cast<Kind>(generator.Next() % 4), 1 + round % 4);
    texts += text;
    const std::vector<Column> columns = ColumnsOf(batch.view());
    const auto bound = Expression::Parse(text)->Bind(columns);
    ASSERT_TRUE(bound.ok()) << text << ": " << bound.status();
    const Values all = *bound->Evaluate(batch.view(), {.pool = &three});
    const Values again = *bound->Evaluate(batch.view(), {.pool = &one});
    ASSERT_EQ(all.is_null, again.is_null);
    ASSERT_EQ(all.texts, again.texts);
    for (int64_t row = 0; row < batch.view().num_rows(); ++row) {
      ExpectRow(*bound, batch.view(), row, all);
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << text << " in row " << row;
      if (all.kind != Kind::kNumber) continue;
      ASSERT_EQ(std::bit_cast<uint64_t>(again.numbers[row]), std::bit_cast<uint64_t>(all.numbers[row])) << text;
    }
    ASSERT_EQ(all.times, again.times);
    ASSERT_EQ(all.booleans, again.booleans);
  }
  for (const Signature& signature : Signatures()) {
    EXPECT_TRUE(texts.find(std::string(signature.name) + "(") != std::string::npos) << signature.name;
  }
}

}  // namespace
}  // namespace roost::expr
