#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>
#include <optional>
#include <random>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/row_match.h"
#include "store/row_order.h"
#include "store/row_sorter.h"
#include "store/sort_keys.h"
#include "store/sort_search.h"

namespace roost::store {
namespace {

std::vector<uint32_t> Shuffled(size_t rows, uint64_t seed) {
  std::vector<uint32_t> numbers(rows);
  std::iota(numbers.begin(), numbers.end(), 0);
  std::shuffle(numbers.begin(), numbers.end(), std::mt19937_64(seed));
  return numbers;
}

/// Blocks of a shuffle, so that both forms of a record come.
std::vector<uint32_t> InBlocks(size_t blocks, size_t rows, uint64_t seed) {
  std::vector<uint32_t> numbers;
  for (const uint32_t block : Shuffled(blocks, seed)) {
    for (size_t i = 0; i < rows; ++i) numbers.push_back(static_cast<uint32_t>(block * rows + i));
  }
  return numbers;
}

std::shared_ptr<arrow::RecordBatch> Batch(const std::vector<uint32_t>& numbers) {
  arrow::UInt32Builder number;
  arrow::StringBuilder text;
  for (const uint32_t value : numbers) {
    EXPECT_TRUE(number.Append(value).ok());
    EXPECT_TRUE((value % 5 == 0 ? text.AppendNull() : text.Append(std::string(value % 40, 'x'))).ok());
  }
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("number", arrow::uint32()), arrow::field("text", arrow::utf8())}),
      static_cast<int64_t>(numbers.size()), arrow::ArrayVector{*number.Finish(), *text.Finish()});
}

// ------------------------------------------------------------------------------------------------ records

TEST(RowOrder, EveryFormIsReadBackAndIsTheSamePermutation) {
  for (const auto& [blocks, rows] : {std::pair<size_t, size_t>{9, 1}, {300, 1}, {70'000, 1}, {20, 5'000}, {9, 3}}) {
    const std::vector<uint32_t> numbers = InBlocks(blocks, rows, blocks + 3);
    const auto order = OrderOfPositions(numbers);
    ASSERT_TRUE(order.has_value());
    const std::string bytes = WriteOrder(*order);
    const auto read = ReadOrder(bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, *order);
    EXPECT_EQ(WriteOrder(*read), bytes);
    auto positions = PositionsOf(*read, static_cast<int64_t>(numbers.size()));
    ASSERT_TRUE(positions.ok()) << positions.status();
    // The rows at the end that are at their places are left out.
    for (size_t i = positions->size(); i < numbers.size(); ++i) positions->push_back(static_cast<uint32_t>(i));
    EXPECT_EQ(*positions, numbers);
  }
  const RowOrder sorted{.form = SortSpec{{{.column = 3, .descending = true}, {.column = 900, .nulls_first = true}}}};
  EXPECT_EQ(*ReadOrder(WriteOrder(sorted)), sorted);
  EXPECT_LT(WriteOrder(sorted).size(), 12u);
}

