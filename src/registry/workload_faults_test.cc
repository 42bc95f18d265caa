#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "registry/registry.h"
#include "store/store.h"
#include "store/testing/database_faults.h"
#include "store/testing/test_server.h"

namespace roost::registry {
namespace {

using Effect = store::DatabaseFaults::Effect;
constexpr auto kSnapshot = store::CommitRequest::Mode::kSnapshot;
constexpr auto kAppend = store::CommitRequest::Mode::kAppend;

/// `rows` rows that nobody else has written.
std::shared_ptr<arrow::Table> Rows(int64_t seed, int64_t rows = 50) {
  arrow::Int64Builder numbers;
  arrow::StringBuilder names;
  for (int64_t row = 0; row < rows; ++row) {
    EXPECT_TRUE(numbers.Append(seed * 1000 + row).ok() && names.Append(fmt::format("name {}", row % 7)).ok());
  }
  return arrow::Table::Make(
      arrow::schema({arrow::field("number", arrow::int64()), arrow::field("name", arrow::utf8())}),
      {*numbers.Finish(), *names.Finish()});
}

/// What a workload was told is there: versions with their rows, and versions of the model.
struct Acknowledged {
  std::map<int64_t, std::shared_ptr<arrow::Table>> versions;
  std::map<int64_t, std::string> models;
};

class WorkloadFaults : public ::testing::Test {
 protected:
  WorkloadFaults() { context_.pool = &pool_; }

  /// Three snapshots, an append and a model. What fails is left, and the next is tried, as users do.
  Acknowledged RunWorkload(store::Store& store) {
    Acknowledged known;
    std::shared_ptr<arrow::Table> before;
    for (const int64_t step : {1, 2, 3, 4}) {
      const auto rows = Rows(step);
      arrow::TableBatchReader reader(rows);
      const auto made = store.Commit({.dataset = "d", .mode = step == 4 ? kAppend : kSnapshot}, reader, context_);
      if (!made.ok()) continue;
      // The append goes upon the newest version, told or not.
      auto now = rows;
      if (step == 4 && made->rows > rows->num_rows()) {
        if (made->rows_added != rows->num_rows() || made->parents.empty()) ADD_FAILURE() << "an append replaced rows";
        now = nullptr;  // looked at by its count only: see Check
      }
      known.versions[made->version] = now;
    }
    auto registry = Registry::Open(store.database(), store.objects());
    if (!registry.ok()) return known;
    const auto made = registry->Register("m", {{{"model.json", "one"}}}, "ada", context_);
    if (made.ok()) known.models[made->version] = "one";
    return known;
  }

  /// Every version that is visible can be read and is one that was told of, or `unsure` of them more.
  void Check(store::Store& store, const Acknowledged& known, int64_t unsure) {
    int64_t visible = 0;
    const auto log = store.Log("d");
    for (const auto& info : log.ok() ? *log : std::vector<store::CommitInfo>()) {
      ++visible;
      const auto reader = store.Read(info, {}, context_);
      ASSERT_TRUE(reader.ok()) << reader.status();
      const auto table = (*reader)->ToTable();
      ASSERT_TRUE(table.ok()) << table.status().ToString();
      EXPECT_EQ((*table)->num_rows(), info.rows);
      const auto told = known.versions.find(info.version);
      if (told != known.versions.end() && told->second != nullptr) {
        EXPECT_TRUE((*table)->Equals(*told->second)) << info.Name();
      }
    }
    EXPECT_LE(visible, static_cast<int64_t>(known.versions.size()) + unsure);
    for (const auto& [version, rows] : known.versions) EXPECT_TRUE(store.Resolve({"d", version}).ok()) << version;
    auto registry = Registry::Open(store.database(), store.objects());
    ASSERT_TRUE(registry.ok()) << registry.status();
    const auto models = *registry->List();
    for (const ModelVersion& model : models) {
      const auto package = registry->Load(model);
      ASSERT_TRUE(package.ok()) << package.status();
      const auto told = known.models.find(model.version);
      if (told != known.models.end()) {
        EXPECT_EQ(package->parts.at("model.json"), told->second);
      }
    }
    for (const auto& [version, content] : known.models) {
      EXPECT_TRUE(registry->Resolve(fmt::format("m@{}", version)).ok()) << version;
    }
    EXPECT_LE(models.size(), known.models.size() + static_cast<size_t>(unsure));
  }

  /// The workload with a fault at every write in turn; returns how many writes it has.
  int64_t FailAtEachWrite(Effect effect) {
    const std::string base =
        fmt::format("{}roost_workload_{}_{}", ::testing::TempDir(), static_cast<int>(effect), ::getpid());
    for (int64_t write = 1;; ++write) {
      SCOPED_TRACE(fmt::format("write {}", write));
      std::filesystem::remove_all(base);
      const store::StoreLocation location = store::NewLocation(base);
      auto store = *store::Store::Create(location);
      Acknowledged known;
      bool happened = false;
      bool was_kept = false;
      {
        store::DatabaseFaults faults(store->database());
        faults.At(write, effect);
        known = RunWorkload(*store);
        happened = faults.happened();
        was_kept = faults.was_kept();
      }
      store.reset();
      store = *store::Store::Open(location);
      Check(*store, known, was_kept ? 1 : 0);
      // It can be worked with.
      arrow::TableBatchReader more(Rows(9));
      EXPECT_TRUE(store->Commit({.dataset = "d", .mode = kAppend}, more, context_).ok());
      if (!happened || ::testing::Test::HasFailure()) {
        std::filesystem::remove_all(base);
        return write - 1;
      }
    }
  }

  ThreadPool pool_{2};
  Context context_;
};

TEST_F(WorkloadFaults, AWriteToTheDatabaseThatFailsLosesNothingThatWasAcknowledged) {
  EXPECT_GT(FailAtEachWrite(Effect::kFails), 20);
}

TEST_F(WorkloadFaults, AProcessThatDiesAtAWriteToTheDatabaseLosesNothingThatWasAcknowledged) {
  EXPECT_GT(FailAtEachWrite(Effect::kDies), 20);
}

}  // namespace
}  // namespace roost::registry
