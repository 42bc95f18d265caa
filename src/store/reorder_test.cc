#include "store/reorder.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>
#include <random>

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "store/ordered_reader.h"
#include "store/store.h"
#include "store/table_plan.h"

namespace roost::store {
namespace {

using TablePtr = std::shared_ptr<arrow::Table>;

template <typename Builder, typename Next>
std::shared_ptr<arrow::Array> Column(int64_t rows, const Next& next) {
  Builder builder;
  for (int64_t row = 0; row < rows; ++row) next(builder, row);
  return *builder.Finish();
}

/// Orders: an id, amounts, cities and scores with nulls, NaNs and repetitions, a text.
TablePtr Orders(std::mt19937_64& random, int64_t rows, int64_t first_id = 0) {
  const auto fields = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("amount", arrow::int32()),
                                     arrow::field("city", arrow::utf8()), arrow::field("score", arrow::float64()),
                                     arrow::field("text", arrow::utf8()), arrow::field("price", arrow::float64()),
                                     arrow::field("code", arrow::utf8())});
  return arrow::Table::Make(
      fields,
      {Column<arrow::Int64Builder>(rows, [&](auto& to, int64_t row) { (void)to.Append(first_id + row * 7); }),
       Column<arrow::Int32Builder>(
           rows, [&](auto& to, int64_t) { (void)to.Append(static_cast<int32_t>(random() % 1'000'000)); }),
       Column<arrow::StringBuilder>(rows,
                                    [&](auto& to, int64_t) {
                                      (void)(random() % 50 == 0 ? to.AppendNull()
                                                                : to.Append(fmt::format("city {}", random() % 40)));
                                    }),
       Column<arrow::DoubleBuilder>(rows,
                                    [&](auto& to, int64_t) {
                                      const uint64_t dice = random() % 40;
                                      if (dice == 0) return (void)to.AppendNull();
                                      (void)to.Append(dice == 1 ? std::nan("")
                                                                : static_cast<double>(random() >> 11) * 0x1p-53);
                                    }),
       Column<arrow::StringBuilder>(rows, [&](auto& to, int64_t) { (void)to.Append(fmt::format("{:x}", random())); }),
       Column<arrow::DoubleBuilder>(
           rows, [&](auto& to, int64_t) { (void)to.Append(static_cast<double>(random() >> 11) * 0x1p-53); }),
       Column<arrow::StringBuilder>(rows, [&](auto& to, int64_t) { (void)to.Append(fmt::format("{:x}", random())); })});
}

TablePtr Take(const TablePtr& table, const std::vector<int64_t>& rows) {
  arrow::Int64Builder indices;
  EXPECT_TRUE(indices.AppendValues(rows).ok());
  return arrow::compute::Take(table, *indices.Finish())->table();
}

