#include "ingest/row_profiler.h"

#include <cmath>
#include <random>

#include <arrow/api.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace roost::ingest
