#include "expr/expression.h"

#include <random>
#include <span>

#include <gtest/gtest.h>

#include "base/status.h"

namespace roost::expr {
namespace {

const std::vector<Column> kFlights = {{"date", Kind::kTime},         {"delay", Kind::kNumber},
                                      {"distance", Kind::kNumber},   {"origin", Kind::kText},
                                      {"cancelled", Kind::kBoolean}, {"arrival delay", Kind::kNumber}};

absl::StatusOr<BoundExpression> Bound(std::string_view text) {
  absl::StatusOr<Expression> expression = Expression::Parse(text);
  if (!expression.ok()) return expression.status();
  return expression->Bind(kFlights);
}

TEST(Expression, NamesItsColumnsOnceInTheOrderOfTheText) {
  const auto expression = Expression::Parse("distance > 3 and (delay < distance or `arrival delay` is null)");
  ASSERT_TRUE(expression.ok()) << expression.status();
  EXPECT_EQ(expression->columns(), (std::vector<std::string>{"distance", "delay", "arrival delay"}));
}

TEST(Expression, NamesMayHaveDotsAndQuotedParts) {
  const auto expression = Expression::Parse("baseline.delay.p99 < `arrival delay`.mean + `a.b` and in.top_share > 0.5");
  ASSERT_TRUE(expression.ok()) << expression.status();
  EXPECT_EQ(expression->columns(),
            (std::vector<std::string>{"baseline.delay.p99", "arrival delay.mean", "a.b", "in.top_share"}));
}

TEST(Expression, ALongListOfColumnsIsCutInMessages) {
  std::vector<Column> columns;
  for (int i = 0; i < 10'000; ++i) columns.push_back({"column" + std::to_string(i), Kind::kNumber});
  const absl::Status status = Expression::Parse("weather")->Bind(columns).status();
  EXPECT_LT(HintOf(status).size(), 500u);
  EXPECT_NE(HintOf(status).find("and 9970 more"), std::string::npos) << HintOf(status);
}

TEST(Expression, KnowsItsKind) {
  EXPECT_EQ(Bound("delay + 1")->kind(), Kind::kNumber);
  EXPECT_EQ(Bound("lower(origin)")->kind(), Kind::kText);
  EXPECT_EQ(Bound("date")->kind(), Kind::kTime);
  EXPECT_EQ(Bound("date - '2001-01-01'")->kind(), Kind::kNumber);
  EXPECT_EQ(Bound("delay > 15")->kind(), Kind::kBoolean);
  EXPECT_EQ(Bound("cancelled")->kind(), Kind::kBoolean);
  EXPECT_EQ(Bound("date + days(1)")->kind(), Kind::kTime);
  EXPECT_EQ(Bound("1 + date")->kind(), Kind::kTime);
  EXPECT_EQ(Bound("date - 1")->kind(), Kind::kTime);
  EXPECT_EQ(Bound("if(null, null, date)")->kind(), Kind::kTime);
  EXPECT_EQ(Bound("coalesce('2001-01-01', date)")->kind(), Kind::kTime);
  EXPECT_EQ(Bound("coalesce(null, 'x')")->kind(), Kind::kText);
  EXPECT_EQ(Bound("if(cancelled, null, null)")->kind(), Kind::kBoolean);
}

TEST(Expression, ABoundExpressionReadsOnlyItsColumns) {
  const auto bound = Bound("origin == 'ATL' and delay > 15");
  ASSERT_TRUE(bound.ok());
  ASSERT_EQ(bound->columns().size(), 2u);
  EXPECT_EQ(bound->columns()[0].name, "delay");
  EXPECT_EQ(bound->columns()[1].name, "origin");
}

struct Refusal {
  std::string text;
  std::string message;
  std::string hint;
};

// Each text is refused with its message and, where one is given, its hint.
void ExpectRefused(std::span<const Refusal> refusals) {
  for (const Refusal& refusal : refusals) {
    const auto bound = Bound(refusal.text);
    ASSERT_FALSE(bound.ok()) << refusal.text;
    EXPECT_EQ(bound.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(std::string(bound.status().message()), refusal.message);
    if (!refusal.hint.empty()) {
      EXPECT_EQ(HintOf(bound.status()), refusal.hint) << refusal.text;
    }
  }
}

TEST(Expression, EveryRefusalNamesThePlace) {
  const std::vector<Refusal> refusals = {
      {"", "at character 1: the expression is empty\n  \n  ^", ""},
      {"delay > ", "at character 9: want a column, a value or '(', got the end\n  delay > \n          ^", ""},
      {"delay 15", "at character 7: want an operator or the end, got '15'\n  delay 15\n        ^", ""},
      {"(delay > 15", "at character 12: want an operator or ')', got the end\n  (delay > 15\n             ^", ""},
      {"delay = 15", "at character 7: unexpected '='\n  delay = 15\n        ^", "write == to compare"},
      {"delay <> 15", "at character 7: unexpected '<'\n  delay <> 15\n        ^", "write !="},
      {"delay > 1 && true", "at character 11: unexpected '&'\n  delay > 1 && true\n            ^", "write 'and'"},
      {"origin == \"ATL\"", "at character 11: unexpected '\"'\n  origin == \"ATL\"\n            ^",
       "texts stand in single quotes, column names in backticks"},
      {"origin == 'ATL", "at character 11: this text has no closing quote\n  origin == 'ATL\n            ^", ""},
      {"`delay", "at character 1: this column name has no closing backtick\n  `delay\n  ^", ""},
      {"delay > 15min", "at character 9: this is no number\n  delay > 15min\n          ^", ""},
      {"delay > 1e999", "at character 9: this number is beyond a double's range\n  delay > 1e999\n          ^", ""},
      {"0 < delay < 15", "at character 11: comparisons cannot be chained\n  0 < delay < 15\n            ^",
       "write a < b and b < c"},
      {"delay is 3", "at character 10: want 'null', got '3'\n  delay is 3\n           ^", ""},
      {"delay in (1, null)",
       "at character 14: want a number, a 'text', true or false, got 'null'\n  delay in (1, null)\n               ^",
       ""},
      {"delayy > 15", "at character 1: no column 'delayy'\n  delayy > 15\n  ^", "did you mean 'delay'?"},
      {"weather > 15", "at character 1: no column 'weather'\n  weather > 15\n  ^",
       "the columns are date, delay, distance, origin, cancelled, arrival delay"},
      {"origin > 15", "at character 8: cannot compare origin (text) with 15 (number)\n  origin > 15\n         ^", ""},
      {"delay == null", "at character 7: a comparison with null is never true\n  delay == null\n        ^",
       "write 'is null' or 'is not null'"},
      {"date > 'May'",
       "at character 8: 'May' is no time: want '2001-04-01' or '2001-04-01T13:30:00Z'\n  date > 'May'\n         ^", ""},
      {"delay and true",
       "at character 7: 'and' needs booleans, got delay (number) and true (boolean)\n"
       "  delay and true\n        ^",
       ""},
      {"delay + origin",
       "at character 7: '+' needs numbers, got delay (number) and origin (text)\n"
       "  delay + origin\n        ^",
       ""},
      {"not delay", "at character 1: 'not' needs booleans, got delay (number)\n  not delay\n  ^", ""},
      {"origin in ('ATL', 3)",
       "at character 19: cannot look for origin (text) among values like 3 (number)\n"
       "  origin in ('ATL', 3)\n                    ^",
       ""},
      {"cancelled > false",
       "at character 11: booleans have no order: only == and != compare them\n"
       "  cancelled > false\n            ^",
       ""},
      {"'é' == 'é' and\ndelay",
       "at character 12: 'and' needs booleans, got 'é' == 'é' (boolean) and delay (number)\n"
       "  'é' == 'é' and\n             ^",
       ""},
  };
  ExpectRefused(refusals);
}

TEST(Expression, EveryRefusedOperatorNamesThePlace) {
  const std::vector<Refusal> refusals = {
      {"delay between 1 and 'x'",
       "at character 7: cannot compare delay (number) with 'x' (text)\n  delay between 1 and 'x'\n        ^", ""},
      {"delay between 1", "at character 16: want 'and', got the end\n  delay between 1\n                 ^", ""},
      {"delay between null and 2",
       "at character 15: a comparison with null is never true\n  delay between null and 2\n                ^", ""},
      {"cancelled between true and false",
       "at character 11: booleans have no order: 'between' takes none\n"
       "  cancelled between true and false\n            ^",
       ""},
      {"delay not 3", "at character 11: want 'in' or 'between', got '3'\n  delay not 3\n            ^", ""},
      {"origin || delay",
       "at character 8: '||' needs texts, got origin (text) and delay (number)\n  origin || delay\n         ^",
       "text(x) makes a text of a number"},
      {"cancelled || true",
       "at character 11: '||' needs texts, got cancelled (boolean) and true (boolean)\n"
       "  cancelled || true\n            ^",
       "for conditions write 'or'"},
      {"date + date", "at character 6: '+' needs numbers, got date (time) and date (time)\n  date + date\n       ^",
       "times go with seconds: date + days(2), date - hours(1.5), arrival - departure"},
      {"3 - date", "at character 3: '-' needs numbers, got 3 (number) and date (time)\n  3 - date\n    ^",
       "times go with seconds: date + days(2), date - hours(1.5), arrival - departure"},
      {"origin like 'A%'", "at character 8: want an operator or the end, got 'like'\n  origin like 'A%'\n         ^",
       "write starts_with(), ends_with(), contains() or matches()"},
      {"delay ** 2", "at character 7: unexpected '*'\n  delay ** 2\n        ^", "write pow(x, y)"},
      {"delay.mean > 3", "at character 1: no column 'delay.mean'\n  delay.mean > 3\n  ^", ""},
      {"delay. > 3", "at character 6: unexpected '.'\n  delay. > 3\n       ^", ""},
  };
  ExpectRefused(refusals);
}

TEST(Expression, EveryRefusedFunctionNamesThePlace) {
  const std::vector<Refusal> refusals = {
      {"uper(origin)", "at character 1: no function 'uper'\n  uper(origin)\n  ^", "did you mean 'upper'?"},
      {"concat(origin, 'x')", "at character 1: no function 'concat'\n  concat(origin, 'x')\n  ^", "write a || b"},
      {"round(1, 2, 3)", "at character 1: round() takes 1 or 2 values, got 3\n  round(1, 2, 3)\n  ^", ""},
      {"pow(2)", "at character 1: pow() takes 2 values, got 1\n  pow(2)\n  ^", ""},
      {"abs(1, 2)", "at character 1: abs() takes 1 value, got 2\n  abs(1, 2)\n  ^", ""},
      {"min(1)", "at character 1: min() takes at least 2 values, got 1\n  min(1)\n  ^", ""},
      {"pow(2, origin)",
       "at character 8: pow() needs a number as value 2, got origin (text)\n  pow(2, origin)\n         ^", ""},
      {"abs(1", "at character 6: want ',' or ')', got the end\n  abs(1\n       ^", ""},
      {"abs()", "at character 5: want a column, a value or '(', got ')'\n  abs()\n      ^", ""},
      {"if(delay > 1, 2)", "at character 1: if() takes at least 3 values, got 2\n  if(delay > 1, 2)\n  ^", ""},
      {"if(cancelled, 1, delay > 1, 2)",
       "at character 1: if() has no value for the rows where no condition is true\n"
       "  if(cancelled, 1, delay > 1, 2)\n  ^",
       "write if(condition, value, otherwise)"},
      {"if(delay, 1, 2)",
       "at character 4: if() needs a boolean as its condition, got delay (number)\n  if(delay, 1, 2)\n     ^", ""},
      {"if(cancelled, delay, origin)",
       "at character 22: if() needs values of one kind, got delay (number) and origin (text)\n"
       "  if(cancelled, delay, origin)\n                       ^",
       ""},
      {"coalesce(null, delay, 'x')",
       "at character 23: coalesce() needs values of one kind, got delay (number) and 'x' (text)\n"
       "  coalesce(null, delay, 'x')\n                        ^",
       ""},
      {"min(cancelled, true)", "at character 1: booleans have no order: min() takes none\n  min(cancelled, true)\n  ^",
       ""},
      {"matches(origin, 'A(')",
       "at character 17: this pattern cannot be read: missing ): A(\n  matches(origin, 'A(')\n                  ^", ""},
      {"matches(origin, lower(origin))",
       "at character 17: a pattern stands in quotes: it is checked before any row is read\n"
       "  matches(origin, lower(origin))\n                  ^",
       ""},
      {"date_trunc('fortnight', date)",
       "at character 12: date_trunc() cuts to 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter' or 'year'\n"
       "  date_trunc('fortnight', date)\n             ^",
       ""},
      {"hour(delay)", "at character 6: hour() needs a time, got delay (number)\n  hour(delay)\n       ^", ""},
  };
  ExpectRefused(refusals);
}

TEST(Expression, HasHardLimits) {
  EXPECT_FALSE(Expression::Parse(std::string(Expression::kMaxLength + 1, ' ')).ok());
  const auto repeated = [](std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  for (const std::string_view opening : {"(", "not ", "- ", "abs("}) {
    const auto deep = Expression::Parse(repeated(opening, 1000) + "delay");
    ASSERT_FALSE(deep.ok());
    EXPECT_NE(std::string(deep.status().message()).find("more than 200 operations"), std::string::npos)
        << deep.status();
  }
  EXPECT_TRUE(Bound("1" + repeated("-1", 199)).ok());
  EXPECT_FALSE(Bound("1" + repeated("-1", 200)).ok());
  EXPECT_TRUE(Bound(repeated("(", 200) + "delay" + repeated(")", 200)).ok());
}

TEST(Expression, ColumnsCanBeRenamedInItsText) {
  const auto renamed = [](std::string_view text) {
    const auto expression = Expression::Parse(text);
    EXPECT_TRUE(expression.ok()) << expression.status();
    return expression->Renamed([](const std::string& name) -> std::string {
      if (name == "length") return "arrival delay";
      if (name == "origin") return "or";
      if (name == "delay.mean") return "late.mean";
      return name == "a`b" ? "c`d" : name;
    });
  };
  EXPECT_EQ(renamed("length(origin)  >= length  and x != 'length'"),
            "length(`or`)  >= `arrival delay`  and x != 'length'");
  EXPECT_EQ(renamed("delay.mean < 3 and (delay > 1 or `a``b` is null)"),
            "late.mean < 3 and (delay > 1 or `c``d` is null)");
  EXPECT_EQ(renamed("`delay`.mean+1"), "late.mean+1");
}

TEST(Expression, NoTextCrashesTheParser) {
  const std::vector<std::string> words = {"delay",
                                          "origin",
                                          "`arrival delay`",
                                          "date",
                                          "cancelled",
                                          "1.5",
                                          "'x'",
                                          "(",
                                          ")",
                                          "+",
                                          "-",
                                          "*",
                                          "/",
                                          "==",
                                          "<",
                                          "and",
                                          "or",
                                          "not",
                                          "is",
                                          "null",
                                          "in",
                                          "between",
                                          "if",
                                          "coalesce",
                                          "matches",
                                          "||",
                                          "%",
                                          "delay.mean",
                                          ",",
                                          "abs",
                                          "true",
                                          "'2001-04-01'",
                                          "'",
                                          "\n",
                                          "\xff",
                                          "="};
  std::mt19937 random(7);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (size_t length = random() % 8; length > 0; --length) text += words[random() % words.size()] + " ";
    accepted += Bound(text).ok() ? 1 : 0;
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace roost::expr