std::vector<int64_t> AllRows(int64_t rows) {
  std::vector<int64_t> all(static_cast<size_t>(rows));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

TablePtr Shuffled(std::mt19937_64& random, const TablePtr& table) {
  std::vector<int64_t> rows = AllRows(table->num_rows());
  std::shuffle(rows.begin(), rows.end(), random);
  return Take(table, rows);
}

/// Sorted by columns, ties as they are.
TablePtr Sorted(const TablePtr& table, const std::vector<std::pair<int, SortColumn>>& by) {
  std::vector<SortKeys> keys;
  std::vector<SortColumn> order;
  for (const auto& [column, way] : by) {
    keys.emplace_back(table->column(column)->chunks());
    order.push_back(way);
  }
  const auto rows = StableOrder(keys, order);
  return Take(table, {rows.begin(), rows.end()});
}

/// One row in a hundred is changed but for its id, one is left out, and one is new.
TablePtr Churn(std::mt19937_64& random, const TablePtr& table) {
  const int64_t rows = table->num_rows();
  const TablePtr fresh = Orders(random, rows, 1 + static_cast<int64_t>(random() % 1'000'000) * 7);
  const TablePtr changed = *fresh->SetColumn(0, fresh->schema()->field(0), table->column(0));
  std::vector<int64_t> taken;
  for (int64_t row = 0; row < rows; ++row) {
    const uint64_t dice = random() % 100;
    if (dice != 0) taken.push_back(dice == 1 ? rows + row : row);
    if (dice == 2) taken.push_back(2 * rows + row);
  }
  return Take(*arrow::ConcatenateTables({table, changed, fresh}), taken);
}

/// Equal to the bit: NaN is NaN.
bool SameRows(const arrow::Table& a, const arrow::Table& b) {
  return a.Equals(b, arrow::EqualOptions::Defaults().nans_equal(true));
}

class ReorderTest : public ::testing::Test {
 protected:
  ReorderTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fmt::format("{}roost_order_{}_{}", ::testing::TempDir(), test->name(), ::getpid());
    std::filesystem::remove_all(folder_);
    store_ = *Store::Create(folder_ + "/.roost");
    context_.pool = &pool_;
    context_.now = [] { return absl::FromUnixSeconds(1'000'000'000); };
  }
  ~ReorderTest() override { std::filesystem::remove_all(folder_); }

  CommitInfo Commit(const TablePtr& table, CommitRequest request = {}) {
    arrow::TableBatchReader reader(*table);
    reader.set_chunksize(10'000);
    request.dataset = "orders";
    const auto info = store_->Commit(request, reader, context_);
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

  CommitInfo CommitAndCheck(const TablePtr& table, CommitRequest request = {}) {
    const CommitInfo info = Commit(table, std::move(request));
    EXPECT_TRUE(SameRows(*Read(info), *table)) << info.Name();
    return info;
  }

  static double Percent(const CommitInfo& info, const CommitInfo& first) {
    return 100.0 * static_cast<double>(info.bytes_stored) / static_cast<double>(first.bytes_stored);
  }

  std::string folder_;
  std::unique_ptr<Store> store_;
  ThreadPool pool_{2};
  Context context_;
  std::mt19937_64 random_{7};
};

constexpr int64_t kRows = 100'000;

TEST_F(ReorderTest, ASortCostsItsSpecificationAndGoingBackGivesTheOldTable) {
  const TablePtr table = Orders(random_, kRows);
  const CommitInfo first = CommitAndCheck(table);
  const CommitInfo by_score = CommitAndCheck(Sorted(table, {{3, {.descending = true, .nulls_first = true}}}));
  EXPECT_LT(Percent(by_score, first), 0.05);
  EXPECT_NE(by_score.table, first.table);
  const CommitInfo by_city = CommitAndCheck(Sorted(table, {{2, {}}}));
  EXPECT_LT(Percent(by_city, first), 0.05);
  // Its ties are not in stored order but in that of another column.
  const CommitInfo by_two = CommitAndCheck(Sorted(table, {{2, {}}, {1, {.descending = true}}}));
  EXPECT_LT(Percent(by_two, first), 0.05);
  EXPECT_EQ(CommitAndCheck(Sorted(table, {{2, {}}})).table, by_city.table);
  const CommitInfo back = CommitAndCheck(table);
  EXPECT_EQ(back.table, first.table);
  EXPECT_TRUE(Commit(table).unchanged);
}

TEST_F(ReorderTest, AShuffleCostsItsNumbers) {
  const TablePtr table = Orders(random_, kRows);
  const CommitInfo first = CommitAndCheck(table);
  const TablePtr shuffled = Shuffled(random_, table);
  const CommitInfo second = CommitAndCheck(shuffled);
  EXPECT_LT(Percent(second, first), 7.0);
  EXPECT_LE(second.bytes_stored, kRows * 17 / 8 + 4'000);
  EXPECT_TRUE(Commit(shuffled).unchanged);
  const TablePtr stored = Read(second, {.stored_order = true});
  EXPECT_TRUE(SameRows(*stored, *table));
  const TablePtr part = Read(second, {.columns = {"text", "city"}, .dictionary_strings = true});
  ASSERT_EQ(part->column(0)->type()->id(), arrow::Type::DICTIONARY);
  const auto texts = arrow::compute::Cast(part->column(0), arrow::utf8());
  EXPECT_TRUE(texts->chunked_array()->Equals(shuffled->column(4)));
}

TEST_F(ReorderTest, AChainOfSortsEditsAndAppendsCostsItsEdits) {
  TablePtr table = Orders(random_, 40'000);
  const CommitInfo first = CommitAndCheck(table);
  const SortColumn by_amount{.descending = true};
  TablePtr sorted = Sorted(table, {{1, by_amount}});
  EXPECT_LT(CommitAndCheck(sorted).bytes_stored, 2'000);
  // A table that stays sorted, with edits.
  table = Churn(random_, table);
  sorted = Sorted(table, {{1, by_amount}});
  EXPECT_LT(Percent(CommitAndCheck(sorted), first), 5.0);
  // Back to the order of the first version.
  EXPECT_LT(Percent(CommitAndCheck(table), first), 3.0);
  EXPECT_LT(Percent(CommitAndCheck(sorted), first), 3.0);
  // New rows come last, also where the others are sorted.
  const TablePtr more = Orders(random_, 200, 3);
  const CommitInfo appended = Commit(more, {.mode = CommitRequest::Mode::kAppend});
  const TablePtr all = *(*arrow::ConcatenateTables({sorted, more}))->CombineChunks();
  EXPECT_TRUE(SameRows(*Read(appended), *all));
  EXPECT_LT(Percent(appended, first), 1.5);
  EXPECT_TRUE(Commit(all).unchanged);
  const CommitInfo twice = Commit(Orders(random_, 10, 4), {.mode = CommitRequest::Mode::kAppend});
  EXPECT_TRUE(SameRows(*Read(twice)->Slice(0, all->num_rows()), *all));
}

TEST_F(ReorderTest, RandomTablesWithRepeatedRowsAreReadAsTheyWereHandedIn) {
  // Few different rows, no column that tells them apart, and edits.
  for (int round = 0; round < 6; ++round) {
    const TablePtr source = *Orders(random_, 3'000)->SelectColumns({2, 3, 1});
    std::vector<int64_t> rows;
    for (int i = 0; i < 9'000; ++i) rows.push_back(static_cast<int64_t>(random_() % 2'500));
    CommitAndCheck(Take(source, rows));
    for (int step = 0; step < 4; ++step) {
      switch (random_() % 3) {
        case 0: std::shuffle(rows.begin(), rows.end(), random_); break;
        case 1: std::sort(rows.begin(), rows.end()); break;
        default: std::rotate(rows.begin(), rows.begin() + 3'000, rows.end()); break;
      }
      for (int i = 0; i < 60; ++i) rows[random_() % rows.size()] = static_cast<int64_t>(random_() % 3'000);
      CommitAndCheck(Take(source, rows));
    }
  }
}

TEST_F(ReorderTest, RowsThatCostLessThanTheirOrderAreStoredAsTheyAre) {
  const auto bits = [&](uint64_t seed) {
    std::mt19937_64 random(seed);
    return arrow::Table::Make(arrow::schema({arrow::field("bit", arrow::int64())}),
                              {Column<arrow::Int64Builder>(kRows, [&](auto& to, int64_t) {
                                (void)to.Append(static_cast<int64_t>(random() % 2));
                              })});
  };
  CommitAndCheck(bits(1));
  const CommitInfo shuffled = CommitAndCheck(Shuffled(random_, bits(1)));
  EXPECT_FALSE(ReadTable(*store_->records().LoadObject(shuffled.table, kTableTag))->order.has_value());
}

TEST_F(ReorderTest, UpsertsAndDeletionsKeepTheOrder) {
  const TablePtr table = Orders(random_, 20'000);
  Commit(table, {.key = {"id"}});
  for (const bool sorts : {false, true}) {
    const TablePtr other = sorts ? Sorted(table, {{3, {}}}) : Shuffled(random_, table);
    CommitAndCheck(other);
    const TablePtr keys = *other->Slice(100, 400)->SelectColumns({0});
    const CommitInfo deleted = Commit(keys, {.mode = CommitRequest::Mode::kDeleteKeys});
    const TablePtr left = *arrow::ConcatenateTables({other->Slice(0, 100), other->Slice(500)});
    EXPECT_TRUE(SameRows(*Read(deleted), **left->CombineChunks()));
    // A replaced row keeps its place; new ones come last, or where the sort puts them.
    const CommitInfo upserted = Commit(*other->Slice(50, 450)->CombineChunks(), {.mode = CommitRequest::Mode::kUpsert});
    const TablePtr after = *arrow::ConcatenateTables({left, other->Slice(100, 400)});
    EXPECT_TRUE(SameRows(*Read(upserted), *(sorts ? Sorted(after, {{3, {}}}) : *after->CombineChunks())));
  }
}

TEST_F(ReorderTest, AnyNumberOfThreadsGivesTheSameTable) {
  const TablePtr table = Orders(random_, 30'000);
  const TablePtr shuffled = Shuffled(random_, Churn(random_, table));
  std::vector<Digest> ids;
  for (const size_t threads : {1, 5}) {
    ThreadPool pool(threads);
    context_.pool = &pool;
    store_ = *Store::Create(fmt::format("{}/{}/.roost", folder_, threads));
    Commit(table);
    ids.push_back(Commit(shuffled).digest);
  }
  EXPECT_EQ(ids[0], ids[1]);
}

TEST_F(ReorderTest, LittleMemoryGivesTheSameOrder) {
  const TablePtr table = Orders(random_, 30'000);
  Commit(table);
  const std::string hex = Commit(Shuffled(random_, table)).table.ToHex();
  const TablePtr wanted = Shuffled(random_, table);
  const TableObject parent = *ReadTable(*store_->records().LoadObject(*Digest::FromHex(hex), kTableTag));
  const auto plan = PlanSnapshot(*table->schema(), parent);
  std::vector<std::pair<TablePtr, std::string>> results;
  for (const int64_t memory : {int64_t{256} << 20, int64_t{100'000}}) {
    auto reader = std::make_shared<arrow::TableBatchReader>(wanted);
    reader->set_chunksize(2'000);
    const auto reordered =
        ReorderLikeParent(parent, plan->table, store_->tiles(), reader, {.memory_bytes = memory}, context_);
    ASSERT_TRUE(reordered.ok()) << reordered.status();
    ASSERT_TRUE(reordered->order.has_value());
    results.emplace_back(*reordered->rows->ToTable(), WriteOrder(*reordered->order));
  }
  EXPECT_TRUE(SameRows(*results[0].first, *results[1].first));
  EXPECT_EQ(results[0].second, results[1].second);
  const auto read = ReadRowsInOrder(parent, {0, 4}, false, "orders", {.memory_bytes = 100'000}, store_->records(),
                                    store_->tiles(), context_);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ((*(*read)->ToTable())->num_rows(), 30'000);
}

}  // namespace
}  // namespace roost::store
