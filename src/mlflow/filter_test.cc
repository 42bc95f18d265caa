#include "mlflow/filter.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::mlflow {
namespace {

using ::testing::HasSubstr;

bool HoldsOf(std::string_view filter, const std::map<std::string, std::string>& values) {
  const absl::StatusOr<std::vector<Condition>> conditions = ParseFilter(filter);
  EXPECT_TRUE(conditions.ok()) << conditions.status();
  return Holds(*conditions, [&values](const std::string& field) {
    const auto found = values.find(field);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(Filter, TakesConditionsWithAndBetweenThem) {
  const auto parsed = ParseFilter("name ILIKE 'Late%' and tags.`a key` != \"x y\" AND version_number>=3");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, (std::vector<Condition>{
                         {"name", "ILIKE", "Late%"}, {"tags.a key", "!=", "x y"}, {"version_number", ">=", "3"}}));
  EXPECT_TRUE(ParseFilter(" ")->empty());
}

TEST(Filter, SaysWhereItIsWrong) {
  for (const char* wrong : {"name", "name =", "= 'x'", "name = 'x", "name = x", "name = 'a' OR name = 'b'",
                            "name IN ('a')", "name = 'a' name = 'b'", "'"}) {
    const auto parsed = ParseFilter(wrong);
    ASSERT_FALSE(parsed.ok()) << wrong;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("the filter is wrong at byte")) << wrong;
  }
}

TEST(Filter, ComparesTextsAndNumbers) {
  const std::map<std::string, std::string> values{{"name", "late-flights"}, {"version_number", "10"}};
  EXPECT_TRUE(HoldsOf("", values));
  EXPECT_TRUE(HoldsOf("name = 'late-flights' AND version_number > 9", values));
  EXPECT_FALSE(HoldsOf("version_number < 9", values));
  EXPECT_TRUE(HoldsOf("version_number <= 10", values));
  EXPECT_FALSE(HoldsOf("name != 'late-flights'", values));
  EXPECT_FALSE(HoldsOf("run_id != 'x'", values)) << "there is no run_id";
}

TEST(Filter, LikeKnowsPercentAndUnderscore) {
  EXPECT_TRUE(IsLike("late-flights", "late%", false));
  EXPECT_TRUE(IsLike("late-flights", "%fl_ghts", false));
  EXPECT_TRUE(IsLike("aab", "%ab", false)) << "the first a is not the one that is meant";
  EXPECT_TRUE(IsLike("", "%%", false));
  EXPECT_FALSE(IsLike("late-flights", "late", false));
  EXPECT_FALSE(IsLike("late-flights", "LATE%", false));
  EXPECT_TRUE(IsLike("late-flights", "LATE%", true));
  EXPECT_FALSE(IsLike("", "_", false));
}

}  // namespace
}  // namespace roost::mlflow
