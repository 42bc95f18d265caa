#include "profile/hyperloglog.h"

#include <random>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "profile/testing.h"

namespace roost::profile {
namespace {

TEST(HyperLogLog, EstimatesAreWithinFourStandardErrors) {
  for (const int64_t distinct : {0, 1, 5, 100, 1'000, 4'096, 10'000, 20'000, 100'000, 1'000'000}) {
    HyperLogLog of_numbers;
    HyperLogLog of_texts;
    for (int64_t value = 0; value < distinct; ++value) {
      of_numbers.AddHash(MixBits(static_cast<uint64_t>(value)));
      of_texts.AddHash(Hash64(std::to_string(value)));
    }
    const auto exact = static_cast<double>(distinct);
    EXPECT_NEAR(of_numbers.Estimate(), exact, 4 * 0.0163 * exact) << distinct;
    EXPECT_NEAR(of_texts.Estimate(), exact, 4 * 0.0163 * exact) << distinct;
  }
}

TEST(HyperLogLog, TheErrorOverManySetsIsTheOnePromised) {
  std::mt19937_64 random(1);
  double squares = 0;
  constexpr int kSets = 200;
  for (int set = 0; set < kSets; ++set) {
    HyperLogLog state;
    for (int i = 0; i < 20'000; ++i) state.AddHash(random());
    const double error = state.Estimate() / 20'000 - 1;
    squares += error * error;
  }
  EXPECT_LT(std::sqrt(squares / kSets), 0.0163 * 1.2);
}

TEST(HyperLogLog, RepeatedValuesAndAnySplitGiveTheSameBytes) {
  HyperLogLog whole;
  std::vector<HyperLogLog> shards(5);
  std::mt19937_64 random(2);
  for (int i = 0; i < 10'000; ++i) {
    const uint64_t hash = MixBits(random() % 3'000);
    whole.AddHash(hash);
    shards[random() % shards.size()].AddHash(hash);
  }
  HyperLogLog merged;
  for (const HyperLogLog& shard : shards) merged.Merge(shard);
  EXPECT_EQ(BytesOf(merged), BytesOf(whole));
}

TEST(HyperLogLog, AFewRegistersInAListAreTheSameAsAllOfThem) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    HyperLogLog whole;
    std::vector<HyperLogLog> shards(4);
    const uint64_t distinct = 1 + random() % 40;
    for (int i = 0; i < 60; ++i) {
      const auto value = static_cast<int64_t>(random() % distinct);
      whole.AddHash(MixBits(static_cast<uint64_t>(value)));
      // Shards of some and of many values: lists and whole sets of registers meet.
      shards[random() % 2 == 0 ? 0 : random() % 4].Add(std::span<const int64_t>(&value, 1));
    }
    HyperLogLog merged;
    for (const HyperLogLog& shard : shards) merged.Merge(shard);
    ASSERT_EQ(BytesOf(merged), BytesOf(whole));
    ASSERT_EQ(merged.Estimate(), whole.Estimate());
  }
}

TEST(HyperLogLog, BothZerosAreOneValue) {
  HyperLogLog state;
  state.Add(std::vector{0.0, -0.0});
  EXPECT_NEAR(state.Estimate(), 1, 0.01);
}

TEST(HyperLogLog, WhatWasWrittenIsReadBackSparseOrDense) {
  for (const int distinct : {0, 3, 500, 50'000}) {
    HyperLogLog state;
    for (int value = 0; value < distinct; ++value) state.AddHash(MixBits(static_cast<uint64_t>(value)));
    const std::string bytes = BytesOf(state);
    ByteReader whole(bytes);
    EXPECT_EQ(BytesOf(*HyperLogLog::Parse(whole)), bytes);
    for (size_t length = 0; length < bytes.size(); ++length) {
      ByteReader cut(std::string_view(bytes).substr(0, length));
      ASSERT_EQ(HyperLogLog::Parse(cut).status().code(), absl::StatusCode::kDataLoss);
    }
  }
}

}  // namespace
}  // namespace roost::profile