TEST(RowOrder, AShuffleTakesItsBitsAndBlocksTakeFewBytes) {
  const size_t rows = 100'000;
  EXPECT_LE(WriteOrder(*OrderOfPositions(Shuffled(rows, 1))).size(), rows * 17 / 8 + 64);
  EXPECT_LE(WriteOrder(*OrderOfPositions(InBlocks(20, 5'000, 1))).size(), 150u);
}

TEST(RowOrder, RowsAtTheirOwnPlacesNeedNoRecord) {
  EXPECT_FALSE(OrderOfPositions({}).has_value());
  EXPECT_FALSE(OrderOfPositions({0, 1, 2, 3}).has_value());
  EXPECT_EQ(OrderOfPositions({1, 0, 2, 3})->rows, 2);
}

TEST(RowOrder, ForeignBytesAreDataLossOrAPermutation) {
  const std::vector<std::string> records{
      WriteOrder(*OrderOfPositions(Shuffled(300, 5))), WriteOrder(*OrderOfPositions(InBlocks(5, 400, 1))),
      WriteOrder({.rows = 12, .form = SortSpec{{{.column = 3}, {.column = 4, .nans_first = true}}}})};
  for (const std::string& record : records) {
    for (size_t size = 0; size < record.size(); ++size) {
      EXPECT_TRUE(absl::IsDataLoss(ReadOrder(std::string_view(record).substr(0, size)).status())) << size;
    }
    EXPECT_TRUE(absl::IsDataLoss(ReadOrder(record + "x").status()));
    for (size_t bit = 0; bit < 8 * record.size(); ++bit) {
      std::string flipped = record;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      const auto read = ReadOrder(flipped);
      if (!read.ok()) continue;
      EXPECT_EQ(*ReadOrder(WriteOrder(*read)), *read);
      const auto positions = PositionsOf(*read, 2'000);
      if (!positions.ok()) continue;
      std::vector<uint32_t> sorted = *positions;
      std::sort(sorted.begin(), sorted.end());
      for (size_t i = 0; i < sorted.size(); ++i) ASSERT_EQ(sorted[i], i);
    }
  }
}

TEST(RowOrder, AnOrderOfMoreRowsThanTheTableHasIsDataLoss) {
  EXPECT_TRUE(absl::IsDataLoss(PositionsOf(*OrderOfPositions(Shuffled(50, 1)), 49).status()));
}

// ------------------------------------------------------------------------------------------------ sorting of rows

class RowSorterTest : public ::testing::Test {
 protected:
  RowSorterTest() { context_.pool = &pool_; }

  /// Numbers 0, 1, …, of which number i goes to places[i].
  absl::StatusOr<std::shared_ptr<arrow::Table>> Sort(const std::vector<uint32_t>& places, SortLimits limits) {
    std::vector<uint32_t> numbers(places.size());
    std::iota(numbers.begin(), numbers.end(), 0);
    const auto all = Batch(numbers);
    RowSorter sorter(all->schema(), places, std::move(limits), context_);
    for (int64_t start = 0; start < all->num_rows(); start += 700) TRY(sorter.Add(all->Slice(start, 700)));
    TRY_ASSIGN(const auto reader, sorter.Finish());
    const auto table = reader->ToTable();
    if (!table.ok()) return absl::UnknownError(table.status().ToString());
    EXPECT_TRUE((*table)->ValidateFull().ok());
    return *table;
  }

  ThreadPool pool_{2};
  Context context_;
};

TEST_F(RowSorterTest, AnyMemoryGivesTheSameRows) {
  for (const size_t rows : {size_t{1}, size_t{5'000}, size_t{20'000}}) {
    const std::vector<uint32_t> places = Shuffled(rows, rows);
    const auto expected = arrow::Table::FromRecordBatches({Batch(InverseOf(places))});
    for (const int64_t memory : {int64_t{256} << 20, int64_t{1} << 20, int64_t{60'000}}) {
      const auto sorted = Sort(places, {.memory_bytes = memory});
      ASSERT_TRUE(sorted.ok()) << sorted.status();
      EXPECT_TRUE((*sorted)->Equals(**expected)) << rows << " " << memory;
    }
  }
}

TEST_F(RowSorterTest, RowsBeyondTheMemoryAreNotHeld) {
  constexpr int64_t kMemory = int64_t{1} << 20;
  const int64_t before = arrow::default_memory_pool()->bytes_allocated();
  const std::vector<uint32_t> places = Shuffled(400'000, 3);
  std::vector<uint32_t> numbers(1'000);
  const auto schema = Batch({})->schema();
  RowSorter sorter(schema, places, {.memory_bytes = kMemory}, context_);
  int64_t most = 0;
  const auto measure = [&] { most = std::max(most, arrow::default_memory_pool()->bytes_allocated() - before); };
  for (uint32_t start = 0; start < places.size(); start += 1'000) {
    std::iota(numbers.begin(), numbers.end(), start);
    ASSERT_TRUE(sorter.Add(Batch(numbers)).ok());
    measure();
  }
  const auto reader = *sorter.Finish();
  int64_t rows = 0;
  for (std::shared_ptr<arrow::RecordBatch> batch; reader->ReadNext(&batch).ok() && batch != nullptr;) {
    rows += batch->num_rows();
    measure();
  }
  EXPECT_EQ(rows, 400'000);
  EXPECT_LT(most, 2 * kMemory);  // of some 12 MB
}

TEST_F(RowSorterTest, NothingIsLeftInTheFolder) {
  const std::string folder = ::testing::TempDir() + "roost_sorter_folder";
  std::filesystem::create_directories(folder);
  {
    RowSorter sorter(Batch({})->schema(), Shuffled(4'000, 1), {.memory_bytes = 1'000, .folder = folder}, context_);
    ASSERT_TRUE(sorter.Add(Batch(Shuffled(2'000, 1))).ok());
    EXPECT_TRUE(std::filesystem::is_empty(folder));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

TEST_F(RowSorterTest, AFolderThatCannotBeWrittenIsNamed) {
  const auto sorted = Sort(Shuffled(5'000, 1), {.memory_bytes = 1'000, .folder = "/nowhere"});
  ASSERT_FALSE(sorted.ok());
  EXPECT_NE(sorted.status().message().find("/nowhere"), std::string::npos);
}

TEST_F(RowSorterTest, CancellationEndsIt) {
  Cancellation cancellation;
  context_.cancellation = &cancellation;
  RowSorter sorter(Batch({})->schema(), Shuffled(4'000, 1), {}, context_);
  ASSERT_TRUE(sorter.Add(Batch(Shuffled(2'000, 1))).ok());
  cancellation.Cancel();
  EXPECT_TRUE(absl::IsCancelled(sorter.Add(Batch(Shuffled(2'000, 1)))));
}

TEST_F(RowSorterTest, AnotherNumberOfRowsThanPlacesIsDataLoss) {
  RowSorter sorter(Batch({})->schema(), Shuffled(10, 1), {}, context_);
  ASSERT_TRUE(sorter.Add(Batch(Shuffled(8, 1))).ok());
  EXPECT_TRUE(absl::IsDataLoss(sorter.Finish().status()));
  EXPECT_TRUE(absl::IsDataLoss(sorter.Add(Batch(Shuffled(3, 1)))));
}

// ------------------------------------------------------------------------------------------------ sort specifications

std::shared_ptr<arrow::Array> Doubles(const std::vector<std::optional<double>>& values) {
  arrow::DoubleBuilder builder;
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return *builder.Finish();
}

TEST(SortKeys, EveryWayPutsValuesNansAndNullsWhereItSays) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto array = Doubles({2.0, nan, {}, -0.0, 0.0, -7.5, nan, {}});
  const std::vector<SortKeys> keys = [&] {
    std::vector<SortKeys> one;
    one.emplace_back(arrow::ArrayVector{array->Slice(0, 3), array->Slice(3)});
    return one;
  }();
  using Rows = std::vector<uint32_t>;
  EXPECT_EQ(StableOrder(keys, {{}}), (Rows{5, 3, 4, 0, 1, 6, 2, 7}));
  EXPECT_EQ(StableOrder(keys, {{.descending = true}}), (Rows{0, 3, 4, 5, 1, 6, 2, 7}));
  EXPECT_EQ(StableOrder(keys, {{.nulls_first = true}}), (Rows{2, 7, 5, 3, 4, 0, 1, 6}));
  EXPECT_EQ(StableOrder(keys, {{.nans_first = true}}), (Rows{1, 6, 5, 3, 4, 0, 2, 7}));
  EXPECT_EQ(StableOrder(keys, {{.descending = true, .nulls_first = true, .nans_first = true}}),
            (Rows{2, 7, 1, 6, 0, 3, 4, 5}));
}

TEST(SortKeys, DecimalsAndTextsAreInTheirOwnOrder) {
  arrow::Decimal128Builder decimals(arrow::decimal128(20, 2));
  for (const int64_t value : {5, -5, 0, 300, -300}) EXPECT_TRUE(decimals.Append(arrow::Decimal128(value)).ok());
  arrow::StringBuilder texts;
  for (const char* text : {"b", "", "ab", "\xc3\xa4", "a"}) EXPECT_TRUE(texts.Append(text).ok());
  std::vector<SortKeys> keys;
  keys.emplace_back(arrow::ArrayVector{*decimals.Finish()});
  EXPECT_EQ(StableOrder(keys, {{}}), (std::vector<uint32_t>{4, 1, 2, 0, 3}));
  keys.clear();
  keys.emplace_back(arrow::ArrayVector{*texts.Finish()});
  EXPECT_EQ(StableOrder(keys, {{}}), (std::vector<uint32_t>{1, 4, 2, 0, 3}));
}

TEST(SortSearch, WhatItFindsSortsTheRowsAndNothingElse) {
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  std::mt19937_64 random(5);
  for (int way = 0; way < 8; ++way) {
    std::vector<std::optional<double>> values;
    for (int i = 0; i < 3'000; ++i) {
      const uint64_t dice = random() % 30;
      if (dice == 0)
        values.emplace_back();
      else
        values.emplace_back(dice == 1 ? std::nan("") : static_cast<double>(random() % 200));
    }
    const SortColumn column = ColumnOfWay(4, way);
    std::vector<SortKeys> keys;
    keys.emplace_back(arrow::ArrayVector{Doubles(values)});
    std::vector<std::optional<double>> sorted;
    for (const uint32_t row : StableOrder(keys, {column})) sorted.push_back(values[row]);
    const auto schema = arrow::schema({arrow::field("a", arrow::float64()), arrow::field("b", arrow::float64())});
    const auto batch = arrow::RecordBatch::Make(schema, 3'000, {Doubles(values), Doubles(sorted)});
    SortSearch search({3, 4});
    for (int64_t start = 0; start < 3'000; start += 170) {
      ASSERT_TRUE(search.Add(*batch->Slice(start, 170), context).ok());
    }
    const auto found = search.Results(3'000, 8);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].columns, std::vector<SortColumn>{column});
    EXPECT_FALSE(found[0].tied[0]);
  }
}

// ------------------------------------------------------------------------------------------------ matching

TEST(MatchRows, EqualRowsArePairedInOrderAndChangedOnesByTheirCut) {
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  const RowHashes parent{.cut = {1, 2, 2, 3, 9}, .whole = {10, 20, 21, 30, 90}};
  const RowHashes rows{.cut = {2, 3, 2, 1, 7, 2}, .whole = {21, 31, 20, 10, 70, 22}};
  const auto match = MatchRows(parent, rows, context);
  ASSERT_TRUE(match.ok());
  EXPECT_EQ(match->rows, (std::vector<uint32_t>{2, 3, 1, 0, kNoRow, kNoRow}));
  EXPECT_EQ(match->matched, 4);
  const auto by_cut = MatchRows({.cut = parent.cut}, {.cut = rows.cut}, context);
  EXPECT_EQ(by_cut->rows, (std::vector<uint32_t>{1, 3, 2, 0, kNoRow, kNoRow}));
  EXPECT_TRUE(by_cut->is_ambiguous);
}

TEST(PlaceRows, NewRowsStandBesideTheirNeighboursOrAtTheEnd) {
  const RowMatch match{.rows = {kNoRow, 2, kNoRow, kNoRow, 0, kNoRow}, .matched = 2};
  const auto all = PlaceRows(match, 4, [](size_t) { return true; });
  EXPECT_EQ(all, (std::vector<uint32_t>{2, 3, 4, 5, 0, 1}));
  const auto none = PlaceRows(match, 4, [](size_t) { return false; });
  EXPECT_EQ(none, (std::vector<uint32_t>{2, 1, 3, 4, 0, 5}));
}

TEST(StartOfTail, IsWhereTheParentsLastRowsBegin) {
  EXPECT_EQ(StartOfTail({.rows = {1, 0, 3, 4}}, 6), 2);
  EXPECT_EQ(StartOfTail({.rows = {1, 0, kNoRow, 4, kNoRow}}, 6), 2);
  EXPECT_EQ(StartOfTail({.rows = {4, 0}}, 5), 2);
  EXPECT_EQ(LongestAscent(std::vector<uint32_t>{5, 1, kNoRow, 2, 9, 3}), 3);
}

}  // namespace
}  // namespace roost::store
