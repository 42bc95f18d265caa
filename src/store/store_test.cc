#include "store/store.h"

#include <unistd.h>

#include <filesystem>
#include <random>
#include <thread>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/testing/test_server.h"

namespace roost::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using TablePtr = std::shared_ptr<arrow::Table>;

/// A folder of this test alone, empty.
std::string FreshFolder() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string folder =
      fmt::format("{}roost_{}_{}_{}", ::testing::TempDir(), test->test_suite_name(), test->name(), ::getpid());
  std::filesystem::remove_all(folder);
  return folder + "/.roost";
}

template <typename Builder, typename NextValue>
std::shared_ptr<arrow::Array> Column(Builder builder, int64_t rows, bool with_nulls, uint64_t seed,
                                     const NextValue& next) {
  std::mt19937_64 random(seed);
  for (int64_t row = 0; row < rows; ++row) {
    const auto value = next(random, row);
    const bool is_null = with_nulls && random() % 7 == 0;
    EXPECT_TRUE((is_null ? builder.AppendNull() : builder.Append(value)).ok());
  }
  return *builder.Finish();
}

/// Flights, as it were: times, numbers and names, with nulls; `first_row` shifts the seeds.
TablePtr Flights(int64_t rows, uint64_t seed = 1) {
  const auto when = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return arrow::Table::Make(
      arrow::schema({arrow::field("date", when), arrow::field("delay", arrow::int64()),
                     arrow::field("origin", arrow::utf8()), arrow::field("note", arrow::large_utf8()),
                     arrow::field("score", arrow::float64()), arrow::field("late", arrow::boolean()),
                     arrow::field("nothing", arrow::null())}),
      {Column(arrow::TimestampBuilder(when, arrow::default_memory_pool()), rows, false, seed,
              [](auto& random, int64_t row) { return row * 60'000'000 + static_cast<int64_t>(random() % 9); }),
       Column(arrow::Int64Builder(), rows, true, seed + 1,
              [](auto& random, int64_t) { return static_cast<int64_t>(random() % 200) - 50; }),
       Column(arrow::StringBuilder(), rows, true, seed + 2,
              [](auto& random, int64_t) { return fmt::format("AP{}", random() % 60); }),
       Column(arrow::LargeStringBuilder(), rows, false, seed + 3,
              [](auto& random, int64_t) { return fmt::format("{:x}", random()); }),
       Column(arrow::DoubleBuilder(), rows, true, seed + 4,
              [](auto& random, int64_t) { return static_cast<double>(random() % 1000) / 8; }),
       Column(arrow::BooleanBuilder(), rows, true, seed + 5, [](auto& random, int64_t) { return random() % 2 == 0; }),
       std::make_shared<arrow::NullArray>(rows)});
}

