#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "profile/testing.h"

namespace roost::profile {

/// For the tests of this folder: that the law of the house (README.md) holds for a state. `empty` is the state of no
/// rows, add(state, row) adds one of `rows`. They are shuffled, split over up to six states, some of them small, and
/// merged as a random tree.
template <typename State, typename Row, typename Add>
void ExpectTheLaw(const State& empty, std::vector<Row> rows, const Add& add, int rounds, uint32_t seed) {
  State whole = empty;
  for (const Row& row : rows) add(whole, row);
  const std::string bytes = BytesOf(whole);
  std::mt19937 random(seed);
  for (int round = 0; round < rounds; ++round) {
    std::shuffle(rows.begin(), rows.end(), random);
    std::vector<State> shards(1 + random() % 6, empty);
    for (const Row& row : rows) add(shards[std::min<size_t>(random() % 20, shards.size() - 1)], row);
    while (shards.size() > 1) {
      const size_t from = random() % shards.size();
      const size_t into = (from + 1 + random() % (shards.size() - 1)) % shards.size();
      shards[into].Merge(shards[from]);
      shards.erase(shards.begin() + static_cast<int64_t>(from));
    }
    ASSERT_TRUE(BytesOf(shards[0]) == bytes) << "round " << round;
  }
  State twice = whole;
  twice.Merge(whole);
  State itself = whole;
  itself.Merge(itself);
  ASSERT_TRUE(BytesOf(itself) == BytesOf(twice));
  State neutral = whole;
  neutral.Merge(empty);
  ASSERT_TRUE(BytesOf(neutral) == bytes);
}

/// The same for the reader: what was written is read back, every cut is refused, and wrong bytes never crash.
/// parse(reader) reads a state; use(state) looks at what was read.
template <typename State, typename Parse, typename Use>
void ExpectSoundBytes(const State& state, const Parse& parse, const Use& use, uint32_t seed) {
  const std::string bytes = BytesOf(state);
  ByteReader whole(bytes);
  auto parsed = parse(whole);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_TRUE(whole.done());
  ASSERT_TRUE(BytesOf(*parsed) == bytes);
  const size_t cuts = bytes.size() > 100'000 ? 10 : 50;
  for (size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / cuts) {
    ByteReader cut(std::string_view(bytes).substr(0, length));
    ASSERT_EQ(parse(cut).status().code(), absl::StatusCode::kDataLoss) << length;
  }
  std::mt19937 random(seed);
  const int rounds = bytes.size() > 100'000 ? 10 : bytes.size() > 10'000 ? 100 : 1'000;
  int read = 0;
  for (int round = 0; round < rounds; ++round) {
    std::string wrong = bytes;
    for (uint32_t i = 0; i < 1 + random() % 3; ++i) wrong[random() % wrong.size()] = static_cast<char>(random());
    ByteReader reader(wrong);
    auto state_of_wrong = parse(reader);
    if (!state_of_wrong.ok()) {
      ASSERT_EQ(state_of_wrong.status().code(), absl::StatusCode::kDataLoss);
      continue;
    }
    ++read;
    use(*state_of_wrong);
    state_of_wrong->Merge(*parsed);
    static_cast<void>(BytesOf(*state_of_wrong));
  }
  EXPECT_GT(read, 0);  // or else this test tests nothing
}

}  // namespace roost::profile
