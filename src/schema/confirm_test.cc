#include "schema/confirm.h"

#include <gtest/gtest.h>

#include "schema/summaries_for_test.h"
#include "schema/validate.h"

namespace roost::schema {
namespace {

Schema OnTrial() {
  ColumnRules delay{.name = "delay", .type = Type::kInteger};
  delay.range = RangeRule{.min = 0, .max = 10, .confirmed = 0};
  ColumnRules origin{.name = "origin", .type = Type::kText};
  origin.values = ValuesRule{.allowed = {"ABE", "ATL"}, .confirmed = 0};
  return {.columns = {delay, origin}};
}

profile::ProfileSummary Flights(double max, int64_t rare) {
  return Summary(
      {Numbers("delay", column::Type::kInt64, 0, max, 100), Texts("origin", {{"ATL", 100 - rare}, {"ABE", rare}})});
}

TEST(Confirm, ThreeVersionsMakeAWarningAnError) {
  Schema schema = OnTrial();
  for (int64_t version = 1; version <= 2; ++version) {
    schema = Confirm(schema, Flights(10, 5));
    EXPECT_EQ(schema.columns[0].range->confirmed, version);
    EXPECT_EQ(schema.columns[0].range->severity, Severity::kWarning);
  }
  schema = Confirm(schema, Flights(10, 5));
  EXPECT_EQ(schema.columns[0].range->confirmed, std::nullopt);
  EXPECT_EQ(schema.columns[0].range->severity, Severity::kError);
  EXPECT_EQ(schema.columns[1].values->severity, Severity::kError);
  EXPECT_TRUE(HasTrials(OnTrial()));
  EXPECT_FALSE(HasTrials(schema));
}

TEST(Confirm, AVersionThatBreaksItStartsTheCountAgain) {
  Schema schema = Confirm(Confirm(OnTrial(), Flights(10, 5)), Flights(11, 5));
  EXPECT_EQ(schema.columns[0].range->confirmed, 0);
  EXPECT_EQ(schema.columns[1].values->confirmed, 2);
}

TEST(Confirm, AListWithAValueThatCameOnceIsNotWhole) {
  const Schema schema = Confirm(OnTrial(), Flights(10, 1));
  EXPECT_EQ(schema.columns[1].values->confirmed, 0);
  EXPECT_EQ(Confirm(schema, Flights(10, 2)).columns[1].values->confirmed, 1);
}

TEST(Confirm, APersonsRulesAreLeftAlone) {
  Schema schema = OnTrial();
  schema.columns[0].range->confirmed.reset();
  for (int version = 0; version < 5; ++version) schema = Confirm(schema, Flights(10, 5));
  EXPECT_EQ(schema.columns[0].range->severity, Severity::kWarning);
}

TEST(Confirm, WhatCouldNotBeCheckedIsLeftAlone) {
  Schema schema = OnTrial();
  schema.columns[0].order = OrderRule{.confirmed = 2};
  EXPECT_EQ(Confirm(schema, Flights(10, 5)).columns[0].order->confirmed, 2);
  profile::ProfileSummary ordered = Flights(10, 5);
  ordered.columns[0].number->order = profile::OrderSummary{.rises = 99};
  EXPECT_EQ(Confirm(schema, ordered).columns[0].order->severity, Severity::kError);
  EXPECT_EQ(Confirm(schema, Summary({Plain("other", column::Type::kBool, 10)})).columns[0].range->confirmed, 0);
}

}  // namespace
}  // namespace roost::schema
