#include "ingest/profiles.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "ingest/row_profiler.h"
#include "store/store.h"
#include "store/testing/test_tables.h"

namespace roost::ingest {
namespace {

using Mode = store::CommitRequest::Mode;

// The first row is long, so that tiles have few rows, and few rows are many runs of tiles.
constexpr int64_t kLongRow = 64 << 10;
constexpr int64_t kRows = 90'000;
constexpr int64_t kText = 2000;  // bytes a row: beside them the profile of a run is small enough to be kept

std::shared_ptr<arrow::Table> Rows(int64_t first, int64_t rows, int64_t text_bytes, int64_t added = 0) {
  arrow::Int64Builder ids;
  arrow::Int64Builder values;
  arrow::StringBuilder texts;
  for (int64_t id = first; id < first + rows; ++id) {
    EXPECT_TRUE(ids.Append(id).ok());
    EXPECT_TRUE(values.Append(id % 97 + added).ok());
    EXPECT_TRUE(texts.Append(std::string(static_cast<size_t>(text_bytes), static_cast<char>('a' + id % 20))).ok());
  }
  return arrow::Table::Make(arrow::schema({arrow::field("id", arrow::int64()), arrow::field("value", arrow::int64()),
                                           arrow::field("text", arrow::utf8())}),
                            {*ids.Finish(), *values.Finish(), *texts.Finish()});
}

class ProfilesTest : public testing::Test {
 protected:
  void SetUp() override {
    store_ = *store::Store::Create(store::FreshTestFolder());
    context_.pool = &pool_;
  }

  store::CommitInfo Commit(const std::shared_ptr<arrow::Table>& table, Mode mode) {
    arrow::TableBatchReader reader(*table);
    const auto version = store_->Commit({.dataset = "d", .mode = mode, .key = {"id"}}, reader, context_);
    EXPECT_TRUE(version.ok()) << version.status();
    return *version;
  }

  // The profile of a version, and how many of its rows were read for it.
  std::string ProfileBytes(const store::CommitInfo& version, int64_t& rows_read) {
    Context context = context_;
    rows_read = 0;
    int64_t before = 0;
    // Of each run the rows that are done follow those of the runs before, whether these were read or not.
    context.progress = [&](const ProgressUpdate& update) {
      EXPECT_GT(update.done, before);
      EXPECT_EQ(update.total, version.rows);
      before = update.done;
      ++rows_read;
    };
    const auto profile = ProfileOf(*store_, version, context);
    EXPECT_TRUE(profile.ok()) << profile.status();
    return profile.ok() ? profile->Serialize() : "";
  }

  std::string OfAllRows(const store::CommitInfo& version) {
    const auto rows = *store_->Read(version, {}, context_);
    return ProfileRows(*rows, 0, context_)->Serialize();
  }

  std::unique_ptr<store::Store> store_;
  ThreadPool pool_{2};
  Context context_;
};

TEST_F(ProfilesTest, AfterAnUpsertOnlyTheRunsThatChangedAreRead) {
  Commit(Rows(0, 1, kLongRow), Mode::kSnapshot);
  const store::CommitInfo all = Commit(Rows(1, kRows, kText), Mode::kAppend);
  const auto runs = static_cast<int64_t>(store_->LoadTable(all)->runs.size());
  ASSERT_GE(runs, 3) << "the test needs a table of several runs";
  int64_t read = 0;
  EXPECT_EQ(ProfileBytes(all, read), OfAllRows(all));
  EXPECT_EQ(read, runs);

  const store::CommitInfo changed = Commit(Rows(kRows / 2, 3, kText, 1000), Mode::kUpsert);
  EXPECT_EQ(ProfileBytes(changed, read), OfAllRows(changed));
  // The last run may be too short for its profile to be kept.
  EXPECT_LE(read, 2);

  // The profiles of both versions are kept; of their runs those of the newer version only.
  const size_t changed_runs = store_->LoadTable(changed)->runs.size();
  const size_t kept = store_->objects().List("profiles")->size();
  EXPECT_LE(kept, 2 + changed_runs);
  EXPECT_GE(kept, 1 + changed_runs);
  ProfileBytes(changed, read);
  EXPECT_EQ(read, 0);
}

TEST_F(ProfilesTest, AColumnWithANewNameIsReadAgain) {
  Commit(Rows(0, 1, kLongRow), Mode::kSnapshot);
  const store::CommitInfo all = Commit(Rows(1, kRows, kText), Mode::kAppend);
  int64_t read = 0;
  ProfileBytes(all, read);
  auto renamed = *Rows(0, 1, kLongRow)->RenameColumns({"id", "amount", "text"});
  const auto rest = *Rows(1, kRows, kText)->RenameColumns({"id", "amount", "text"});
  renamed = *arrow::ConcatenateTables({renamed, rest});
  const store::CommitInfo version = Commit(renamed, Mode::kSnapshot);
  EXPECT_EQ(ProfileBytes(version, read), OfAllRows(version));
  EXPECT_GT(read, 0);
}

TEST_F(ProfilesTest, ADamagedProfileIsComputedAgain) {
  const store::CommitInfo version = Commit(Rows(0, 100, 12), Mode::kSnapshot);
  int64_t read = 0;
  const std::string bytes = ProfileBytes(version, read);
  const std::string key = "profiles/" + version.table.ToHex();
  ASSERT_TRUE(store_->objects().Delete(key).ok());
  ASSERT_TRUE(store_->objects().Put(key, bytes.substr(0, bytes.size() / 2)).ok());
  EXPECT_EQ(ProfileBytes(version, read), bytes);
  EXPECT_EQ(read, 1);
  EXPECT_EQ(*store_->objects().Get(key), bytes);
}

}  // namespace
}  // namespace roost::ingest
