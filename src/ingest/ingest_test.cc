#include "ingest/ingest.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/thread_pool.h"
#include "ingest/profiles.h"
#include "store/testing/test_server.h"

namespace roost::ingest {
namespace {

namespace fs = std::filesystem;
constexpr auto kAppend = store::CommitRequest::Mode::kAppend;
constexpr auto kSnapshot = store::CommitRequest::Mode::kSnapshot;

class IngestTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              ("ingest." + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    location_ = store::NewLocation((folder_ / "store").string());
    store_ = *store::Store::Create(location_);
    context_.pool = &pool_;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string WriteCsv(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }

  absl::StatusOr<store::CommitInfo> Add(const std::vector<std::string>& files, store::CommitRequest::Mode mode) {
    auto source = FileSource::Make(files);
    if (!source.ok()) return source.status();
    return Ingest(*store_, **source, {.dataset = "flights", .mode = mode, .message = "test"}, context_);
  }

  fs::path folder_;
  store::StoreLocation location_;
  std::unique_ptr<store::Store> store_;
  ThreadPool pool_{2};
  Context context_;
};

TEST_F(IngestTest, AnAppendedProfileIsTheProfileOfAllRows) {
  const std::string first = WriteCsv("a.csv", "origin,delay\nSFO,3\nLAX,\n");
  const std::string second = WriteCsv("b.csv", "origin,delay\nJFK,-5\nSFO,70\n");
  ASSERT_TRUE(Add({first}, store::CommitRequest::Mode::kAppend).ok());
  const auto appended = Add({second}, store::CommitRequest::Mode::kAppend);
  ASSERT_TRUE(appended.ok()) << appended.status();
  EXPECT_EQ(appended->version, 2);
  EXPECT_EQ(appended->rows, 4);
  EXPECT_EQ(appended->rows_added, 2);
  const std::string merged = ProfileOf(*store_, *appended, context_)->Serialize();

  const auto whole = Add({first, second}, store::CommitRequest::Mode::kSnapshot);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(ProfileOf(*store_, *whole, context_)->Serialize(), merged);
}

TEST_F(IngestTest, TheVersionKnowsItsFiles) {
  const std::string path = WriteCsv("a.csv", "x\n1\n");
  const Json provenance = (*FileSource::Make({path}))->Provenance();
  EXPECT_EQ(provenance["files"][0]["path"], path);
  EXPECT_EQ(provenance["files"][0]["bytes"], 4);
}

TEST_F(IngestTest, ASourceThatFailsLeavesNoVersion) {
  const std::string path = WriteCsv("ragged.csv", "x,y\n1,2\n3\n");
  EXPECT_EQ(Add({path}, store::CommitRequest::Mode::kSnapshot).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(store_->Datasets()->empty());
}

TEST_F(IngestTest, NothingToReadIsTold) {
  EXPECT_EQ(FileSource::Make({(folder_ / "*.csv").string()}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Add({(folder_ / "missing.csv").string()}, store::CommitRequest::Mode::kSnapshot).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(FileSource::Make({}).status().code(), absl::StatusCode::kInvalidArgument);
}

// A check that drops the first row of each batch and keeps what it was shown.
struct Dropping {
  RowCheck StartTry() {
    first_rows.clear();
    ++tries;
    return {.pass = [this](const std::shared_ptr<arrow::RecordBatch>& batch,
                           int64_t first_row) -> absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> {
              first_rows.push_back(first_row);
              return batch->Slice(1);
            },
            .approve =
                [this](const profile::Profile& profile) {
                  rows = profile.rows();
                  return verdict;
                }};
  }

  std::vector<int64_t> first_rows;
  int64_t rows = -1;
  int tries = 0;
  absl::Status verdict;
};

TEST_F(IngestTest, ACheckSeesRowsTakesSomeOutAndCanRefuseTheVersion) {
  const auto source = *FileSource::Make({WriteCsv("a.csv", "x\n1\n2\n3\n"), WriteCsv("b.csv", "x\n4\n")});
  Dropping check;
  IngestOptions options{.dataset = "flights", .mode = kAppend, .check = [&](const auto&) { return check.StartTry(); }};
  check.verdict = absl::InvalidArgumentError("no");
  EXPECT_EQ(Ingest(*store_, *source, options, context_).status().message(), "no");
  EXPECT_TRUE(store_->Datasets()->empty());
  EXPECT_EQ(check.first_rows, (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(check.rows, 2);

  check.verdict = absl::OkStatus();
  const auto added = Ingest(*store_, *source, options, context_);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->rows, 2);
  EXPECT_EQ(ProfileOf(*store_, *added, context_)->rows(), 2);
}

TEST_F(IngestTest, AnUpsertIsCheckedByTheRowsThatAreHandedIn) {
  const std::string path = WriteCsv("a.csv", "x,y\n1,1\n2,2\n3,3\n");
  const auto first = *FileSource::Make({path});
  constexpr auto kUpsert = store::CommitRequest::Mode::kUpsert;
  ASSERT_TRUE(Ingest(*store_, *first, {.dataset = "flights", .mode = kUpsert, .key = {"x"}}, context_).ok());
  const auto changed = *FileSource::Make({WriteCsv("b.csv", "x,y\n3,9\n2,9\n")});
  Dropping check;
  const auto added =
      Ingest(*store_, *changed,
             {.dataset = "flights", .mode = kUpsert, .check = [&](const auto&) { return check.StartTry(); }}, context_);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(check.rows, 1);
  EXPECT_EQ(added->counts->changed, 1);
  EXPECT_EQ(ProfileOf(*store_, *added, context_)->rows(), 3);
}

TEST_F(IngestTest, AnotherHeadThanTheExpectedOneIsAborted) {
  ASSERT_TRUE(Add({WriteCsv("a.csv", "x\n1\n")}, kSnapshot).ok());
  const auto source = *FileSource::Make({WriteCsv("b.csv", "x\n2\n")});
  IngestOptions options{.dataset = "flights", .expected_version = 7};
  EXPECT_TRUE(absl::IsAborted(Ingest(*store_, *source, options, context_).status()));
  options.expected_version = 1;
  EXPECT_TRUE(Ingest(*store_, *source, options, context_).ok());
}

TEST_F(IngestTest, OtherValuesFarBehindTheBeginningMakeAColumnWiderAndAreAFaultOnlyOfADatasetsOwnColumn) {
  std::string text = "id,n\n";
  for (int i = 0; i < 1'000'000; ++i) text += std::to_string(i) + ",7\n";
  const std::string path = WriteCsv("a.csv", text + "-1,late\n");
  const auto added = Add({path}, kSnapshot);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->columns[1].type, "string");
  ASSERT_TRUE(Add({WriteCsv("b.csv", "id,n\n1,7\n")}, kSnapshot).ok());
  EXPECT_EQ(Add({path}, kAppend).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->Resolve({"flights", {}})->version, 2);
}

// Rows of a file, before which another writer adds its own.
class OvertakenSource : public Source {
 public:
  OvertakenSource(const Source& rows, std::function<void()> overtake) : rows_(rows), overtake_(std::move(overtake)) {}
  absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Open(const std::shared_ptr<arrow::Schema>& types,
                                                                 const Context& context) const override {
    overtake_();
    return rows_.Open(types, context);
  }
  int64_t NumRows() const override { return 0; }
  Json Provenance() const override { return rows_.Provenance(); }

 private:
  const Source& rows_;
  std::function<void()> overtake_;
};

TEST_F(IngestTest, AnAppendThatWasOvertakenGoesBehindTheOthersAndNoProfileLacksRows) {
  ASSERT_TRUE(Add({WriteCsv("a.csv", "x\n1\n")}, kAppend).ok());
  const auto rows = *FileSource::Make({WriteCsv("b.csv", "x\n2\n")});
  const std::string others = WriteCsv("c.csv", "x\n3\n");
  int tries = 0;
  const OvertakenSource source(*rows, [&] {
    if (++tries <= 2) {
      ASSERT_TRUE(Add({others}, kAppend).ok());
    }
  });
  const auto added = Ingest(*store_, source, {.dataset = "flights", .mode = kAppend}, context_);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(tries, 3);
  EXPECT_EQ(added->version, 4);
  EXPECT_EQ(added->rows, 4);
  EXPECT_EQ(ProfileOf(*store_, *added, context_)->rows(), 4);
}

TEST_F(IngestTest, AnAppendThatIsAlwaysOvertakenIsGivenUp) {
  const auto rows = *FileSource::Make({WriteCsv("b.csv", "x\n2\n")});
  const std::string others = WriteCsv("c.csv", "x\n3\n");
  const OvertakenSource source(*rows, [&] { ASSERT_TRUE(Add({others}, kAppend).ok()); });
  const auto added = Ingest(*store_, source, {.dataset = "flights", .mode = kAppend, .append_tries = 3}, context_);
  EXPECT_TRUE(absl::IsAborted(added.status())) << added.status();
  EXPECT_EQ(store_->Resolve({"flights", {}})->version, 3);
}

TEST_F(IngestTest, CancelledWorkLeavesNoVersion) {
  Cancellation cancellation;
  cancellation.Cancel();
  context_.cancellation = &cancellation;
  const std::string path = WriteCsv("a.csv", "x\n1\n");
  EXPECT_EQ(Add({path}, store::CommitRequest::Mode::kSnapshot).status().code(), absl::StatusCode::kCancelled);
  context_.cancellation = nullptr;
  EXPECT_TRUE(store_->Datasets()->empty());
}

TEST_F(IngestTest, SixteenAppendersAllSucceedAndLoseNothing) {
  constexpr int kWriters = 16;
  ASSERT_TRUE(Add({WriteCsv("first.csv", "writer,delay\n-1,0\n")}, kAppend).ok());
  std::atomic<int> said = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    const std::string path =
        WriteCsv(std::to_string(writer) + ".csv", "writer,delay\n" + std::to_string(writer) + ",1\n");
    writers.emplace_back([&, path] {
      const auto own = *store::Store::Open(location_);
      const auto source = *FileSource::Make({path});
      Context context = context_;
      context.progress = [&](const ProgressUpdate& update) {
        if (std::string(update.stage).find("trying again") != std::string::npos) ++said;
      };
      const auto added = Ingest(*own, *source, {.dataset = "flights", .mode = kAppend}, context);
      EXPECT_TRUE(added.ok()) << added.status();
    });
  }
  for (std::thread& writer : writers) writer.join();
  const auto latest = *store_->Resolve({"flights", std::nullopt});
  EXPECT_EQ(latest.version, kWriters + 1);
  EXPECT_EQ(latest.rows, kWriters + 1);
  EXPECT_GT(said, 0);
  const auto rows = *(*store_->Read(latest, {}, context_))->ToTable();
  std::set<int64_t> seen;
  const auto chunks = rows->GetColumnByName("writer")->chunks();
  for (const auto& chunk : chunks) {
    const auto& numbers = static_cast<const arrow::Int64Array&>(*chunk);
    for (int64_t i = 0; i < numbers.length(); ++i) seen.insert(numbers.Value(i));
  }
  EXPECT_EQ(seen.size(), kWriters + 1u);
  EXPECT_EQ(ProfileOf(*store_, latest, context_)->rows(), kWriters + 1);
}

TEST_F(IngestTest, OfSnapshotsUponOneVersionTheFirstWinsAndTheOthersAreTold) {
  constexpr int kWriters = 16;
  ASSERT_TRUE(Add({WriteCsv("first.csv", "writer\n-1\n")}, kSnapshot).ok());
  std::atomic<int> won = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    const std::string path = WriteCsv(std::to_string(writer) + ".csv", "writer\n" + std::to_string(writer) + "\n");
    writers.emplace_back([&, path] {
      const auto own = *store::Store::Open(location_);
      const auto source = *FileSource::Make({path});
      const auto added = Ingest(*own, *source, {.dataset = "flights", .mode = kSnapshot}, context_);
      if (added.ok()) ++won;
      EXPECT_TRUE(added.ok() || absl::IsAborted(added.status())) << added.status();
      if (!added.ok()) {
        EXPECT_NE(added.status().message().find("another writer made"), std::string::npos);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_GE(won, 1);
  EXPECT_EQ(store_->Resolve({"flights", std::nullopt})->version, 1 + won);
}

}  // namespace
}  // namespace roost::ingest
