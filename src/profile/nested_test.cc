// Columns of lists and structs: what is within them has statistics of its own.

#include <random>

#include <gtest/gtest.h>

#include "column/builder.h"
#include "profile/profile.h"

namespace roost::profile {
namespace {

using column::BatchBuilder;
using column::OwnedBatch;

Profile ProfileOf(const OwnedBatch& batch) {
  Profile profile;
  EXPECT_TRUE(profile.Add(batch.view()).ok());
  return profile;
}

OwnedBatch Tags(std::vector<std::optional<int64_t>> lengths, std::vector<std::optional<std::string>> values) {
  return BatchBuilder()
      .Lists("tags", std::move(lengths), BatchBuilder().Texts("item", std::move(values)).Build())
      .Build();
}

TEST(NestedColumns, ListsHaveLengthsAndTheStatisticsOfTheirValues) {
  const ProfileSummary summary =
      ProfileOf(Tags({2, 0, std::nullopt, 3}, {"a", "b", std::nullopt, "a", "c"})).Summarize();
  const ColumnSummary& tags = summary.columns[0];
  EXPECT_EQ(tags.type_text, "list<string>");
  EXPECT_EQ(tags.rows, 4);
  EXPECT_EQ(tags.missing, 1);
  ASSERT_TRUE(tags.list.has_value());
  EXPECT_EQ(tags.list->empty, 1);
  EXPECT_EQ(tags.list->total, 5);
  EXPECT_EQ(tags.list->min_length, 0);
  EXPECT_EQ(tags.list->max_length, 3);
  EXPECT_DOUBLE_EQ(tags.list->mean_length, 5.0 / 3);
  const ColumnSummary* values = summary.Find("tags[]");
  ASSERT_NE(values, nullptr);
  EXPECT_EQ(values->rows, 5);
  EXPECT_EQ(values->missing, 1);
  EXPECT_EQ(values->text->top[0], (ValueCount{"a", 2}));
}

TEST(NestedColumns, WhatLiesUnderANullCountsForNothing) {
  OwnedBatch fields = BatchBuilder().Numbers("size", {1.0, 1e9, 3.0}).Build();
  const OwnedBatch batch = BatchBuilder().Structs("home", {true, false, true}, std::move(fields)).Build();
  const Profile profile = ProfileOf(batch);
  const ProfileSummary summary = profile.Summarize();
  EXPECT_EQ(summary.columns[0].missing, 1);
  const ColumnSummary* size = summary.Find("home.size");
  ASSERT_NE(size, nullptr);
  EXPECT_EQ(size->rows, 2);
  EXPECT_EQ(size->missing, 0);
  EXPECT_EQ(*size->number->max, 3);
  const auto distribution = profile.DistributionOf("home.size");
  ASSERT_TRUE(distribution.has_value());
  EXPECT_EQ(distribution->max, 3);
  EXPECT_FALSE(profile.DistributionOf("home").has_value());
  EXPECT_FALSE(profile.DistributionOf("home.none").has_value());
}

TEST(NestedColumns, AnySplitGivesTheSameBytesAndTheyAreReadBack) {
  std::mt19937 random(3);
  std::vector<std::optional<int64_t>> lengths;
  std::vector<std::optional<std::string>> values;
  for (int row = 0; row < 500; ++row) {
    lengths.push_back(random() % 5 == 0 ? std::nullopt : std::optional<int64_t>(random() % 4));
    for (int64_t i = 0; i < lengths.back().value_or(0); ++i) {
      values.push_back(random() % 7 == 0 ? std::nullopt : std::optional(std::to_string(random() % 50)));
    }
  }
  const std::string whole = ProfileOf(Tags(lengths, values)).Serialize();
  Profile parts;
  size_t first_value = 0;
  for (size_t row = 0; row < lengths.size();) {
    const size_t end = std::min(lengths.size(), row + 1 + random() % 60);
    int64_t total = 0;
    for (size_t i = row; i < end; ++i) total += lengths[i].value_or(0);
    const auto from = values.begin() + static_cast<int64_t>(first_value);
    ASSERT_TRUE(parts
                    .Merge(ProfileOf(
                        Tags({lengths.begin() + static_cast<int64_t>(row), lengths.begin() + static_cast<int64_t>(end)},
                             {from, from + total})))
                    .ok());
    first_value += static_cast<size_t>(total);
    row = end;
  }
  EXPECT_TRUE(parts.Serialize() == whole);
  const auto parsed = Profile::Parse(whole);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->Serialize() == whole);
  for (size_t length = 0; length < whole.size(); length += 7) {
    EXPECT_FALSE(Profile::Parse(std::string_view(whole).substr(0, length)).ok()) << length;
  }
}

TEST(NestedColumns, OfAnotherTypeAreRefused) {
  Profile profile = ProfileOf(Tags({1}, {"a"}));
  const OwnedBatch numbers = BatchBuilder().Lists("tags", {1}, BatchBuilder().Integers("item", {1}).Build()).Build();
  EXPECT_EQ(profile.Add(numbers.view()).message(), "column 'tags' is list<int64> here and was list<string> before");
}

}  // namespace
}  // namespace roost::profile
