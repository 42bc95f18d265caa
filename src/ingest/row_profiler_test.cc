#include "ingest/row_profiler.h"

#include <cmath>
#include <random>

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include "base/thread_pool.h"

namespace roost::ingest {
namespace {

constexpr int64_t kRows = 30'000;

std::shared_ptr<arrow::Table> Rows(uint64_t seed) {
  std::mt19937_64 random(seed);
  arrow::Int64Builder numbers;
  arrow::DoubleBuilder weights;
  arrow::StringBuilder names;
  for (int64_t row = 0; row < kRows; ++row) {
    EXPECT_TRUE(numbers.Append(static_cast<int64_t>(random() % 1000)).ok());
    // Of both signs and many magnitudes, where a naive sum depends on the order.
    const double magnitude = std::ldexp(1.0, static_cast<int>(random() % 120) - 60);
    EXPECT_TRUE(
        (random() % 7 == 0 ? weights.AppendNull() : weights.Append(random() % 2 ? magnitude : -magnitude)).ok());
    EXPECT_TRUE(names.Append("name " + std::to_string(random() % 50)).ok());
  }
  return arrow::Table::Make(
      arrow::schema({arrow::field("number", arrow::int64()), arrow::field("weight", arrow::float64()),
                     arrow::field("name", arrow::utf8())}),
      {*numbers.Finish(), *weights.Finish(), *names.Finish()});
}

std::string ProfileBytes(const std::shared_ptr<arrow::Table>& table, int64_t batch_rows, size_t threads) {
  ThreadPool pool(threads);
  Context context;
  context.pool = &pool;
  arrow::TableBatchReader reader(table);
  reader.set_chunksize(batch_rows);
  const auto profile = ProfileRows(reader, table->num_rows(), context);
  EXPECT_TRUE(profile.ok()) << profile.status();
  return profile.ok() ? profile->Serialize() : "";
}

TEST(ProfileRows, GivesTheSameBytesForAnyBatchesAndThreads) {
  const auto table = Rows(7);
  const std::string bytes = ProfileBytes(table, kRows, 1);
  for (const int64_t batch_rows : {977, 4096}) {
    for (const size_t threads : {1, 2, 5}) EXPECT_EQ(ProfileBytes(table, batch_rows, threads), bytes);
  }
}

TEST(ProfileRows, CountsColumnsWithoutRows) {
  const auto none = Rows(7)->Slice(0, 0);
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  arrow::TableBatchReader reader(none);
  const auto profile = ProfileRows(reader, 0, context);
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(profile->rows(), 0);
  EXPECT_EQ(profile->Summarize().columns.size(), 3u);
}

TEST(ProfileRows, TellsEachGroupOfRowsAndStopsWhenItIsAskedTo) {
  const auto table = Rows(7);
  ThreadPool pool(2);
  Cancellation cancellation;
  Context context;
  context.pool = &pool;
  context.cancellation = &cancellation;
  int64_t told = 0;
  context.progress = [&](const ProgressUpdate& update) { told = update.done; };
  arrow::TableBatchReader all(table);
  ASSERT_TRUE(ProfileRows(all, kRows, context).ok());
  EXPECT_EQ(told, kRows);
  cancellation.Cancel();
  arrow::TableBatchReader again(table);
  EXPECT_EQ(ProfileRows(again, kRows, context).status().code(), absl::StatusCode::kCancelled);
}

TEST(ProfileRows, GivesTheErrorOfTheReader) {
  class Failing : public arrow::RecordBatchReader {
   public:
    explicit Failing(std::shared_ptr<arrow::Table> table) : table_(std::move(table)), reader_(*table_) {
      reader_.set_chunksize(kRows / 2);
    }
    std::shared_ptr<arrow::Schema> schema() const override { return table_->schema(); }
    arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
      return ++calls_ > 1 ? arrow::Status::Invalid("row 15,001 is damaged") : reader_.ReadNext(batch);
    }

   private:
    std::shared_ptr<arrow::Table> table_;
    arrow::TableBatchReader reader_;
    int calls_ = 0;
  };
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  Failing reader(Rows(7));
  const auto profile = ProfileRows(reader, kRows, context);
  EXPECT_EQ(profile.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(profile.status().message().find("row 15,001"), std::string::npos) << profile.status();
}

// Columns of numbers, texts (as dictionaries and plain) and lists, in three row groups.
std::string WideFile(int num_columns) {
  std::mt19937_64 random(31);
  constexpr int64_t kWideRows = 700;
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < num_columns; ++i) {
    arrow::Int64Builder numbers;
    arrow::StringBuilder texts;
    const auto items = std::make_shared<arrow::DoubleBuilder>();
    arrow::ListBuilder lists(arrow::default_memory_pool(), items);
    for (int64_t row = 0; row < kWideRows; ++row) {
      const uint64_t value = random() % (i % 2 == 0 ? 40 : 1'000'000'000);
      EXPECT_TRUE((value % 11 == 0 ? numbers.AppendNull() : numbers.Append(static_cast<int64_t>(value))).ok());
      EXPECT_TRUE(texts.Append("text " + std::to_string(value)).ok());
      EXPECT_TRUE(lists.Append().ok());
      EXPECT_TRUE(items->Append(static_cast<double>(value)).ok());
    }
    columns.push_back(i % 5 == 1 ? *texts.Finish() : i % 5 == 2 ? *lists.Finish() : *numbers.Finish());
    fields.push_back(arrow::field("c" + std::to_string(i), columns.back()->type()));
  }
  const auto table = arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns));
  // A file of its own for each test: they may run at the same time.
  std::string path =
      testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".parquet";
  const auto file = arrow::io::FileOutputStream::Open(path);
  EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), *file, /*chunk_size=*/300).ok());
  EXPECT_TRUE((*file)->Close().ok());
  return path;
}

TEST(ProfileSlabs, GiveTheSameBytesAsRows) {
  const std::string path = WideFile(table::ColumnSlabs::kManyColumns);
  ThreadPool pool(2);
  const Context context{.pool = &pool};
  const table::ReadOptions options{.dictionary_strings = true};
  auto rows = table::OpenFile(path, options, context);
  ASSERT_TRUE(rows.ok()) << rows.status();
  const auto by_rows = ProfileRows(**rows, 700, context);
  ASSERT_TRUE(by_rows.ok()) << by_rows.status();
  const auto slabs = table::ColumnSlabs::Open(path, options, context, /*slab_bytes=*/100'000);
  ASSERT_NE(slabs, nullptr);
  EXPECT_EQ(slabs->num_groups(), 3);
  EXPECT_GT(slabs->num_slabs(), 5);
  const auto by_slabs = ProfileSlabs(*slabs, context);
  ASSERT_TRUE(by_slabs.ok()) << by_slabs.status();
  EXPECT_EQ(by_slabs->rows(), 700);
  EXPECT_TRUE(by_slabs->Serialize() == by_rows->Serialize());
}

TEST(ProfileSlabs, AreForFilesOfManyColumnsAndGreatRowGroups) {
  ThreadPool pool(1);
  const Context context{.pool = &pool};
  const std::string wide = WideFile(table::ColumnSlabs::kManyColumns);
  EXPECT_EQ(table::ColumnSlabs::Open(wide, {}, context), nullptr);
  EXPECT_EQ(table::ColumnSlabs::Open(WideFile(table::ColumnSlabs::kManyColumns - 1), {}, context, 100'000), nullptr);
  EXPECT_EQ(table::ColumnSlabs::Open("no such file.parquet", {}, context), nullptr);
}

}  // namespace
}  // namespace roost::ingest
