#include "profile/row_hash.h"

#include <cmath>
#include <limits>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "column/builder.h"
#include "profile/testing.h"

namespace roost::profile {
namespace {

using column::BatchBuilder;
using Hashes = std::vector<uint64_t>;

Hashes HashesOf(const std::vector<TestColumn>& columns, uint64_t first_seed = 1) {
  Hashes hashes(static_cast<size_t>(columns[0].View().length()));
  for (const TestColumn& column : columns) AddColumnHashes(column.View(), first_seed++, hashes);
  return hashes;
}

TestColumn Integers(const std::vector<int64_t>& values) { return TestColumn("i", "l", values); }

TEST(RowHash, EqualRowsHaveEqualHashesAndOthersHaveNot) {
  std::mt19937_64 random(1);
  std::vector<int64_t> a, b;
  std::set<std::pair<int64_t, int64_t>> distinct;
  for (int row = 0; row < 5'000; ++row) {
    a.push_back(static_cast<int64_t>(random() % 50));
    b.push_back(static_cast<int64_t>(random() % 50));
    distinct.emplace(a.back(), b.back());
  }
  const Hashes hashes = HashesOf({Integers(a), Integers(b)});
  // Swapped values are another row.
  EXPECT_EQ(std::set<uint64_t>(hashes.begin(), hashes.end()).size(), distinct.size());
}

TEST(RowHash, TheOrderOfColumnsDoesNotMatterAndTheirNameDoes) {
  const TestColumn a = Integers({1, 2});
  const TestColumn b = Integers({3, 4});
  Hashes forth(2), back(2), renamed(2);
  AddColumnHashes(a.View(), 1, forth);
  AddColumnHashes(b.View(), 2, forth);
  AddColumnHashes(b.View(), 2, back);
  AddColumnHashes(a.View(), 1, back);
  AddColumnHashes(a.View(), 2, renamed);
  AddColumnHashes(b.View(), 1, renamed);
  EXPECT_EQ(forth, back);
  EXPECT_NE(forth, renamed);
}

TEST(RowHash, IntegersOfEveryWidthAreEqual) {
  const Hashes expected = HashesOf({Integers({0, 1, 100})});
  EXPECT_EQ(HashesOf({TestColumn("i", "c", std::vector<int8_t>{0, 1, 100})}), expected);
  EXPECT_EQ(HashesOf({TestColumn("i", "C", std::vector<uint8_t>{0, 1, 100})}), expected);
  EXPECT_EQ(HashesOf({TestColumn("i", "s", std::vector<int16_t>{0, 1, 100})}), expected);
  EXPECT_EQ(HashesOf({TestColumn("i", "S", std::vector<uint16_t>{0, 1, 100})}), expected);
  EXPECT_EQ(HashesOf({TestColumn("i", "i", std::vector<int32_t>{0, 1, 100})}), expected);
  EXPECT_EQ(HashesOf({TestColumn("i", "I", std::vector<uint32_t>{0, 1, 100})}), expected);
  EXPECT_EQ(HashesOf({TestColumn("i", "L", std::vector<uint64_t>{0, 1, 100})}), expected);
  EXPECT_EQ(HashesOf({TestColumn("i", "i", std::vector<int32_t>{-1})}), HashesOf({Integers({-1})}));
}

TEST(RowHash, FloatsAreEqualByValue) {
  const double other_nan = -std::nan("1");
  const Hashes hashes = HashesOf({TestColumn(
      "f", "g", std::vector<double>{0.0, -0.0, std::numeric_limits<double>::quiet_NaN(), other_nan, 1.5, -1.5})});
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[2], hashes[3]);
  EXPECT_EQ(std::set<uint64_t>(hashes.begin(), hashes.end()).size(), 4u);
  EXPECT_EQ(HashesOf({TestColumn("f", "f", std::vector<float>{0, -0.0f, std::nanf("2"), std::nanf(""), 1.5f, -1.5f})}),
            hashes);
}

TEST(RowHash, NullsAreEqualAndNoValue) {
  const Hashes hashes = HashesOf({TestColumn("i", "l", std::vector<int64_t>{0, 7, 8}, {true, false, false})});
  EXPECT_EQ(hashes[1], hashes[2]);
  EXPECT_NE(hashes[0], hashes[1]);
  EXPECT_EQ(HashesOf({TestColumn::Opaque("n", "n", 1)})[0], hashes[1]);
  const Hashes texts = HashesOf({TestColumn::Texts("t", "u", {std::nullopt, ""})});
  EXPECT_EQ(texts[0], hashes[1]);
  EXPECT_NE(texts[1], texts[0]);
}

TEST(RowHash, BoolsAndTimesHaveTheirValues) {
  const Hashes bools = HashesOf({TestColumn::Bools("b", {true, false, true})});
  EXPECT_EQ(bools[0], bools[2]);
  EXPECT_NE(bools[0], bools[1]);
  EXPECT_EQ(HashesOf({TestColumn("d", "tdD", std::vector<int32_t>{0, 1, -1})}),
            HashesOf({TestColumn("d", "tdm", std::vector<int64_t>{0, 86'400'000, -86'400'000})}));
  EXPECT_EQ(HashesOf({TestColumn("t", "tsn:", std::vector<int64_t>{5, 1'005})}), HashesOf({Integers({5, 1'005})}));
}

TEST(RowHash, ADictionaryIsEqualToPlainValues) {
  const std::vector<std::optional<std::string>> airports = {"SFO", "OAK", std::nullopt, "SFO", "", std::nullopt};
  const Hashes plain = HashesOf({TestColumn::Texts("t", "u", airports)});
  // A dictionary that has a value twice and a null, and one that is longer than the rows.
  for (const size_t unused : {0, 20}) {
    std::vector<std::optional<std::string>> values = {"SFO", "OAK", "", std::nullopt, "SFO"};
    values.resize(values.size() + unused, "unused");
    const TestColumn dictionary = TestColumn::Dictionary("t", {0, 1, -1, 4, 2, 3}, TestColumn::Texts("", "u", values));
    EXPECT_EQ(HashesOf({dictionary}), plain);
  }
  const TestColumn numbers = TestColumn::Dictionary("n", {1, 0, 1}, TestColumn("", "g", std::vector<double>{-2, 1.5}));
  EXPECT_EQ(HashesOf({numbers}), HashesOf({TestColumn("n", "g", std::vector<double>{1.5, -2, 1.5})}));
}

TEST(RowHash, ManyRowsAreHashedLikeEachByItself) {
  std::mt19937_64 random(2);
  std::vector<int64_t> values;
  std::vector<bool> valid;
  for (int row = 0; row < 3'000; ++row) {
    values.push_back(static_cast<int64_t>(random()));
    valid.push_back(random() % 5 != 0);
  }
  const Hashes hashes = HashesOf({TestColumn("i", "l", values, valid)});
  for (size_t row = 0; row < values.size(); row += 37) {
    EXPECT_EQ(HashesOf({TestColumn("i", "l", std::vector<int64_t>{values[row]}, {valid[row]})})[0], hashes[row]);
  }
}

Hashes HashesOf(const column::OwnedBatch& batch) {
  Hashes hashes(static_cast<size_t>(batch.view().num_rows()));
  AddColumnHashes(batch.view().columns()[0], 1, hashes);
  return hashes;
}

TEST(RowHash, ListsAreEqualByTheirValuesInOrder) {
  column::OwnedBatch values =
      BatchBuilder().Texts("item", {"a", "b", "a", "b", "b", "a", "a", std::nullopt, "a", "a", "b", "a"}).Build();
  const Hashes hashes =
      HashesOf(BatchBuilder().Lists("tags", {2, 2, 2, 1, 1, 0, std::nullopt, 0, 4}, std::move(values)).Build());
  EXPECT_EQ(hashes[0], hashes[1]);  // a b
  EXPECT_EQ(hashes[5], hashes[7]);  // empty
  // b a; a; null in a list; empty; null; a longer one
  EXPECT_EQ(std::set<uint64_t>(hashes.begin(), hashes.end()).size(), 7u);
}

TEST(RowHash, AListsHashDoesNotHangOnItsPlace) {
  const auto list_of = [](std::vector<std::optional<int64_t>> lengths, std::vector<std::optional<int64_t>> values) {
    return HashesOf(
        BatchBuilder().Lists("l", std::move(lengths), BatchBuilder().Integers("i", std::move(values)).Build()).Build());
  };
  EXPECT_EQ(list_of({3, 2}, {1, 2, 3, 4, 5})[1], list_of({2}, {4, 5})[0]);
}

TEST(RowHash, StructsAreEqualByTheirFieldsAndWhatLiesUnderANullIsNot) {
  const auto structs = [](std::vector<bool> valid, std::vector<std::optional<double>> sizes) {
    std::vector<std::optional<std::string>> names(sizes.size(), "x");
    return HashesOf(
        BatchBuilder()
            .Structs("home", std::move(valid),
                     BatchBuilder().Numbers("size", std::move(sizes)).Texts("name", std::move(names)).Build())
            .Build());
  };
  const Hashes hashes = structs({true, false, true, false, true, true}, {1, 7, 1, 8, std::nullopt, 2});
  EXPECT_EQ(hashes[0], hashes[2]);
  EXPECT_EQ(hashes[1], hashes[3]);
  EXPECT_EQ(std::set<uint64_t>(hashes.begin(), hashes.end()).size(), 4u);
}

TEST(RowHash, ColumnsThatCannotBeReadAreKnown) {
  EXPECT_FALSE(CanHash(TestColumn::Opaque("t", "ttu", 3).View()));
  EXPECT_TRUE(CanHash(Integers({1}).View()));
}

}  // namespace
}  // namespace roost::profile
