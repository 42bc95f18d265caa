// What operations read and write, counted: no more than the sizes of what they need.
#include <unistd.h>

#include <filesystem>
#include <random>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "store/counted_object_store.h"
#include "store/records.h"
#include "store/store.h"
#include "store/testing/test_server.h"
#include "store/tile_loader.h"

namespace roost::store {
namespace {

using TablePtr = std::shared_ptr<arrow::Table>;

/// `columns` columns of numbers, "c0" and on, that differ from row to row and do not compress.
TablePtr Numbers(int64_t rows, int columns, uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (int column = 0; column < columns; ++column) {
    arrow::Int64Builder builder;
    for (int64_t row = 0; row < rows; ++row) EXPECT_TRUE(builder.Append(static_cast<int64_t>(random())).ok());
    fields.push_back(arrow::field(fmt::format("c{}", column), arrow::int64()));
    arrays.push_back(*builder.Finish());
  }
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

class StoreCountsTest : public ::testing::Test {
 protected:
  StoreCountsTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fmt::format("{}roost_counts_{}_{}", ::testing::TempDir(), test->name(), ::getpid());
    std::filesystem::remove_all(folder_);
    location_ = NewLocation(folder_);
    EXPECT_TRUE(Store::Create(location_).ok());
    Reopen();
    context_.pool = &pool_;
    context_.now = [] { return absl::FromUnixSeconds(1'000'000'000); };
  }
  ~StoreCountsTest() override { std::filesystem::remove_all(folder_); }

  /// A store that has nothing in memory and has counted nothing.
  void Reopen() {
    auto objects = std::make_unique<CountedObjectStore>(*OpenObjects(location_));
    objects_ = objects.get();
    store_ = *Store::Over(std::move(objects), *Database::Open(location_.database));
  }

  CommitInfo Commit(const TablePtr& table, CommitRequest::Mode mode = CommitRequest::Mode::kSnapshot) {
    arrow::TableBatchReader reader(*table);
    reader.set_chunksize(10'000);
    const auto info = store_->Commit({.dataset = "numbers", .mode = mode}, reader, context_);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.value_or(CommitInfo{});
  }

  void ReadAll(const CommitInfo& info, const ReadOptions& options = {}) {
    const auto reader = store_->Read(info, options, context_);
    ASSERT_TRUE(reader.ok()) << reader.status();
    ASSERT_TRUE((*reader)->ToTable().ok());
  }

  /// The version's table.
  TableObject Table(const CommitInfo& info) { return *ReadTable(*store_->records().LoadObject(info.table, kTableTag)); }

  int64_t CommitBytes(const CommitInfo& info) {
    return static_cast<int64_t>(*store_->objects().Size(CommitKey(info.digest)));
  }

  int64_t RecordBytes(const std::vector<Digest>& ids) {
    int64_t bytes = 0;
    const auto locations = store_->records().LocateAll(ids, "the test");
    for (const auto& [id, location] : *locations) bytes += location.entry.length;
    return bytes;
  }

  /// The table's record and those of its lists.
  int64_t ListBytes(const CommitInfo& info) {
    std::vector<Digest> ids{info.table};
    const TableObject table = Table(info);
    for (const TileRun& run : table.runs) ids.push_back(run.id);
    return RecordBytes(ids);
  }

  /// The leaves of every tile from `first_tile` on: those of column `column`, or of all for -1.
  int64_t LeafBytes(const CommitInfo& info, int64_t column, size_t first_tile = 0) {
    const TableObject table = Table(info);
    std::vector<Digest> ids;
    size_t number = 0;
    for (const TileRun& run : table.runs) {
      const auto list = *store_->tiles().List(run.id, table);
      for (const TileNode& tile : list->tiles) {
        if (number++ < first_tile) continue;
        for (size_t i = 0; i < tile.leaves.size(); ++i) {
          if (column < 0 || static_cast<size_t>(column) == i) ids.push_back(tile.leaves[i].id);
        }
      }
    }
    return RecordBytes(ids);
  }

  size_t TileCount(const CommitInfo& info) {
    size_t tiles = 0;
    const TableObject table = Table(info);
    for (const TileRun& run : table.runs) tiles += static_cast<size_t>(run.tiles);
    return tiles;
  }

  std::string folder_;
  StoreLocation location_;
  CountedObjectStore* objects_ = nullptr;
  std::unique_ptr<Store> store_;
  ThreadPool pool_{2};
  Context context_;
};

TEST_F(StoreCountsTest, ALogReadsTheCommitsAndNothingElse) {
  int64_t expected = 0;
  for (uint64_t version = 1; version <= 4; ++version) {
    expected += CommitBytes(Commit(Numbers(5'000, 3, version), CommitRequest::Mode::kAppend));
  }
  Reopen();
  ASSERT_EQ(store_->Log("numbers")->size(), 4u);
  const ObjectCounts counts = objects_->counts();
  EXPECT_EQ(counts.read_calls, 4);
  EXPECT_EQ(counts.bytes_read, expected);
  EXPECT_EQ(counts.put_calls, 0);
}

TEST_F(StoreCountsTest, AnUnchangedSnapshotReadsAtMostTheColumnThatTellsItsOrderAndWritesNothing) {
  const TablePtr table = Numbers(300'000, 4);
  const CommitInfo info = Commit(table);
  ASSERT_GE(TileCount(info), 2u);
  const int64_t expected = CommitBytes(info) + ListBytes(info);
  Reopen();
  EXPECT_TRUE(Commit(table).unchanged);
  const ObjectCounts counts = objects_->counts();
  EXPECT_GE(counts.bytes_read, expected);
  EXPECT_LE(counts.bytes_read, expected + LeafBytes(info, 0)) << "the tiles in which the first rows are looked for";
  EXPECT_EQ(counts.objects_written, 0);
}

TEST_F(StoreCountsTest, AReadOfOneColumnReadsItsLeavesOnly) {
  const CommitInfo info = Commit(Numbers(300'000, 4));
  const int64_t expected = ListBytes(info) + LeafBytes(info, 2);
  Reopen();
  ReadAll(info, {.columns = {"c2"}});
  EXPECT_EQ(objects_->counts().bytes_read, expected);
}

TEST_F(StoreCountsTest, AnAppendReadsTheLastTileAndWritesTheNewRows) {
  const CommitInfo first = Commit(Numbers(300'000, 4));
  const size_t tiles = TileCount(first);
  const int64_t known = CommitBytes(first) + ListBytes(first);
  const int64_t last = LeafBytes(first, -1, tiles - 1);
  Reopen();
  const CommitInfo second = Commit(Numbers(100, 4, 2), CommitRequest::Mode::kAppend);
  const ObjectCounts counts = objects_->counts();
  // The last tile is read to go on with it, and as the base of its patch.
  EXPECT_LE(counts.bytes_read, known + CommitBytes(second) + 2 * last);
  EXPECT_LT(counts.bytes_written, 100 * 4 * 8 + 6'000);
}

TEST_F(StoreCountsTest, AReadOfPatchesReadsEachRecordOnce) {
  const TablePtr table = Numbers(20'000, 3);
  Commit(table);
  const auto changed = arrow::ConcatenateTables({table->Slice(0, 9'000), Numbers(50, 3, 9), table->Slice(9'050)});
  const CommitInfo info = Commit(*changed);
  int64_t stored = 0;
  const std::vector<std::string> packs = *store_->objects().List("packs");
  for (const std::string& key : packs) {
    stored += static_cast<int64_t>(*store_->objects().Size(key));
  }
  Reopen();
  ReadAll(info);
  EXPECT_LE(objects_->counts().bytes_read, stored);
}

TEST_F(StoreCountsTest, TheLeavesOfATileAreAskedForTogether) {
  const CommitInfo info = Commit(Numbers(1'000, 200));
  ASSERT_EQ(TileCount(info), 1u);
  Reopen();
  ReadAll(info);
  const ObjectCounts counts = objects_->counts();
  EXPECT_EQ(counts.read_calls, 3);  // the table, its list, 200 leaves
  EXPECT_EQ(counts.pieces_read, 202);
}

}  // namespace
}  // namespace roost::store
