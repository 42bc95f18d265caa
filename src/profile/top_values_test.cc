#include "profile/top_values.h"

#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "profile/testing.h"

namespace roost::profile {
namespace {

// A few heavy values of 1 to 10 % each, one of them long, over a tail of distinct ones.
struct Rows {
  std::vector<std::string> values;
  std::map<std::string, int64_t> counts;
};

Rows HeavyAndTail(int heavy_rows, int tail, uint32_t seed) {
  Rows rows;
  std::mt19937 random(seed);
  const std::string kHeavy[] = {"N/A", "", "unknown", "grüße", "\xff\xfe", "a value that is longer than the prefix"};
  for (int i = 0; i < heavy_rows; ++i) rows.values.push_back(kHeavy[random() % 6]);
  for (int i = 0; i < tail; ++i) rows.values.push_back("id-" + std::to_string(i) + "-" + std::to_string(random()));
  std::shuffle(rows.values.begin(), rows.values.end(), random);
  for (const std::string& value : rows.values) ++rows.counts[value];
  return rows;
}

TopValues Counted(const Rows& rows) {
  TopValues state;
  for (const std::string& value : rows.values) state.Add(value, 1);
  return state;
}

void ExpectAnySplitGivesTheSameBytes(const Rows& rows, int rounds) {
  const std::string whole = BytesOf(Counted(rows));
  std::mt19937 random(7);
  for (int round = 0; round < rounds; ++round) {
    std::vector<TopValues> shards(2 + random() % 6);
    // Some shards are small and stay exact, some may go over to the sketch by themselves.
    for (const std::string& value : rows.values) {
      shards[std::min<size_t>(random() % 20, shards.size() - 1)].Add(value, 1);
    }
    std::shuffle(shards.begin(), shards.end(), random);
    TopValues merged;
    for (const TopValues& shard : shards) merged.Merge(shard);
    ASSERT_TRUE(BytesOf(merged) == whole) << "round " << round;
  }
}

TEST(TopValues, BelowTheCapEveryCountIsExact) {
  const Rows rows = HeavyAndTail(20'000, 5'000, /*seed=*/1);
  const TopValues state = Counted(rows);
  EXPECT_TRUE(state.exact());
  EXPECT_EQ(state.Distinct(), static_cast<double>(rows.counts.size()));
  const std::vector<ValueCount> top = state.Top();
  ASSERT_EQ(top.size(), rows.counts.size());
  for (size_t i = 0; i < top.size(); ++i) {
    EXPECT_EQ(top[i].count, rows.counts.at(top[i].value));
    if (i > 0) {
      EXPECT_TRUE(top[i - 1].count > top[i].count ||
                  (top[i - 1].count == top[i].count && top[i - 1].value < top[i].value));
    }
  }
}

TEST(TopValues, BeyondTheCapTheHeavyValuesAreFoundWithTheirCounts) {
  const Rows rows = HeavyAndTail(40'000, 100'000, /*seed=*/2);
  const TopValues state = Counted(rows);
  EXPECT_FALSE(state.exact());
  const auto exact_distinct = static_cast<double>(rows.counts.size());
  EXPECT_NEAR(state.Distinct(), exact_distinct, 4 * 0.0163 * exact_distinct);
  const std::vector<ValueCount> top = state.Top();
  ASSERT_EQ(top.size(), 6u);
  const auto slack = static_cast<int64_t>(rows.values.size() * 0.00034);
  for (const ValueCount& entry : top) {
    const bool cut = entry.value == "a value that is longer than the ...";
    const std::string value = cut ? "a value that is longer than the prefix" : entry.value;
    EXPECT_GE(entry.count, rows.counts.at(value)) << value;
    EXPECT_LE(entry.count, rows.counts.at(value) + slack) << value;
  }
}

TEST(TopValues, AnySplitGivesTheSameBytesBelowTheCap) {
  ExpectAnySplitGivesTheSameBytes(HeavyAndTail(2'000, 3'000, /*seed=*/3), /*rounds=*/10);
}

TEST(TopValues, AnySplitGivesTheSameBytesBeyondTheCap) {
  ExpectAnySplitGivesTheSameBytes(HeavyAndTail(5'000, 70'000, /*seed=*/4), /*rounds=*/2);
}

TEST(TopValues, AnySplitGivesTheSameBytesAtTheCap) {
  for (const int over : {0, 1}) {
    Rows rows;
    for (size_t i = 0; i < TopValues::kMaxDistinct + over; ++i) rows.values.push_back(std::to_string(i));
    EXPECT_EQ(Counted(rows).exact(), over == 0);
    ExpectAnySplitGivesTheSameBytes(rows, /*rounds=*/1);
  }
}

TEST(TopValues, TheCapOnTextIsExactToTheByte) {
  for (const size_t over : {0, 1}) {
    TopValues state;
    state.Add(std::string(TopValues::kMaxTextBytes / 2, 'a'), 1);
    state.Add(std::string(TopValues::kMaxTextBytes / 2 + over, 'b'), 1);
    EXPECT_EQ(state.exact(), over == 0);
  }
}

TEST(TopValues, WhatWasWrittenIsReadBackAndACutIsRefused) {
  for (const int tail : {20, 70'000}) {
    const Rows rows = HeavyAndTail(100, tail, /*seed=*/5);
    const auto count = static_cast<int64_t>(rows.values.size());
    const std::string bytes = BytesOf(Counted(rows));
    ByteReader whole(bytes);
    EXPECT_TRUE(BytesOf(*TopValues::Parse(whole, count)) == bytes);
    for (size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 40) {
      ByteReader cut(std::string_view(bytes).substr(0, length));
      ASSERT_EQ(TopValues::Parse(cut, count).status().code(), absl::StatusCode::kDataLoss) << length;
    }
  }
}

}  // namespace
}  // namespace roost::profile
