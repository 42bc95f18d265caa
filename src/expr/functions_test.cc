#include <chrono>
#include <cmath>
#include <limits>
#include <optional>

#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "column/builder.h"
#include "expr/expression.h"
#include "expr/row_for_test.h"

namespace roost::expr {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// One row: x is NaN, big is infinite, t is 2024-02-29T13:45:59.25Z, a Thursday.
Values Evaluated(std::string_view text) {
  column::BatchBuilder builder;
  const auto batch = builder.Numbers("x", {kNan})
                         .Numbers("big", {kInfinity})
                         .Times("t", {1'709'214'359'250'000})
                         .Times("first", {std::numeric_limits<int64_t>::min()})
                         .Texts("bad", {"\xff\xfe"})
                         .Build();
  ThreadPool pool(1);
  const auto expression = Expression::Parse(text);
  EXPECT_TRUE(expression.ok()) << expression.status();
  const auto bound = expression->Bind(ColumnsOf(batch.view()));
  EXPECT_TRUE(bound.ok()) << bound.status();
  Values values = *bound->Evaluate(batch.view(), {.pool = &pool});
  ExpectRow(*bound, batch.view(), 0, values);
  return values;
}

// What the expression gives; nothing for null.
std::optional<double> Number(std::string_view text) {
  const Values values = Evaluated(text);
  EXPECT_EQ(values.kind, Kind::kNumber) << text;
  return values.is_null[0] != 0 ? std::nullopt : std::optional<double>(values.numbers[0]);
}
std::optional<std::string> Text(std::string_view text) {
  const Values values = Evaluated(text);
  EXPECT_EQ(values.kind, Kind::kText) << text;
  return values.is_null[0] != 0 ? std::nullopt : std::optional<std::string>(values.texts[0]);
}
int Boolean(std::string_view text) { return Evaluated(text).booleans.at(0); }

TEST(Functions, NumbersAreRoundedHalfAwayFromZero) {
  EXPECT_EQ(Number("round(2.5)"), 3);
  EXPECT_EQ(Number("round(-2.5)"), -3);
  EXPECT_EQ(Number("round(0.49999999999999994)"), 0);
  EXPECT_EQ(Number("round(2.345, 1)"), 2.3);
  EXPECT_EQ(Number("round(-1.25, 1)"), -1.3);
  EXPECT_EQ(Number("round(1234.5, -2)"), 1200);
  EXPECT_EQ(Number("round(1e300, 20)"), 1e300);
  EXPECT_EQ(Number("round(4503599627370497, 2)"), 4503599627370497);
  EXPECT_EQ(Number("round(1, 0.5)"), std::nullopt);
  EXPECT_EQ(Number("round(1, 23)"), std::nullopt);
  EXPECT_TRUE(std::isnan(*Number("round(x, 1)")));
  EXPECT_EQ(Number("floor(-1.5)"), -2);
  EXPECT_EQ(Number("ceil(-1.5)"), -1);
}

TEST(Functions, WhatHasNoResultIsNullAndNanStaysNan) {
  EXPECT_EQ(Number("sqrt(9)"), 3);
  EXPECT_EQ(Number("sqrt(-1)"), std::nullopt);
  EXPECT_EQ(Number("ln(1)"), 0);
  EXPECT_EQ(Number("ln(0)"), std::nullopt);
  EXPECT_EQ(Number("log10(1000)"), 3);
  EXPECT_EQ(Number("log10(-1)"), std::nullopt);
  EXPECT_EQ(Number("exp(0)"), 1);
  EXPECT_EQ(Number("exp(1000)"), kInfinity);
  EXPECT_EQ(Number("pow(2, 10)"), 1024);
  EXPECT_EQ(Number("pow(-8, 1 / 3)"), std::nullopt);
  EXPECT_EQ(Number("pow(0, -1)"), std::nullopt);
  EXPECT_EQ(Number("pow(0, 0)"), 1);
  EXPECT_TRUE(std::isnan(*Number("ln(x)")));
  EXPECT_TRUE(std::isnan(*Number("sqrt(x)")));
}

TEST(Functions, TheRemainderHasTheSignOfTheDividend) {
  EXPECT_EQ(Number("7 % 3"), 1);
  EXPECT_EQ(Number("-7 % 3"), -1);
  EXPECT_EQ(Number("7 % -3"), 1);
  EXPECT_EQ(Number("5.5 % 2"), 1.5);
  EXPECT_EQ(Number("1e300 % 7"), std::fmod(1e300, 7));
  EXPECT_EQ(Number("7 % 0"), std::nullopt);
  EXPECT_EQ(Number("2 + 7 % 4 * 2"), 8);
}

TEST(Functions, SignsAndTestsOfNumbers) {
  EXPECT_EQ(Number("sign(-3)"), -1);
  EXPECT_EQ(Number("sign(0)"), 0);
  EXPECT_EQ(Number("sign(1e-300)"), 1);
  EXPECT_TRUE(std::isnan(*Number("sign(x)")));
  EXPECT_EQ(Boolean("is_finite(1)"), 1);
  EXPECT_EQ(Boolean("is_finite(x)"), 0);
  EXPECT_EQ(Boolean("is_finite(big)"), 0);
  EXPECT_EQ(Boolean("is_finite(null)"), -1);
}

TEST(Functions, TheLeastAndTheGreatestOfSeveral) {
  EXPECT_EQ(Number("min(3, 1, 2)"), 1);
  EXPECT_EQ(Number("max(3, 1, 2)"), 3);
  EXPECT_EQ(Number("min(3, null)"), std::nullopt);
  EXPECT_TRUE(std::isnan(*Number("max(1, x, 2)")));
  EXPECT_TRUE(std::isnan(*Number("min(x, 1)")));
  EXPECT_EQ(Text("min('b', 'a')"), "a");
  EXPECT_EQ(Boolean("max(t, '2024-03-01') == '2024-03-01'"), 1);
}

TEST(Functions, CoalesceTakesTheFirstThatIsThere) {
  EXPECT_EQ(Number("coalesce(null, 1 / 0, 3, 4)"), 3);
  EXPECT_EQ(Number("coalesce(null, 1 / 0)"), std::nullopt);
  EXPECT_TRUE(std::isnan(*Number("coalesce(x, 3)")));  // NaN is a value
  EXPECT_EQ(Text("coalesce(null, 'b')"), "b");
  EXPECT_EQ(Boolean("coalesce(null, true)"), 1);
}

TEST(Functions, IfTakesTheValueOfTheFirstTrueCondition) {
  EXPECT_EQ(Text("if(1 > 2, 'a', 'b')"), "b");
  EXPECT_EQ(Text("if(1 < 2, 'a', 2 < 3, 'b', 'c')"), "a");
  EXPECT_EQ(Text("if(1 > 2, 'a', 2 < 3, 'b', 'c')"), "b");
  EXPECT_EQ(Text("if(null, 'a', 'c')"), "c");  // unknown is not true
  EXPECT_EQ(Number("if(true, null, 1)"), std::nullopt);
  EXPECT_EQ(Boolean("if(true, 1 > 2, null)"), 0);
}

TEST(Functions, BetweenHasBothEnds) {
  EXPECT_EQ(Boolean("1 between 1 and 2"), 1);
  EXPECT_EQ(Boolean("2 between 1 and 2"), 1);
  EXPECT_EQ(Boolean("3 between 1 and 2"), 0);
  EXPECT_EQ(Boolean("3 not between 1 and 2"), 1);
  EXPECT_EQ(Boolean("x between 1 and 2"), -1);
  EXPECT_EQ(Boolean("3 between 1 / 0 and 2"), 0);  // above 2, whatever the other end is
  EXPECT_EQ(Boolean("2 between 1 / 0 and 2"), -1);
  EXPECT_EQ(Boolean("t between '2024-01-01' and '2024-12-31'"), 1);
  EXPECT_EQ(Boolean("'b' between 'a' and 'c' and true"), 1);
}

TEST(Functions, TextsAreCutByCharacters) {
  EXPECT_EQ(Text("substring('Zürich', 2)"), "ürich");
  EXPECT_EQ(Text("substring('Zürich', 2, 2)"), "ür");
  EXPECT_EQ(Text("substring('Zürich', -3, 2)"), "ic");
  EXPECT_EQ(Text("substring('abc', -5)"), "abc");
  EXPECT_EQ(Text("substring('abc', 4)"), "");
  EXPECT_EQ(Text("substring('abc', 2, 99)"), "bc");
  EXPECT_EQ(Text("substring('abc', 0)"), std::nullopt);
  EXPECT_EQ(Text("substring('abc', 1.5)"), std::nullopt);
  EXPECT_EQ(Text("substring('abc', 1, -1)"), std::nullopt);
  EXPECT_EQ(Number("length('Zürich')"), 6);
  EXPECT_EQ(Number("bytes('Zürich')"), 7);
}

TEST(Functions, TextsAreChanged) {
  EXPECT_EQ(Text("upper('straße é')"), "STRAßE é");
  EXPECT_EQ(Text("lower('ÄBC')"), "Äbc");
  EXPECT_EQ(Text("trim('  a b\t\n')"), "a b");
  EXPECT_EQ(Text("trim('   ')"), "");
  EXPECT_EQ(Text("replace('aXbXc', 'X', '--')"), "a--b--c");
  EXPECT_EQ(Text("replace('aaa', 'aa', 'b')"), "ba");
  EXPECT_EQ(Text("replace('abc', '', 'x')"), "abc");
  EXPECT_EQ(Text("'a' || 'b' || 'c'"), "abc");
  EXPECT_EQ(Text("'a' || null"), std::nullopt);
  EXPECT_EQ(Boolean("'a' || 'b' == 'ab'"), 1);
}

TEST(Functions, ReplacementsThatWouldFillTheMemoryAreNull) {
  std::string text = "'aaaaaaaaaaaaaaaa'";
  for (int i = 0; i < 20; ++i) text = "replace(" + text + ", 'a', 'aaaaaaaaaaaaaaaa')";
  EXPECT_EQ(Text(text), std::nullopt);
}

TEST(Functions, TextsAreLookedThrough) {
  EXPECT_EQ(Boolean("contains('haystack', 'st')"), 1);
  EXPECT_EQ(Boolean("contains('haystack', 'x')"), 0);
  EXPECT_EQ(Boolean("starts_with('haystack', 'hay')"), 1);
  EXPECT_EQ(Boolean("ends_with('haystack', 'hay')"), 0);
  EXPECT_EQ(Boolean("ends_with('haystack', '')"), 1);
  EXPECT_EQ(Boolean("contains(null, 'x')"), -1);
  EXPECT_EQ(Boolean("contains('x', null)"), -1);
}

TEST(Functions, APatternIsOfTheWholeText) {
  EXPECT_EQ(Boolean("matches('AB-1234', '[A-Z]{2}-[0-9]{4}')"), 1);
  EXPECT_EQ(Boolean("matches('AB-12345', '[A-Z]{2}-[0-9]{4}')"), 0);
  EXPECT_EQ(Boolean("matches('xAB-1234', '.*[0-9]{4}')"), 1);
  EXPECT_EQ(Boolean("matches('straße', '\\pL+')"), 1);
  EXPECT_EQ(Boolean("matches('ABC', '(?i)abc')"), 1);
  EXPECT_EQ(Boolean("matches(null, 'x')"), -1);
  EXPECT_EQ(Boolean("matches(bad, '.*')"), 0);
  // What takes other engines years.
  EXPECT_EQ(Boolean("matches('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab', '(a*)*c')"), 0);
}

TEST(Functions, TextsBecomeNumbersAndBack) {
  EXPECT_EQ(Number("number('-12.5')"), -12.5);
  EXPECT_EQ(Number("number('+1e3')"), 1000);
  EXPECT_EQ(Number("number('.5')"), 0.5);
  for (const std::string_view none : {"", " 1", "1 ", "1,5", "nan", "-inf", "0x10", "--1", "1e999", "-"}) {
    EXPECT_EQ(Number("number('" + std::string(none) + "')"), std::nullopt) << none;
  }
  EXPECT_EQ(Text("text(100000)"), "100000");
  EXPECT_EQ(Text("text(-0.1)"), "-0.1");
  EXPECT_EQ(Text("text(1 / 3)"), "0.3333333333333333");
  EXPECT_EQ(Text("text(x)"), "nan");
  EXPECT_EQ(Text("text(-x)"), "nan");
}

TEST(Functions, PartsOfTimes) {
  EXPECT_EQ(Number("year(t)"), 2024);
  EXPECT_EQ(Number("month(t)"), 2);
  EXPECT_EQ(Number("day(t)"), 29);
  EXPECT_EQ(Number("hour(t)"), 13);
  EXPECT_EQ(Number("minute(t)"), 45);
  EXPECT_EQ(Number("second(t)"), 59);
  EXPECT_EQ(Number("weekday(t)"), 4);
  EXPECT_EQ(Number("day_of_year(t)"), 60);
  EXPECT_EQ(Number("day_of_year('2023-12-31')"), 365);
  EXPECT_EQ(Number("second('1969-12-31T23:59:58Z')"), 58);
  EXPECT_EQ(Number("year(first)"), -290'308);
  EXPECT_EQ(Number("hour(first)"), 19);
}

TEST(Functions, TimesAreCutToTheirSteps) {
  const auto cut = [](std::string_view step, std::string_view to) {
    return Boolean("date_trunc('" + std::string(step) + "', t) == '" + std::string(to) + "'");
  };
  EXPECT_EQ(cut("second", "2024-02-29T13:45:59Z"), 1);
  EXPECT_EQ(cut("minute", "2024-02-29T13:45Z"), 1);
  EXPECT_EQ(cut("hour", "2024-02-29T13:00Z"), 1);
  EXPECT_EQ(cut("day", "2024-02-29"), 1);
  EXPECT_EQ(cut("week", "2024-02-26"), 1);
  EXPECT_EQ(cut("month", "2024-02-01"), 1);
  EXPECT_EQ(cut("quarter", "2024-01-01"), 1);
  EXPECT_EQ(cut("year", "2024-01-01"), 1);
  EXPECT_EQ(Boolean("date_trunc('week', time('1969-12-31')) == '1969-12-29'"), 1);
  EXPECT_EQ(Boolean("date_trunc('year', first) is null"), 1);  // that year began before the first time there is
}

TEST(Functions, TimesAndSecondsAddUp) {
  EXPECT_EQ(Boolean("t + days(1) - hours(2) + minutes(1) == '2024-03-01T11:46:59.25Z'"), 1);
  EXPECT_EQ(Boolean("0.5 + t == '2024-02-29T13:45:59.75Z'"), 1);
  EXPECT_EQ(Number("t - '2024-02-29T13:45:00Z'"), 59.25);
  EXPECT_EQ(Number("time('2024-03-01') - time('2024-02-28')"), 172'800);
  EXPECT_EQ(Boolean("t + x is null"), 1);
  EXPECT_EQ(Boolean("t + big is null"), 1);
  EXPECT_EQ(Boolean("first - 1 is null"), 1);
  EXPECT_EQ(Boolean("t + null is null"), 1);
  EXPECT_EQ(Boolean("time('2024-13-01') is null"), 1);
  EXPECT_EQ(Boolean("time('2024-02-29 13:45:59.25Z') == t"), 1);
}

// The calendar of the standard library, over four centuries and some.
TEST(Functions, TheCalendarIsThatOfTheStandardLibrary) {
  using std::chrono::sys_days, std::chrono::year_month_day, std::chrono::days;
  std::vector<std::optional<int64_t>> times;
  for (int day = -180'000; day < 20'000; ++day) times.push_back(int64_t{day} * 86'400'000'000);
  column::BatchBuilder builder;
  const auto batch = builder.Times("t", times).Build();
  ThreadPool pool(1);
  const auto numbers = [&](std::string_view text) {
    return Expression::Parse(text)->Bind(ColumnsOf(batch.view()))->Evaluate(batch.view(), {.pool = &pool})->numbers;
  };
  const auto years = numbers("year(t)");
  const auto months = numbers("month(t)");
  const auto day_numbers = numbers("day(t)");
  const auto of_year = numbers("day_of_year(t)");
  const auto month_begins = numbers("date_trunc('month', t) - '1970-01-01'");
  for (size_t i = 0; i < times.size(); ++i) {
    const sys_days day{days(*times[i] / 86'400'000'000)};
    const year_month_day date(day);
    ASSERT_EQ(years[i], static_cast<int>(date.year()));
    ASSERT_EQ(months[i], static_cast<unsigned>(date.month()));
    ASSERT_EQ(day_numbers[i], static_cast<unsigned>(date.day()));
    ASSERT_EQ(of_year[i], (day - sys_days(date.year() / 1 / 1)).count() + 1);
    ASSERT_EQ(month_begins[i], sys_days(date.year() / date.month() / 1).time_since_epoch().count() * 86'400.0);
  }
}

}  // namespace
}  // namespace roost::expr
