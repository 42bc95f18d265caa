// Edits that turn values into others wherever they stand: what is found, that it is applied right, what it costs.
#include "store/value_map.h"

#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "store/arrow_leaf.h"
#include "store/leaf_codec.h"
#include "store/leaf_rows.h"
#include "store/store.h"
#include "store/table_diff.h"
#include "store/testing/test_server.h"
#include "store/testing/test_tables.h"
#include "store/tile_patch.h"
#include "store/verify.h"

namespace roost::store {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Cells = std::vector<std::optional<std::string>>;

ArrayPtr Texts(const Cells& cells) {
  arrow::StringBuilder builder;
  for (const auto& cell : cells) EXPECT_TRUE((cell.has_value() ? builder.Append(*cell) : builder.AppendNull()).ok());
  return *builder.Finish();
}

Leaf TextLeaf(const Cells& cells) {
  LeafBuilder builder(*LeafTypeOf("utf8"));
  builder.Append(*Texts(cells), 0, static_cast<int64_t>(cells.size()));
  return builder.Finish();
}

/// `rows` cities, one in ten of them null.
Cells Cities(std::mt19937_64& random, int64_t rows) {
  Cells cells;
  for (int64_t row = 0; row < rows; ++row) {
    cells.emplace_back(fmt::format("city {}", random() % 40));
    if (random() % 10 == 0) cells.back() = std::nullopt;
  }
  return cells;
}

RowEdits KeepAll(int64_t rows) { return {.base_rows = rows, .rows = rows, .steps = {{.keep = rows}}}; }

/// Both ways to have a leaf: its values, and codes into a dictionary.
void ExpectPatchGives(const Leaf& before, const Leaf& after, const RowEdits& edits, const LeafPatch& patch) {
  const auto applied = ApplyLeafPatch(before, patch, edits);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(IdOf(*applied), IdOf(after));
  const auto codes = ApplyLeafPatch(ToDictionaryForm(before), patch, edits);
  ASSERT_TRUE(codes.ok()) << codes.status();
  ASSERT_TRUE(codes->is_dictionary);
  std::set<int32_t> used;
  for (int64_t row = 0; row < after.rows; ++row) {
    if (after.IsValid(row)) used.insert(codes->codes[static_cast<size_t>(row)]);
  }
  EXPECT_EQ(used.size() + 1, codes->offsets.size()) << "no value that was replaced";
  for (int64_t row = 0; row < after.rows; ++row) {
    ASSERT_EQ(codes->IsValid(row), after.IsValid(row)) << row;
    if (after.IsValid(row)) {
      ASSERT_EQ(codes->Variable(codes->codes[static_cast<size_t>(row)]), after.Variable(row));
    }
  }
}

TEST(ValueMap, RenamesFillsAndEmptiesInOneSmallPatch) {
  std::mt19937_64 random(1);
  Cells cells = Cities(random, 4'000);
  const Leaf before = TextLeaf(cells);
  for (auto& cell : cells) {
    if (!cell.has_value()) {
      cell = "unknown";
    } else if (*cell == "city 7") {
      cell = "a new name";
    } else if (*cell == "city 8") {
      cell = std::nullopt;
    } else if (*cell == "city 9") {
      cell = "city 10";
    }
  }
  const Leaf after = TextLeaf(cells);
  const LeafPatch patch = MakeLeafPatch(before, after, KeepAll(4'000));
  ASSERT_EQ(patch.form, LeafPatch::Form::kMapped);
  EXPECT_TRUE(patch.changed.empty());
  EXPECT_TRUE(patch.given.empty());
  EXPECT_LT(patch.map.size(), 150u);
  ExpectPatchGives(before, after, KeepAll(4'000), patch);
}

TEST(ValueMap, AllowsForRowsThatDoNotFollowIt) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 30; ++i) {
    Cells cells = Cities(random, 2'000);
    const Leaf before = TextLeaf(cells);
    for (auto& cell : cells) {
      if (cell.has_value() && cell->back() == '3') cell = "three";
      if (random() % 50 == 0) cell = fmt::format("other {}", random() % 5);
      if (random() % 90 == 0) cell = std::nullopt;
    }
    RowEdits edits{.base_rows = 2'000, .steps = {{.keep = 300, .remove = 20, .insert = 4}, {.keep = 1'680}}};
    edits.rows = 1'984;
    cells.erase(cells.begin() + 300, cells.begin() + 320);
    cells.insert(cells.begin() + 300, {"a", std::nullopt, "city 3", "b"});
    const Leaf after = TextLeaf(cells);
    const LeafPatch patch = MakeLeafPatch(before, after, edits);
    ASSERT_EQ(patch.form, LeafPatch::Form::kMapped);
    ExpectPatchGives(before, after, edits, patch);
  }
}

TEST(ValueMap, IsNotForFewRowsNorForManyValues) {
  std::mt19937_64 random(3);
  Cells cells = Cities(random, 4'000);
  const Leaf before = TextLeaf(cells);
  for (int i = 0; i < 40; ++i) cells[random() % cells.size()] = "x";
  EXPECT_EQ(MakeLeafPatch(before, TextLeaf(cells), KeepAll(4'000)).form, LeafPatch::Form::kPatched);
  for (size_t row = 0; row < cells.size(); ++row) cells[row] = fmt::format("{}", row);
  EXPECT_FALSE(FindValueMap(TextLeaf(cells), before, KeepAll(4'000)).has_value());
  EXPECT_EQ(MakeLeafPatch(before, TextLeaf(cells), KeepAll(4'000)).form, LeafPatch::Form::kFull);
}

TEST(ValueMap, OneValueThatBecameManyIsNotMapped) {
  Cells cells(4'000);
  const Leaf before = TextLeaf(cells);
  for (size_t row = 0; row < cells.size(); ++row) cells[row] = std::string(row == 3'998 ? 100'000 : 5, 'x');
  for (size_t row = 0; row + 100 < cells.size(); ++row) *cells[row] += std::to_string(row);
  EXPECT_FALSE(FindValueMap(before, TextLeaf(cells), KeepAll(4'000)).has_value());
}

TEST(ValueMap, ThatMakesTooManyBytesIsDataLoss) {
  const Leaf before = TextLeaf(Cells(100'000, "a"));
  const ValueMap map{.from = TextLeaf({"a"}), .to = TextLeaf({std::string(100'000, 'x')})};
  EXPECT_TRUE(absl::IsDataLoss(MapValues(before, map).status()));
  EXPECT_TRUE(MapValues(ToDictionaryForm(before), map).ok());
}

TEST(ValueMap, NumbersOfEveryWidthAreMapped) {
  std::mt19937_64 random(4);
  for (const std::string tag : {"int8", "int32", "double", "decimal128(10, 2)", "fixed_size_binary[20]"}) {
    Leaf before{.type = *LeafTypeOf(tag), .rows = 3'000};
    const auto width = static_cast<size_t>(before.type.width);
    Leaf after = before;
    for (int row = 0; row < 3'000; ++row) {
      std::string value(width, static_cast<char>(random() % 5));
      before.values += value;
      if (value[0] == 3) value.assign(width, 99);
      after.values += value;
    }
    const LeafPatch patch = MakeLeafPatch(before, after, KeepAll(3'000));
    ASSERT_EQ(patch.form, LeafPatch::Form::kMapped) << tag;
    EXPECT_TRUE(patch.changed.empty());
    const auto applied = ApplyLeafPatch(before, patch, KeepAll(3'000));
    ASSERT_TRUE(applied.ok()) << applied.status();
    EXPECT_EQ(IdOf(*applied), IdOf(after)) << tag;
  }
}

TEST(ValueMap, NoTruncationOrFlippedBitCrashes) {
  std::mt19937_64 random(5);
  Cells cells = Cities(random, 1'000);
  const Leaf before = TextLeaf(cells);
  for (auto& cell : cells) cell = cell.has_value() && *cell == "city 1" ? std::nullopt : std::optional("all");
  const TilePatch patch{.bases = {{.list = Sha256("list"), .index = 3}},
                        .edits = KeepAll(1'000),
                        .leaves = {MakeLeafPatch(before, TextLeaf(cells), KeepAll(1'000))}};
  ASSERT_EQ(patch.leaves.front().form, LeafPatch::Form::kMapped);
  const std::string record = WriteTilePatch(patch);
  ASSERT_EQ(WriteTilePatch(*ReadTilePatch(record)), record);
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(ReadTilePatch(std::string_view(record).substr(0, size)).status()));
  }
  for (size_t bit = 0; bit < 8 * record.size(); ++bit) {
    std::string flipped = record;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto damaged = ReadTilePatch(flipped);
    if (!damaged.ok() || damaged->leaves.front().form == LeafPatch::Form::kFull) continue;
    for (const Leaf& base : {before, ToDictionaryForm(before)}) {
      const auto applied = ApplyLeafPatch(base, damaged->leaves.front(), damaged->edits);
      EXPECT_TRUE(applied.ok() || absl::IsDataLoss(applied.status())) << applied.status();
    }
  }
}

TEST(ValueMap, AColumnThatBecameWiderIsMappedToo) {
  const auto store = *Store::Create(NewLocation(FreshTestFolder()));
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  std::mt19937_64 random(7);
  arrow::Int32Builder narrow;
  arrow::Int64Builder wide;
  arrow::Int64Builder ids;
  for (int row = 0; row < 20'000; ++row) {
    const auto value = static_cast<int32_t>(random() % 50) - 1;
    ASSERT_TRUE(ids.Append(row).ok() && narrow.Append(value).ok());
    ASSERT_TRUE((value < 0 ? wide.AppendNull() : wide.Append(value)).ok());
  }
  const ArrayPtr id = *ids.Finish();
  const auto table = [&](const ArrayPtr& values) {
    return arrow::Table::Make(
        arrow::schema({arrow::field("id", arrow::int64()), arrow::field("value", values->type())}), {id, values});
  };
  const auto second = table(*wide.Finish());
  ASSERT_TRUE(CommitTable(*store, "t", table(*narrow.Finish()), context).ok());
  ASSERT_TRUE(CommitTable(*store, "t", second, context).ok());
  const auto read = ReadVersion(*store, "t", 2, context);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE((*read)->Equals(*second));
  EXPECT_TRUE(Verify(*store, {.level = VerifyLevel::kContent}, context)->sound());
}

TEST(ValueMap, AVersionWithARenamedCategoryCostsItsName) {
  std::mt19937_64 random(6);
  const auto store = *Store::Create(NewLocation(FreshTestFolder()));
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  constexpr int64_t kRows = 100'000;
  Cells cells = Cities(random, kRows);
  arrow::Int64Builder ids;
  for (int64_t row = 0; row < kRows; ++row) ASSERT_TRUE(ids.Append(row * 3).ok());
  const ArrayPtr id = *ids.Finish();
  const auto table = [&] {
    return arrow::Table::Make(arrow::schema({arrow::field("id", arrow::int64()), arrow::field("city", arrow::utf8())}),
                              {id, Texts(cells)});
  };
  std::vector<std::shared_ptr<arrow::Table>> versions{table()};
  int64_t changed = 0;
  for (auto& cell : cells) {
    if (cell.has_value() && cell->back() != '5') continue;  // all nulls and a tenth of the cities
    cell = "elsewhere";
    ++changed;
  }
  versions.push_back(table());
  for (const auto& version : versions) ASSERT_TRUE(CommitTable(*store, "t", version, context).ok());
  const CommitInfo second = *store->Resolve({"t", 2});
  // The names of four cities twice, the commit, the list of tiles: not a byte a row.
  EXPECT_LT(second.bytes_stored, 6'000);
  for (int64_t version = 1; version <= 2; ++version) {
    EXPECT_TRUE((*ReadVersion(*store, "t", version, context))->Equals(*versions[static_cast<size_t>(version) - 1]));
  }
  const auto rows = DiffRows(*store, *store->Resolve({"t", 1}), second, {}, context, nullptr);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ((*(*rows)->ToTable())->num_rows(), changed);
  EXPECT_TRUE(Verify(*store, {.level = VerifyLevel::kContent}, context)->sound());
}

}  // namespace
}  // namespace roost::store