/// Gives a table in batches of random sizes.
std::shared_ptr<arrow::RecordBatchReader> InBatches(const TablePtr& table, uint64_t seed, int64_t largest = 20'000) {
  std::mt19937_64 random(seed);
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (int64_t start = 0; start < table->num_rows();) {
    const auto length = static_cast<int64_t>(1 + random() % static_cast<uint64_t>(largest));
    batches.push_back(*table->Slice(start, length)->CombineChunksToBatch());
    start += length;
  }
  return *arrow::RecordBatchReader::Make(batches, table->schema());
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : folder_(FreshFolder()), location_(NewLocation(folder_)), store_(*Store::Create(location_)) {
    context_.pool = &pool_;
    context_.now = [] { return absl::FromUnixSeconds(1'000'000'000); };
  }

  absl::StatusOr<CommitInfo> Commit(const TablePtr& table, CommitRequest::Mode mode = CommitRequest::Mode::kSnapshot,
                                    uint64_t seed = 1, const std::string& dataset = "flights") {
    const auto reader = InBatches(table, seed);
    return store_->Commit({.dataset = dataset, .mode = mode}, *reader, context_);
  }

  TablePtr ReadAll(const CommitInfo& info, const ReadOptions& options = {}) {
    const auto reader = store_->Read(info, options, context_);
    EXPECT_TRUE(reader.ok()) << reader.status();
    const auto table = (*reader)->ToTable();
    EXPECT_TRUE(table.ok()) << table.status().ToString();
    EXPECT_TRUE((*table)->ValidateFull().ok());
    return *table;
  }

  std::string folder_;
  StoreLocation location_;
  std::unique_ptr<Store> store_;
  ThreadPool pool_{2};
  Context context_;
};

constexpr auto kAppend = CommitRequest::Mode::kAppend;

TEST_F(StoreTest, WhatWasCommittedIsReadBack) {
  const TablePtr table = Flights(60'000);
  const auto info = Commit(table);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->version, 1);
  EXPECT_EQ(info->rows, 60'000);
  EXPECT_EQ(info->rows_added, 60'000);
  EXPECT_GT(info->bytes_in, 60'000 * 24);
  EXPECT_GT(info->bytes_stored, 0);
  EXPECT_EQ(info->time, context_.now());
  EXPECT_TRUE(ReadAll(*info)->Equals(*table));
  EXPECT_TRUE((*store_->SchemaOf(*info))->Equals(*table->schema()));
}

TEST_F(StoreTest, ChosenColumnsComeInTheOrderAsked) {
  const TablePtr table = Flights(5'000);
  const auto info = *Commit(table);
  EXPECT_TRUE(ReadAll(info, {.columns = {"score", "date"}})->Equals(**table->SelectColumns({4, 0})));
  const auto missing = store_->Read(info, {.columns = {"scor"}}, context_);
  EXPECT_TRUE(absl::IsInvalidArgument(missing.status()));
  EXPECT_THAT(HintOf(missing.status()), HasSubstr("'score'"));
}

TEST_F(StoreTest, DictionaryStringsAreTheSameStrings) {
  const TablePtr table = Flights(20'000);
  const auto info = *Commit(table);
  const TablePtr read = ReadAll(info, {.columns = {"origin", "note"}, .dictionary_strings = true});
  ASSERT_EQ(read->column(0)->type()->id(), arrow::Type::DICTIONARY);
  for (int column = 0; column < 2; ++column) {
    int64_t row = 0;
    for (const auto& chunk : read->column(column)->chunks()) {
      for (int64_t i = 0; i < chunk->length(); ++i, ++row) {
        const auto got = std::static_pointer_cast<arrow::DictionaryScalar>(*chunk->GetScalar(i));
        const auto expected = *table->column(2 + column)->GetScalar(row);
        ASSERT_EQ(chunk->IsValid(i), expected->is_valid);
        ASSERT_TRUE(!expected->is_valid || (*got->GetEncodedValue())->Equals(*expected));
      }
    }
    EXPECT_EQ(row, table->num_rows());
  }
}

TEST_F(StoreTest, AnyBatchesAndAnyThreadsGiveTheSameTable) {
  const TablePtr table = Flights(100'000);
  const auto first = *Commit(table);
  ThreadPool one(1);
  for (uint64_t seed = 2; seed < 5; ++seed) {
    context_.pool = seed % 2 == 0 ? &one : &pool_;
    const auto again = Commit(table, CommitRequest::Mode::kSnapshot, seed, fmt::format("copy{}", seed));
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->table, first.table);
    EXPECT_LT(again->bytes_stored, 2'000) << "equal leaves are stored once";
  }
}

TEST_F(StoreTest, AppendsGiveTheTableThatOneSnapshotGives) {
  const TablePtr table = Flights(150'000);
  const auto whole = *Commit(table, CommitRequest::Mode::kSnapshot, 1, "whole");
  int64_t start = 0;
  for (const int64_t rows : {1'000, 79'000, 1, 69'999}) {
    const auto info = Commit(table->Slice(start, rows), kAppend, 7);
    ASSERT_TRUE(info.ok()) << info.status();
    start += rows;
    EXPECT_EQ(info->rows, start);
    EXPECT_EQ(info->rows_added, rows);
  }
  EXPECT_EQ(store_->Resolve({"flights", {}})->table, whole.table);
  EXPECT_TRUE(ReadAll(*store_->Resolve({"flights", 2}))->Equals(*table->Slice(0, 80'000)));
}

TEST_F(StoreTest, AnAppendStoresTheLastTileAndTheNewRowsOnly) {
  const auto first = *Commit(Flights(200'000), kAppend);
  const auto second = *Commit(Flights(1'000, 9), kAppend);
  EXPECT_LT(second.bytes_stored, first.bytes_stored / 4);
}

TEST_F(StoreTest, AnUnchangedSnapshotMakesNoVersion) {
  const TablePtr table = Flights(10'000);
  const auto first = *Commit(table);
  const auto again = *Commit(table, CommitRequest::Mode::kSnapshot, 2);
  EXPECT_TRUE(again.unchanged);
  EXPECT_EQ(again.version, 1);
  EXPECT_EQ(again.digest, first.digest);
  EXPECT_EQ(store_->Log("flights")->size(), 1u);
}

TEST_F(StoreTest, ARenamedMovedOrNewColumnStoresNoOther) {
  const TablePtr table = Flights(50'000);
  const auto first = *Commit(table);
  const auto moved = *Commit(*table->SelectColumns({6, 5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(moved.version, 2);
  EXPECT_LT(moved.bytes_stored, 8'000);
  const auto wider = *Commit(*table->AddColumn(7, arrow::field("extra", arrow::boolean()), table->column(5)));
  EXPECT_LT(wider.bytes_stored, first.bytes_stored / 20);
  EXPECT_EQ(wider.columns.back(), (ColumnInfo{"extra", "bool"}));
}

TEST_F(StoreTest, AppendedRowsMustHaveTheColumnsOfTheDataset) {
  const TablePtr table = Flights(10);
  ASSERT_TRUE(Commit(table, kAppend).ok());
  const TablePtr other =
      *(*table->RemoveColumn(1))->SetColumn(1, arrow::field("origin", arrow::boolean()), table->column(5));
  const auto refused = Commit(*other->AddColumn(0, arrow::field("gate", arrow::boolean()), table->column(5)), kAppend);
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status()));
  for (const char* part : {"'delay' is missing", "'origin' is bool where the dataset has string", "'gate' is new"}) {
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr(part));
  }
  EXPECT_TRUE(Commit(*table->SelectColumns({6, 5, 4, 3, 2, 1, 0}), kAppend).ok()) << "in any order";
}

TEST_F(StoreTest, WhatCannotBeStoredIsRefusedByName) {
  const auto list = arrow::list_view(arrow::int64());
  const TablePtr table =
      arrow::Table::Make(arrow::schema({arrow::field("tags", list)}), {*arrow::MakeArrayOfNull(list, 1)});
  const auto refused = Commit(table);
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("'tags'"));
}

TEST_F(StoreTest, ATableWithoutRowsIsAVersion) {
  const auto info = Commit(Flights(0));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(ReadAll(*info)->num_rows(), 0);
  ASSERT_TRUE(Commit(Flights(10), kAppend).ok());
  EXPECT_EQ(store_->Resolve({"flights", {}})->rows, 10);
}

TEST_F(StoreTest, MessagesProvenanceAndAttachmentsAreKept) {
  const auto reader = InBatches(Flights(100), 1);
  bool read_to_end = false;
  const CommitRequest request{.dataset = "flights",
                              .message = "January",
                              .author = "ann",
                              .provenance = {{"source", "january.parquet"}},
                              .attachments = [&]() -> absl::StatusOr<std::map<std::string, std::string>> {
                                std::shared_ptr<arrow::RecordBatch> batch;
                                read_to_end = reader->ReadNext(&batch).ok() && batch == nullptr;
                                return std::map<std::string, std::string>{{"profile", std::string("\0state", 6)}};
                              }};
  const auto made = store_->Commit(request, *reader, context_);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_TRUE(read_to_end);
  store_ = *Store::Open(location_);
  const auto info = *store_->Resolve({"flights", {}});
  EXPECT_EQ(info.message, "January");
  EXPECT_EQ(info.author, "ann");
  EXPECT_EQ(info.provenance.at("source"), "january.parquet");
  EXPECT_EQ(info.bytes_stored, made->bytes_stored);
  EXPECT_EQ(*store_->Attachment(info, "profile"), std::string("\0state", 6));
  EXPECT_TRUE(absl::IsNotFound(store_->Attachment(info, "other").status()));
}

TEST_F(StoreTest, WhatIsNotThereIsNotFoundWithAHint) {
  EXPECT_THAT(HintOf(store_->Resolve({"flights", {}}).status()), HasSubstr("roost data add"));
  ASSERT_TRUE(Commit(Flights(10)).ok());
  const absl::Status misspelt = store_->Resolve({"fligths", {}}).status();
  EXPECT_TRUE(absl::IsNotFound(misspelt));
  EXPECT_THAT(HintOf(misspelt), HasSubstr("'flights'"));
  const absl::Status version = store_->Resolve({"flights", 7}).status();
  EXPECT_TRUE(absl::IsNotFound(version));
  EXPECT_THAT(std::string(version.message()), HasSubstr("only version 1"));
}

TEST_F(StoreTest, EveryVersionLeavesTheRecordOfItsName) {
  ASSERT_TRUE(Commit(Flights(10), kAppend).ok());
  ASSERT_TRUE(Commit(Flights(10), kAppend).ok());
  EXPECT_THAT(*store_->objects().List("names"),
              ElementsAre("names/datasets/flights/000000000001", "names/datasets/flights/000000000002"));
  const auto log = *store_->Log("flights");
  ASSERT_EQ(log.size(), 2u);
  EXPECT_EQ(log[0].version, 2);
  EXPECT_THAT(log[0].parents, ElementsAre(log[1].digest));
  EXPECT_THAT(*store_->Datasets(), ElementsAre("flights"));
}

TEST_F(StoreTest, ACancelledCommitLeavesNoVersion) {
  Cancellation cancellation;
  context_.cancellation = &cancellation;
  context_.progress = [&](const ProgressUpdate& update) {
    if (update.done > 30'000) cancellation.Cancel();
  };
  EXPECT_TRUE(absl::IsCancelled(Commit(Flights(100'000)).status()));
  EXPECT_TRUE(store_->Datasets()->empty());
}

TEST_F(StoreTest, OfTwoWritersOneIsToldThatItLost) {
  ASSERT_TRUE(Commit(Flights(10), kAppend).ok());
  const auto reader = InBatches(Flights(10, 5), 1);
  const CommitRequest slow{.dataset = "flights",
                           .mode = kAppend,
                           .attachments = [&]() -> absl::StatusOr<std::map<std::string, std::string>> {
                             const auto other = *Store::Open(location_);
                             const auto rows = InBatches(Flights(20, 6), 1);
                             TRY(other->Commit({.dataset = "flights", .mode = kAppend}, *rows, context_).status());
                             return std::map<std::string, std::string>{};
                           }};
  EXPECT_TRUE(absl::IsAborted(store_->Commit(slow, *reader, context_).status()));
  EXPECT_EQ(store_->Resolve({"flights", {}})->rows, 30);
}

TEST_F(StoreTest, ManyWritersLoseNoUpdate) {
  constexpr int kWriters = 4;
  constexpr int kRounds = 3;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      const auto mine = *Store::Open(location_);
      for (int round = 0; round < kRounds;) {
        const auto rows = InBatches(Flights(10, static_cast<uint64_t>(100 * writer + round)), 1);
        const auto made = mine->Commit({.dataset = "flights", .mode = kAppend}, *rows, context_);
        ASSERT_TRUE(made.ok() || absl::IsAborted(made.status())) << made.status();
        if (made.ok()) ++round;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  const auto info = *store_->Resolve({"flights", {}});
  EXPECT_EQ(info.version, kWriters * kRounds);
  EXPECT_EQ(info.rows, 10 * kWriters * kRounds);
}

TEST_F(StoreTest, DamageIsDataLossThatNamesThePack) {
  const auto info = *Commit(Flights(10'000));
  const std::string key = store_->objects().List("packs")->front();
  std::string bytes = *store_->objects().Get(key);
  bytes.replace(200, 3, "\xff\xfe\xfd");
  Overwrite(store_->objects(), key, bytes);
  const auto reader = store_->Read(info, {}, context_);
  ASSERT_TRUE(reader.ok());
  const auto table = (*reader)->ToTable();
  ASSERT_FALSE(table.ok());
  EXPECT_THAT(table.status().message(), HasSubstr(key));
}

TEST_F(StoreTest, CreateCanBeRepeated) {
  ASSERT_TRUE(Commit(Flights(10)).ok());
  const auto again = Store::Create(location_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->Resolve({"flights", {}})->rows, 10);
}

TEST_F(StoreTest, WhatIsNoWorkspaceOrANewerOneIsRefused) {
  const absl::Status none = Store::Open(folder_ + "/nothing").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(none));
  EXPECT_THAT(HintOf(none), HasSubstr("roost init"));
  ObjectStore& objects = store_->objects();
  Overwrite(objects, "format.json",
            R"({"format":"roost store","version":4,"reader_features":[],"writer_features":[]})");
  EXPECT_TRUE(absl::IsFailedPrecondition(Store::Open(location_).status()));
  Overwrite(objects, "format.json", "{");
  EXPECT_TRUE(absl::IsDataLoss(Store::Open(location_).status()));
  ASSERT_TRUE(objects.Delete("format.json").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Store::Open(location_).status()));
}

TEST_F(StoreTest, ALostDatabaseIsNotAnEmptyWorkspace) {
  ASSERT_TRUE(Commit(Flights(10)).ok());
  store_.reset();
  std::filesystem::create_directories(folder_ + "/other");
  // A file that is gone, and a new database without tables.
  for (const std::string& database : {folder_ + "/gone.sqlite", NewLocation(folder_ + "/other").database}) {
    if (database.find("gone") == std::string::npos) {
      ASSERT_TRUE(Database::Open(database).ok());
    }
    StoreLocation lost = location_;
    lost.database = database;
    EXPECT_TRUE(absl::IsDataLoss(Store::Open(lost).status())) << Store::Open(lost).status();
    EXPECT_TRUE(absl::IsDataLoss(Store::Create(lost).status()));
  }
}

}  // namespace
}  // namespace roost::store
