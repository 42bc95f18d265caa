#include "profile/figures.h"

#include <set>

#include <gtest/gtest.h>

namespace roost::profile {
namespace {

// 100 rows of a number, a text and a list of numbers in a struct.
ProfileSummary Flights() {
  ColumnSummary delay{.name = "delay", .type = column::Type::kInt64, .rows = 100, .missing = 20, .distinct = 40};
  delay.number = NumberSummary{.finite = 78, .zeros = 8, .negative = 16, .nan = 1, .positive_infinity = 1};
  delay.number->min = -5;
  delay.number->max = 95;
  delay.number->mean = 7.5;
  delay.number->standard_deviation = 3;
  for (int q = 0; q <= 100; ++q) delay.number->percentiles.push_back(q - 5);
  delay.number->order = OrderSummary{.rises = 70, .falls = 4, .repeats = 3, .greatest_gap = 60};
  ColumnSummary origin{.name = "origin", .type = column::Type::kString, .rows = 100, .distinct = 3};
  origin.text = TextSummary{.empty = 10, .min_length = 0, .max_length = 4, .mean_length = 2.5};
  origin.text->top = {{"ATL", 50}, {"ORD", 40}, {"", 10}};
  origin.text->entropy = 1.36;
  origin.text->patterns = {{.pattern = "AAA", .share = 0.9, .example = "ATL"}};
  ColumnSummary values{.name = "stops.delays[]", .type = column::Type::kFloat64, .rows = 12, .distinct = 12};
  values.number = NumberSummary{.finite = 12, .mean = 2};
  ColumnSummary delays{.name = "stops.delays", .type = column::Type::kOther, .rows = 100, .missing = 0};
  delays.list = ListSummary{.empty = 96, .total = 12, .min_length = 0, .max_length = 5, .mean_length = 0.12};
  delays.children = {values};
  ColumnSummary stops{.name = "stops", .type = column::Type::kOther, .rows = 100};
  stops.children = {delays};
  ProfileSummary summary{.rows = 100};
  summary.duplicate_share = 0.02;
  summary.columns = {delay, origin, stops};
  return summary;
}

std::optional<double> ValueOf(std::string_view name) {
  const std::vector<std::string> names = {std::string(name)};
  const std::vector<Figure> figures = FiguresOf(Flights(), names);
  EXPECT_EQ(figures.size(), 1u) << name;
  return figures.empty() ? std::nullopt : figures[0].value;
}

TEST(Figures, OfTheWhole) {
  EXPECT_EQ(ValueOf("rows"), 100);
  EXPECT_EQ(ValueOf("columns"), 3);
  EXPECT_EQ(ValueOf("duplicate_share"), 0.02);
  EXPECT_EQ(ValueOf("weight"), std::nullopt);
}

TEST(Figures, OfNumbers) {
  EXPECT_EQ(ValueOf("delay.rows"), 100);
  EXPECT_EQ(ValueOf("delay.missing"), 20);
  EXPECT_EQ(ValueOf("delay.missing_share"), 0.2);
  EXPECT_EQ(ValueOf("delay.present"), 80);
  EXPECT_EQ(ValueOf("delay.distinct_share"), 0.5);
  EXPECT_EQ(ValueOf("delay.zero_share"), 0.1);
  EXPECT_EQ(ValueOf("delay.negative_share"), 0.2);
  EXPECT_EQ(ValueOf("delay.nan_share"), 1.0 / 80);
  EXPECT_EQ(ValueOf("delay.infinite"), 1);
  EXPECT_EQ(ValueOf("delay.min"), -5);
  EXPECT_EQ(ValueOf("delay.max"), 95);
  EXPECT_EQ(ValueOf("delay.mean"), 7.5);
  EXPECT_EQ(ValueOf("delay.standard_deviation"), 3);
  EXPECT_EQ(ValueOf("delay.p1"), -4);
  EXPECT_EQ(ValueOf("delay.p99"), 94);
  EXPECT_EQ(ValueOf("delay.greatest_gap"), 60);
  EXPECT_EQ(ValueOf("delay.skewness"), std::nullopt);
}

TEST(Figures, OfTexts) {
  EXPECT_EQ(ValueOf("origin.empty_share"), 0.1);
  EXPECT_EQ(ValueOf("origin.max_length"), 4);
  EXPECT_EQ(ValueOf("origin.entropy"), 1.36);
  EXPECT_EQ(ValueOf("origin.top_count"), 50);
  EXPECT_EQ(ValueOf("origin.top_share"), 0.5);
  EXPECT_EQ(ValueOf("origin.top_pattern_share"), 0.9);
  EXPECT_EQ(ValueOf("origin.missing_share"), 0);
}

TEST(Figures, OfNestedColumnsByTheirPaths) {
  EXPECT_EQ(ValueOf("stops.delays.empty_share"), 0.96);
  EXPECT_EQ(ValueOf("stops.delays.values"), 12);
  EXPECT_EQ(ValueOf("stops.delays.max_length"), 5);
  EXPECT_EQ(ValueOf("stops.delays[].mean"), 2);
}

TEST(Figures, WhatAColumnDoesNotHaveIsThereAndEmpty) {
  EXPECT_EQ(ValueOf("origin.mean"), std::nullopt);
  EXPECT_EQ(ValueOf("origin.p50"), std::nullopt);
  EXPECT_EQ(ValueOf("delay.top_share"), std::nullopt);
  EXPECT_EQ(ValueOf("delay.empty_share"), std::nullopt);
  EXPECT_EQ(ValueOf("delay.image_share"), std::nullopt);
  EXPECT_EQ(ValueOf("delay.weighted_mean"), std::nullopt);
  const std::vector<std::string> names = {"delay.rises"};
  ProfileSummary empty = Flights();
  empty.columns[0] = ColumnSummary{.name = "delay"};
  EXPECT_EQ(FiguresOf(empty, names).at(0).value, std::nullopt);
}

TEST(Figures, AllColumnsHaveTheSameOnesEachOnce) {
  const std::vector<Figure> figures = FiguresOf(Flights());
  std::set<std::string> names;
  for (const Figure& figure : figures) EXPECT_TRUE(names.insert(figure.name).second) << figure.name;
  std::set<std::string> of_delay;
  std::set<std::string> of_origin;
  for (const std::string& name : names) {
    if (name.starts_with("delay.")) of_delay.insert(name.substr(6));
    if (name.starts_with("origin.")) of_origin.insert(name.substr(7));
  }
  EXPECT_EQ(of_delay, of_origin);
  EXPECT_EQ(figures.size(), 4 + 5 * of_delay.size());
}

TEST(Figures, AskedForByNameTheyAreTheSame) {
  const std::vector<Figure> all = FiguresOf(Flights());
  std::vector<std::string> names;
  for (const Figure& figure : all) names.push_back(figure.name);
  names.push_back("weather.mean");
  names.push_back("delay.median");
  names.push_back("lines");
  const std::vector<Figure> named = FiguresOf(Flights(), names);
  ASSERT_EQ(named.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(named[i].name, all[i].name);
    EXPECT_EQ(named[i].value, all[i].value) << all[i].name;
  }
}

}  // namespace
}  // namespace roost::profile
