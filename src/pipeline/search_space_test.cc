#include "pipeline/search_space.h"

#include <cmath>
#include <map>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost::pipeline {
namespace {

using testing::HasSubstr;

SearchSpace Space(std::vector<Parameter> parameters) { return *SearchSpace::Make(std::move(parameters)); }

const std::vector<Parameter>& SomeParameters() {
  static const std::vector<Parameter> parameters = {{"rate", NumberRange{0.001, 1, true}},
                                                    {"share", NumberRange{0.5, 1}},
                                                    {"depth", IntegerRange{2, 8}},
                                                    {"rounds", IntegerRange{10, 1000, true}},
                                                    {"loss", Choice{{"logistic", "hinge"}}}};
  return parameters;
}

TEST(SearchSpace, TheSameSeedGivesTheSameTrials) {
  const SearchSpace space = Space(SomeParameters());
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(RandomTrial(space, 7, i), RandomTrial(space, 7, i));
  EXPECT_NE(RandomTrial(space, 7, 0), RandomTrial(space, 8, 0));
  EXPECT_NE(RandomTrial(space, 7, 0), RandomTrial(space, 7, 1));
}

// What a trial is must not change from one version of the program to the next: records name trials by their index.
TEST(SearchSpace, TrialsAreThoseOfEarlierPrograms) {
  const std::vector<ParameterValue> trial = RandomTrial(Space(SomeParameters()), 1, 0);
  const std::vector<ParameterValue> expected = {0.001655, 0.7484, int64_t{8}, int64_t{125}, "logistic"};
  EXPECT_EQ(trial, expected);
}

TEST(SearchSpace, AParameterMoreDoesNotChangeTheOthers) {
  std::vector<Parameter> fewer = SomeParameters();
  fewer.erase(fewer.begin());
  for (int64_t i = 0; i < 20; ++i) {
    std::vector<ParameterValue> all = RandomTrial(Space(SomeParameters()), 3, i);
    all.erase(all.begin());
    EXPECT_EQ(RandomTrial(Space(fewer), 3, i), all);
  }
}

TEST(SearchSpace, ValuesFillTheirRanges) {
  const SearchSpace space = Space(SomeParameters());
  constexpr int kTrials = 10'000;
  int below_a_tenth = 0;
  double sum = 0;
  std::map<int64_t, int> depths;
  std::map<std::string, int> losses;
  for (int64_t i = 0; i < kTrials; ++i) {
    const std::vector<ParameterValue> values = RandomTrial(space, 11, i);
    const double rate = std::get<double>(values[0]);
    ASSERT_TRUE(rate >= 0.001 && rate <= 1) << rate;
    below_a_tenth += rate < 0.1 ? 1 : 0;
    sum += std::get<double>(values[1]);
    ++depths[std::get<int64_t>(values[2])];
    const int64_t rounds = std::get<int64_t>(values[3]);
    ASSERT_TRUE(rounds >= 10 && rounds <= 1000) << rounds;
    ++losses[std::get<std::string>(values[4])];
  }
  EXPECT_NEAR(below_a_tenth, kTrials * 2 / 3.0, 200) << "two of three powers of ten";
  EXPECT_NEAR(sum / kTrials, 0.75, 0.01);
  ASSERT_EQ(depths.size(), 7U);
  for (const auto& [depth, count] : depths) EXPECT_NEAR(count, kTrials / 7.0, 200) << depth;
  EXPECT_EQ(losses.size(), 2U);
  EXPECT_NEAR(losses["hinge"], kTrials / 2.0, 200);
}

TEST(SearchSpace, NumbersAreShort) {
  const SearchSpace space = Space({{"rate", NumberRange{1e-6, 1, true}}});
  for (int64_t i = 0; i < 1000; ++i) {
    const double value = std::get<double>(RandomTrial(space, 5, i)[0]);
    const double scaled = value * std::pow(10, 3 - std::floor(std::log10(value)));
    EXPECT_NEAR(scaled, std::round(scaled), 1e-6) << value;
  }
}

TEST(SearchSpace, ARangeOfOneValueIsThatValue) {
  const SearchSpace space = Space({{"a", NumberRange{0.123456789, 0.123456789}},
                                   {"b", NumberRange{0.123456789, 0.123456790}},
                                   {"c", IntegerRange{5, 5, true}}});
  for (int64_t i = 0; i < 100; ++i) {
    const std::vector<ParameterValue> values = RandomTrial(space, 1, i);
    EXPECT_EQ(std::get<double>(values[0]), 0.123456789);
    EXPECT_TRUE(std::get<double>(values[1]) >= 0.123456789 && std::get<double>(values[1]) <= 0.123456790);
    EXPECT_EQ(std::get<int64_t>(values[2]), 5);
  }
}

TEST(SearchSpace, BadSpacesAreRefused) {
  const std::pair<std::vector<Parameter>, const char*> cases[] = {
      {{}, "no parameter"},
      {{{"a", NumberRange{}}, {"a", NumberRange{}}}, "'a': it comes twice"},
      {{{"a", NumberRange{2, 1}}}, "low (2) is above high (1)"},
      {{{"a", NumberRange{0, 1, true}}}, "begins above 0"},
      {{{"a", NumberRange{0, INFINITY}}}, "finite"},
      {{{"a", NumberRange{NAN, 1}}}, "finite"},
      {{{"a", IntegerRange{0, INT64_MAX}}}, "2^53"},
      {{{"a", Choice{}}}, "needs values"},
      {{{"a", Choice{{"x", "x"}}}}, "comes twice"},
  };
  for (const auto& [parameters, says] : cases) {
    const auto space = SearchSpace::Make(parameters);
    ASSERT_FALSE(space.ok()) << says;
    EXPECT_THAT(std::string(space.status().message()), HasSubstr(says));
  }
}

TEST(SearchSpace, IsReadBackFromJson) {
  const SearchSpace space = Space(SomeParameters());
  const auto read = SearchSpace::FromJson(space.ToJson());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, space);
  const SearchSpace whole = Space({{"a", NumberRange{1, 2}}});
  EXPECT_EQ(*SearchSpace::FromJson(*ParseJson(ToLine(whole.ToJson()), "")), whole) << "1.0 is no integer";
  for (const char* text : {"3", "[3]", "[{}]", R"([{"name": "a"}])", R"([{"name": "a", "choice": [1]}])",
                           R"([{"name": "a", "low": "x", "high": 2}])"}) {
    EXPECT_FALSE(SearchSpace::FromJson(*ParseJson(text, "")).ok()) << text;
  }
}

}  // namespace
}  // namespace roost::pipeline
