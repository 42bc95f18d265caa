#include <filesystem>
#include <memory>
#include <random>

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/context.h"
#include "base/thread_pool.h"
#include "store/leaf_codec.h"
#include "store/leaf_rows.h"
#include "store/row_edits.h"
#include "store/store.h"
#include "store/testing/test_server.h"
#include "store/tile_patch.h"

namespace roost::store {
namespace {

using TablePtr = std::shared_ptr<arrow::Table>;

// ------------------------------------------------------------------------------------------------ alignment

std::vector<uint64_t> RandomHashes(std::mt19937_64& random, size_t rows, uint64_t distinct) {
  std::vector<uint64_t> hashes(rows);
  for (uint64_t& hash : hashes) hash = random() % distinct;
  return hashes;
}

/// Some rows changed, removed, inserted, and now and then a block of them.
std::vector<uint64_t> Edited(std::mt19937_64& random, const std::vector<uint64_t>& base, uint64_t distinct) {
  std::vector<uint64_t> rows;
  for (size_t i = 0; i < base.size(); ++i) {
    const uint64_t dice = random() % 1000;
    if (dice < 10) {
      rows.push_back(random() % distinct);
    } else if (dice < 20) {
      rows.push_back(random() % distinct);
      rows.push_back(base[i]);
    } else if (dice == 21) {
      i += random() % 300;
    } else if (dice == 22) {
      for (uint64_t n = random() % 300; n > 0; --n) rows.push_back(random() % distinct);
    } else if (dice > 30) {
      rows.push_back(base[i]);
    }
  }
  return rows;
}

TEST(Align, TheEditsLeadFromTheBaseToTheRows) {
  std::mt19937_64 random(1);
  for (const uint64_t distinct : {uint64_t{3}, uint64_t{1000}, uint64_t{1} << 60}) {
    for (const size_t size : {0, 1, 2, 100, 5000}) {
      const auto base = RandomHashes(random, size, distinct);
      const auto rows = Edited(random, base, distinct);
      const RowEdits edits = Align(base, rows).edits;
      int64_t base_at = 0;
      int64_t row = 0;
      for (const EditStep& step : edits.steps) {
        base_at += step.keep + step.remove;
        row += step.keep + step.insert;
      }
      EXPECT_EQ(base_at, static_cast<int64_t>(base.size()));
      EXPECT_EQ(row, static_cast<int64_t>(rows.size()));
      const auto read = ReadEdits(WriteEdits(edits), edits.base_rows, edits.rows);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(*read, edits);
    }
  }
}

TEST(Align, ScatteredEditsAreFoundOneByOne) {
  std::mt19937_64 random(2);
  const auto base = RandomHashes(random, 50'000, uint64_t{1} << 60);
  auto rows = base;
  for (int i = 0; i < 500; ++i) rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(random() % rows.size()));
  const Alignment alignment = Align(base, rows);
  EXPECT_EQ(alignment.matched, static_cast<int64_t>(rows.size()));
  EXPECT_EQ(alignment.edits.rows, alignment.matched);
  // Nothing but where the rows were: by Shannon 8.1 bits for each of 500 in 50,000.
  EXPECT_LT(WriteEdits(alignment.edits).size(), 500 * 8.6 / 8);
}

TEST(Align, ABlockThatCameOrWentIsOneEdit) {
  std::mt19937_64 random(3);
  const auto base = RandomHashes(random, 50'000, uint64_t{1} << 60);
  auto rows = base;
  rows.erase(rows.begin() + 10'000, rows.begin() + 15'000);
  const auto block = RandomHashes(random, 7'000, uint64_t{1} << 60);
  rows.insert(rows.begin() + 30'000, block.begin(), block.end());
  const Alignment alignment = Align(base, rows);
  EXPECT_EQ(alignment.matched, 45'000);
  EXPECT_EQ(alignment.edits.steps.size(), 3);
}

TEST(ReadEdits, ForeignBytesAreDataLoss) {
  std::mt19937_64 random(4);
  const auto base = RandomHashes(random, 300, 1000);
  const RowEdits edits = Align(base, Edited(random, base, 1000)).edits;
  const std::string bytes = WriteEdits(edits);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ReadEdits(std::string_view(bytes).substr(0, size), edits.base_rows, edits.rows).ok());
  }
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto read = ReadEdits(flipped, edits.base_rows, edits.rows);
    EXPECT_TRUE(read.ok() || absl::IsDataLoss(read.status()));
  }
}

// ------------------------------------------------------------------------------------------------ patches of leaves

Leaf RandomLeaf(std::mt19937_64& random, const std::string& tag, int64_t rows, bool with_nulls) {
  Leaf leaf;
  leaf.type = *LeafTypeOf(tag);
  leaf.rows = rows;
  const auto size = static_cast<size_t>(rows);
  std::vector<bool> valid(size, true);
  if (with_nulls) {
    leaf.validity.assign((size + 7) / 8, '\0');
    for (size_t row = 0; row < size; ++row) {
      valid[row] = random() % 5 != 0;
      if (valid[row]) leaf.validity[row / 8] = static_cast<char>(leaf.validity[row / 8] | (1 << (row % 8)));
      if (!valid[row]) ++leaf.nulls;
    }
    if (leaf.nulls == 0) leaf.validity.clear();
  }
  if (leaf.type.form == LeafForm::kVariable) {
    leaf.offsets.push_back(0);
    for (size_t row = 0; row < size; ++row) {
      if (valid[row]) leaf.values.append(fmt::format("{}", random() % 500));
      leaf.offsets.push_back(static_cast<int32_t>(leaf.values.size()));
    }
  } else if (leaf.type.form == LeafForm::kBool) {
    leaf.values.assign((size + 7) / 8, '\0');
    for (size_t row = 0; row < size; ++row) {
      if (valid[row] && random() % 2 == 0)
        leaf.values[row / 8] = static_cast<char>(leaf.values[row / 8] | (1 << (row % 8)));
    }
  } else if (leaf.type.form == LeafForm::kFixed) {
    const auto width = static_cast<size_t>(leaf.type.width);
    leaf.values.assign(size * width, '\0');
    for (size_t row = 0; row < size; ++row) {
      if (valid[row]) leaf.values[row * width] = static_cast<char>(random() % 200);
    }
  }
  return leaf;
}

/// `base` with rows taken from `other` where the edits insert and where chance says.
Leaf Variation(std::mt19937_64& random, const Leaf& base, const Leaf& other, const RowEdits& edits) {
  Leaf after;
  after.type = base.type;
  if (after.type.form == LeafForm::kVariable) after.offsets.push_back(0);
  int64_t from = 0;
  for (const EditStep& step : edits.steps) {
    for (int64_t i = 0; i < step.keep; ++i, ++from) {
      const bool changes = random() % 50 == 0;
      AppendRows(after, changes ? other : base, changes ? static_cast<int64_t>(random() % 100) : from, 1);
    }
    from += step.remove;
    AppendRows(after, other, 0, step.insert);
  }
  return after;
}

TEST(LeafPatch, AppliedToItsBaseItGivesTheLeaf) {
  std::mt19937_64 random(5);
  for (const std::string tag : {"int64", "int8", "double", "decimal128(10, 2)", "bool", "utf8", "binary", "null"}) {
    for (const auto& [with_nulls, moves] : {std::pair(false, true), {true, true}, {false, false}, {true, false}}) {
      if (tag == "null" && with_nulls) continue;
      const auto hashes = RandomHashes(random, 3'000, uint64_t{1} << 60);
      RowEdits edits{.base_rows = 3'000, .rows = 3'000, .steps = {{.keep = 3'000}}};
      if (moves) edits = Align(hashes, Edited(random, hashes, uint64_t{1} << 60)).edits;
      const Leaf base = RandomLeaf(random, tag, edits.base_rows, with_nulls);
      const Leaf after = Variation(random, base, RandomLeaf(random, tag, 3'000, true), edits);
      ASSERT_EQ(after.rows, edits.rows);
      const LeafPatch patch = MakeLeafPatch(base, after, edits);
      if (patch.form == LeafPatch::Form::kFull) continue;
      const auto applied = ApplyLeafPatch(base, patch, edits);
      ASSERT_TRUE(applied.ok()) << tag << ": " << applied.status();
      EXPECT_EQ(IdOf(*applied), IdOf(after)) << tag;
      if (tag != "utf8") continue;
      const auto codes = ApplyLeafPatch(ToDictionaryForm(base), patch, edits);
      ASSERT_TRUE(codes.ok()) << codes.status();
      for (int64_t row = 0; row < after.rows; ++row) {
        ASSERT_EQ(codes->IsValid(row), after.IsValid(row));
        if (!after.IsValid(row)) continue;
        ASSERT_EQ(codes->Variable(codes->codes[static_cast<size_t>(row)]), after.Variable(row));
      }
    }
  }
}

TEST(TilePatch, NoTruncationOrFlippedBitCrashes) {
  std::mt19937_64 random(6);
  const auto hashes = RandomHashes(random, 400, uint64_t{1} << 60);
  TilePatch patch{.bases = {{.list = Sha256("list"), .index = 3}}};
  patch.edits = Align(hashes, Edited(random, hashes, uint64_t{1} << 60)).edits;
  for (const std::string tag : {"int64", "utf8", "bool"}) {
    const Leaf base = RandomLeaf(random, tag, patch.edits.base_rows, true);
    patch.leaves.push_back(
        MakeLeafPatch(base, Variation(random, base, RandomLeaf(random, tag, 400, true), patch.edits), patch.edits));
  }
  const std::string record = WriteTilePatch(patch);
  const auto read = ReadTilePatch(record);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->edits, patch.edits);
  EXPECT_EQ(read->bases, patch.bases);
  EXPECT_EQ(WriteTilePatch(*read), record);
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(ReadTilePatch(std::string_view(record).substr(0, size)).status()));
  }
  const Leaf base = RandomLeaf(random, "int64", patch.edits.base_rows, true);
  for (size_t bit = 0; bit < 8 * record.size(); ++bit) {
    std::string flipped = record;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto damaged = ReadTilePatch(flipped);
    if (!damaged.ok()) continue;
    for (const LeafPatch& leaf : damaged->leaves) {
      if (leaf.form != LeafPatch::Form::kFull) ApplyLeafPatch(base, leaf, damaged->edits).status().IgnoreError();
    }
  }
}

// ------------------------------------------------------------------------------------------------ versions

template <typename Builder, typename Next>
std::shared_ptr<arrow::Array> Column(int64_t rows, const Next& next) {
  Builder builder;
  for (int64_t row = 0; row < rows; ++row) EXPECT_TRUE(builder.Append(next(row)).ok());
  return *builder.Finish();
}

/// Orders: a key, an amount, a city, a random score and a text.
TablePtr Orders(std::mt19937_64& random, int64_t rows, int64_t first_key = 0) {
  return arrow::Table::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("amount", arrow::int32()),
                     arrow::field("city", arrow::utf8()), arrow::field("score", arrow::float64()),
                     arrow::field("text", arrow::utf8())}),
      {Column<arrow::Int64Builder>(rows, [&](int64_t row) { return first_key + row * 7; }),
       Column<arrow::Int32Builder>(rows, [&](int64_t) { return static_cast<int32_t>(random() % 1000); }),
       Column<arrow::StringBuilder>(rows, [&](int64_t) { return fmt::format("city {}", random() % 50); }),
       Column<arrow::DoubleBuilder>(rows, [&](int64_t) { return static_cast<double>(random() >> 11) * 0x1p-53; }),
       Column<arrow::StringBuilder>(rows,
                                    [&](int64_t) { return fmt::format("{:x} and {}", random(), random() % 9); })});
}

TablePtr Take(const TablePtr& table, const std::vector<int64_t>& rows) {
  const auto indices = Column<arrow::Int64Builder>(static_cast<int64_t>(rows.size()),
                                                   [&](int64_t i) { return rows[static_cast<size_t>(i)]; });
  return arrow::compute::Take(table, indices)->table();
}

/// `permille` of the rows are changed, as many new ones put between others, and as many left out.
TablePtr Churn(std::mt19937_64& random, const TablePtr& table, uint64_t permille) {
  const TablePtr fresh = Orders(random, table->num_rows(), 1);
  // Changed rows keep their key.
  const TablePtr changed = *fresh->SetColumn(0, fresh->schema()->field(0), table->column(0));
  const TablePtr all = *arrow::ConcatenateTables({table, changed, fresh});
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < table->num_rows(); ++row) {
    const uint64_t dice = random() % 1000;
    if (dice < permille) {
      rows.push_back(table->num_rows() + row);
    } else if (dice < 2 * permille) {
      rows.push_back(row);
      rows.push_back(2 * table->num_rows() + row);
    } else if (dice >= 3 * permille) {
      rows.push_back(row);
    }
  }
  return Take(all, rows);
}

class PatchTest : public ::testing::Test {
 protected:
  PatchTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fmt::format("{}roost_patch_{}_{}", ::testing::TempDir(), test->name(), ::getpid());
    std::filesystem::remove_all(folder_);
    store_ = *Store::Create(NewLocation(folder_ + "/.roost"));
    context_.pool = &pool_;
    context_.now = [] { return absl::FromUnixSeconds(1'000'000'000); };
  }
  ~PatchTest() override { std::filesystem::remove_all(folder_); }

  CommitInfo Commit(const TablePtr& table) {
    arrow::TableBatchReader reader(*table);
    reader.set_chunksize(10'000);
    const auto info = store_->Commit({.dataset = "orders"}, reader, context_);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.value_or(CommitInfo{});
  }

  TablePtr Read(const CommitInfo& info, const ReadOptions& options = {}) {
    const auto reader = store_->Read(info, options, context_);
    EXPECT_TRUE(reader.ok()) << reader.status();
    const auto table = (*reader)->ToTable();
    EXPECT_TRUE(table.ok()) << table.status().ToString();
    EXPECT_TRUE((*table)->ValidateFull().ok());
    return *table;
  }

  void ExpectReadBack(const CommitInfo& info, const TablePtr& table) {
    EXPECT_TRUE(Read(info)->Equals(*table)) << info.Name();
  }

  /// Bytes that the last version added, in percent of the first one's.
  static double Percent(const CommitInfo& info, const CommitInfo& first) {
    return 100.0 * static_cast<double>(info.bytes_stored) / static_cast<double>(first.bytes_stored);
  }

  std::string folder_;
  std::unique_ptr<Store> store_;
  ThreadPool pool_{2};
  Context context_;
  std::mt19937_64 random_{7};
};

constexpr int64_t kRows = 200'000;

TEST_F(PatchTest, AChainOfVersionsCostsItsChangesAndEachIsReadBack) {
  std::vector<TablePtr> tables{Orders(random_, kRows)};
  std::vector<CommitInfo> versions{Commit(tables.back())};
  for (int version = 2; version <= 14; ++version) {
    tables.push_back(Churn(random_, tables.back(), 5));
    versions.push_back(Commit(tables.back()));
    // At the twelfth patch upon patches one is made on the full leaves again.
    EXPECT_LT(Percent(versions.back(), versions.front()), version == 12 ? 16.0 : 1.7) << "version " << version;
  }
  for (size_t i = 0; i < tables.size(); ++i) ExpectReadBack(versions[i], tables[i]);
  const auto strings = Read(versions[8], {.columns = {"city"}, .dictionary_strings = true});
  const auto plain = arrow::compute::Cast(strings->column(0), arrow::utf8())->chunked_array();
  EXPECT_TRUE(plain->Equals(tables[8]->column(2)));
}

TEST_F(PatchTest, GoingBackToAVersionThatIsPatchesCostsNothing) {
  std::vector<TablePtr> tables{Orders(random_, kRows)};
  Commit(tables.back());
  for (int version = 2; version <= 4; ++version) {
    tables.push_back(Churn(random_, tables.back(), 5));
    Commit(tables.back());
  }
  for (const size_t back : {2, 0, 1}) {
    const CommitInfo again = Commit(tables[back]);
    EXPECT_LT(again.bytes_stored, 3'000);
    ExpectReadBack(again, tables[back]);
  }
}

TEST_F(PatchTest, SmallAppendsCostTheirRows) {
  const TablePtr all = Orders(random_, kRows);
  CommitInfo first = Commit(all->Slice(0, 150'000));
  int64_t rows = 150'000;
  for (int append = 0; append < 15; ++append) {
    const TablePtr more = all->Slice(rows, 1'000);
    arrow::TableBatchReader reader(*more);
    const auto info = store_->Commit({.dataset = "orders", .mode = CommitRequest::Mode::kAppend}, reader, context_);
    ASSERT_TRUE(info.ok()) << info.status();
    rows += 1'000;
    EXPECT_LT(Percent(*info, first), append == 10 ? 10.0 : 1.5) << "append " << append;
    ExpectReadBack(*info, *all->Slice(0, rows)->CombineChunks());
  }
}

TEST_F(PatchTest, DroppedRenamedAndMovedColumnsCostNothing) {
  const TablePtr table = Orders(random_, kRows);
  const CommitInfo first = Commit(table);
  const TablePtr dropped = *table->RemoveColumn(3);
  const CommitInfo second = Commit(dropped);
  EXPECT_LT(second.bytes_stored, 3'000);
  ExpectReadBack(second, dropped);
  const TablePtr moved = *dropped->SelectColumns({3, 0, 2, 1});
  const CommitInfo third = Commit(moved);
  EXPECT_LT(third.bytes_stored, 3'000);
  ExpectReadBack(third, moved);
  const TablePtr changed = Churn(random_, table, 3);
  const TablePtr after = *changed->SelectColumns({4, 0, 2, 1});
  const CommitInfo fourth = Commit(after);
  EXPECT_LT(Percent(fourth, first), 1.5);
  ExpectReadBack(fourth, after);
  EXPECT_TRUE(Commit(after).unchanged);
}

TEST_F(PatchTest, OneChangedColumnStoresThatColumnOnly) {
  const TablePtr table = Orders(random_, kRows);
  const CommitInfo first = Commit(table);
  const TablePtr fresh = Orders(random_, kRows);
  const TablePtr second_table = *table->SetColumn(1, table->schema()->field(1), fresh->column(1));
  const CommitInfo second = Commit(second_table);
  EXPECT_LT(Percent(second, first), 12.0);
  ExpectReadBack(second, second_table);
}

TEST_F(PatchTest, AWidenedColumnIsAView) {
  const TablePtr table = Orders(random_, kRows);
  const CommitInfo first = Commit(table);
  const auto wide = arrow::compute::Cast(table->column(1), arrow::int64())->chunked_array();
  TablePtr second_table = *table->SetColumn(1, arrow::field("amount", arrow::int64()), wide);
  const CommitInfo second = Commit(second_table);
  EXPECT_LT(second.bytes_stored, 10'000);
  ExpectReadBack(second, second_table);
  for (int round = 0; round < 3; ++round) {
    const TablePtr churned = Churn(random_, table, 2);
    second_table = *churned->SetColumn(1, arrow::field("amount", arrow::int64()),
                                       arrow::compute::Cast(churned->column(1), arrow::int64())->chunked_array());
    const CommitInfo next = Commit(second_table);
    EXPECT_LT(Percent(next, first), 2.0);
    ExpectReadBack(next, second_table);
  }
  ExpectReadBack(first, table);
}

TEST_F(PatchTest, BlocksThatComeOrGoCostNoMore) {
  const TablePtr table = Orders(random_, kRows);
  const CommitInfo first = Commit(table);
  const TablePtr shorter = *arrow::ConcatenateTables({table->Slice(0, 20'000), table->Slice(150'000, kRows - 150'000)});
  const CommitInfo second = Commit(shorter);
  EXPECT_LT(Percent(second, first), 0.5);
  ExpectReadBack(second, shorter);
  const CommitInfo third = Commit(table);
  EXPECT_LT(third.bytes_stored, 3'000) << "what the first version has is there";
  ExpectReadBack(third, table);
  const TablePtr longer =
      *arrow::ConcatenateTables({table->Slice(0, 70'000), Orders(random_, 2'000, 1), table->Slice(70'000)});
  const CommitInfo fourth = Commit(longer);
  EXPECT_LT(Percent(fourth, first), 1.5);
  ExpectReadBack(fourth, longer);
}

TEST_F(PatchTest, ATableWithoutAColumnThatTellsRowsApartIsAlignedByWholeRows) {
  const auto without_key = [](const TablePtr& table) { return *table->SelectColumns({1, 2, 1}); };
  std::vector<TablePtr> tables{Orders(random_, kRows)};
  const auto stored = [&](const TablePtr& table) {
    return *without_key(table)->RenameColumns({"amount", "city", "again"});
  };
  const CommitInfo first = Commit(stored(tables.back()));
  for (int version = 2; version <= 4; ++version) {
    tables.push_back(Churn(random_, tables.back(), 5));
    const CommitInfo next = Commit(stored(tables.back()));
    EXPECT_LT(Percent(next, first), 4.0);
    ExpectReadBack(next, stored(tables.back()));
  }
}

TEST_F(PatchTest, AnyNumberOfThreadsStoresTheSameBytes) {
  const TablePtr table = Orders(random_, kRows);
  const TablePtr second = Churn(random_, table, 5);
  Commit(table);
  const CommitInfo here = Commit(second);
  ThreadPool one(1);
  Context context = context_;
  context.pool = &one;
  const auto other = *Store::Create(NewLocation(folder_ + "/other"));
  for (const TablePtr& next : {table, second}) {
    arrow::TableBatchReader reader(*next);
    reader.set_chunksize(3'333);
    const auto info = other->Commit({.dataset = "orders"}, reader, context);
    ASSERT_TRUE(info.ok()) << info.status();
    if (next == second) {
      EXPECT_EQ(info->digest, here.digest);
    }
  }
}

}  // namespace
}  // namespace roost::store
