#include "rest/not_finite.h"

#include <cmath>

#include <gtest/gtest.h>

namespace roost::rest {
namespace {

TEST(NotFinite, TokensAreMarkedOutsideOfStrings) {
  EXPECT_EQ(MarkNotFinite(R"([NaN,-Infinity,Infinity,-1])"), R"([{"NaN":0},{"-Infinity":0},{"Infinity":0},-1])");
  EXPECT_EQ(MarkNotFinite(R"({"NaN":["NaN","\"NaN",NaN]})"), R"({"NaN":["NaN","\"NaN",{"NaN":0}]})");
}

TEST(NotFinite, WithoutTokensThereIsNothingToDo) {
  for (const char* json : {"", "[1]", R"(["NaN"])", R"(["NaN)", R"("\)", "Nan", "infinity", "-Inf", "null"}) {
    EXPECT_EQ(MarkNotFinite(json), std::nullopt) << json;
  }
}

TEST(NotFinite, NumbersAreWrittenAsTensorFlowServingDoes) {
  std::string json;
  for (const double value : {0.5, 7.0, 1e300, -HUGE_VAL, HUGE_VAL, std::nan("")}) {
    AppendTfNumber(value, json);
    json.push_back(' ');
  }
  EXPECT_EQ(json, "0.5 7.0 1e+300 -Infinity Infinity NaN ");
}

}  // namespace
}  // namespace roost::rest
