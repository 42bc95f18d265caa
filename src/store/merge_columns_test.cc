#include "store/merge_columns.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "store/merge.h"
#include "store/names.h"
#include "store/testing/test_server.h"
#include "store/testing/test_tables.h"

namespace roost::store {
namespace {

constexpr int64_t kRows = 40;

/// A column by what its cells say: `seed` tells columns apart, and is the same where a side only renamed one.
struct TestColumn {
  std::string name;
  int64_t seed = 0;
  bool is_text = false;
  bool is_edited = false;  ///< one cell is another one
};
using TestColumns = std::vector<TestColumn>;

int64_t CellOf(const TestColumn& column, int64_t row) {
  return column.seed * 1'000 + row + (column.is_edited && row == column.seed % kRows ? 500 : 0);
}

std::shared_ptr<arrow::Array> ArrayOf(const TestColumn& column) {
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (int64_t row = 0; row < kRows; ++row) {
    const int64_t cell = CellOf(column, row);
    EXPECT_TRUE((column.is_text ? texts.Append(std::to_string(cell)) : numbers.Append(cell)).ok());
  }
  return column.is_text ? *texts.Finish() : *numbers.Finish();
}

std::shared_ptr<arrow::Table> TableOf(const TestColumns& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const TestColumn& column : columns) {
    arrays.push_back(ArrayOf(column));
    fields.push_back(arrow::field(column.name, arrays.back()->type()));
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(arrays));
}

class MergeColumnsTest : public ::testing::Test {
 protected:
  MergeColumnsTest() : folder_(FreshTestFolder()), store_(*Store::Create(NewLocation(folder_ + "/.roost"))) {
    context_.pool = &pool_;
  }
  ~MergeColumnsTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  /// The base's columns dropped, renamed (also to names of others), edited, and new ones, some of them the same twice.
  TestColumns RandomSide(const TestColumns& base) {
    TestColumns side{base.front()};
    std::vector<std::string> names{"a", "b", "c", "d", "e"};
    std::shuffle(names.begin(), names.end(), random_);
    std::set<std::string> taken{"id"};
    const auto add = [&](TestColumn column) {
      if (taken.insert(column.name).second) side.push_back(std::move(column));
    };
    for (size_t i = 1; i < base.size(); ++i) {
      TestColumn column = base[i];
      if (random_() % 5 == 0) continue;
      if (random_() % 3 == 0) column.name = names[i];
      if (random_() % 3 == 0) column.is_edited = true;
      add(column);
    }
    for (uint64_t news = random_() % 3; news > 0; --news) {
      const auto seed = static_cast<int64_t>(10 + random_() % 3);
      add({.name = names[news + 2], .seed = seed, .is_text = random_() % 4 == 0});
    }
    return side;
  }

  CommitInfo Add(const TestColumns& columns, const std::string& branch) {
    arrow::TableBatchReader reader(TableOf(columns));
    auto info = store_->Commit({.dataset = dataset_, .branch = branch, .key = {"id"}}, reader, context_);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() ? *info : CommitInfo{};
  }

  void MakeBranch(const std::string& name, int64_t at) {
    const NameChange change{.dataset = dataset_, .name = name, .to = at, .author = "ann"};
    ASSERT_TRUE(store_->names().Change(change).ok());
  }

  /// Merges into a new branch at `ours`, and returns its columns by their names; nothing where there are conflicts.
  std::map<std::string, std::string> Merged(const CommitInfo& ours, const CommitInfo& theirs, OnConflict on_conflict) {
    const std::string branch = fmt::format("m{}", ++branches_);
    MakeBranch(branch, ours.version);
    const MergeRequest request{
        .dataset = dataset_, .theirs = theirs, .into = branch, .on_conflict = on_conflict, .author = "ann"};
    const auto result = Merge(*store_, request, context_);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok() || result->outcome == MergeResult::Outcome::kConflicts) return {};
    const auto table = *ReadVersion(*store_, dataset_, result->version.version, context_);
    EXPECT_EQ(table->num_rows(), kRows);
    std::map<std::string, std::string> columns;
    for (int i = 0; i < table->num_columns(); ++i) {
      const auto combined = *arrow::Concatenate(table->column(i)->chunks());
      EXPECT_TRUE(columns.emplace(table->field(i)->name(), combined->ToString()).second) << "a name is there twice";
    }
    return columns;
  }

  ThreadPool pool_{2};
  Context context_;
  std::string folder_;
  std::unique_ptr<Store> store_;
  std::string dataset_;
  std::mt19937_64 random_{11};
  int branches_ = 0;
};

TEST_F(MergeColumnsTest, AnyTwoSidesMergeWithAPolicyAndBothWaysAlike) {
  int conflicts = 0;
  int merges = 0;
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    dataset_ = fmt::format("d{}", round);
    const TestColumns base{
        {.name = "id"}, {.name = "a", .seed = 1}, {.name = "b", .seed = 2}, {.name = "c", .seed = 3}};
    Add(base, "");
    MakeBranch("theirs", 1);
    const CommitInfo theirs = Add(RandomSide(base), "theirs");
    const CommitInfo ours = Add(RandomSide(base), "");
    if (theirs.unchanged || ours.unchanged) continue;
    const auto plain = Merged(ours, theirs, OnConflict::kFail);
    ++(plain.empty() ? conflicts : merges);
    EXPECT_EQ(plain, Merged(theirs, ours, OnConflict::kFail));
    const auto with_ours = Merged(ours, theirs, OnConflict::kOurs);
    const auto with_theirs = Merged(ours, theirs, OnConflict::kTheirs);
    EXPECT_EQ(with_ours, Merged(theirs, ours, OnConflict::kTheirs));
    EXPECT_EQ(with_theirs, Merged(theirs, ours, OnConflict::kOurs));
    if (plain.empty()) continue;
    EXPECT_EQ(with_ours, plain);
    EXPECT_EQ(with_theirs, plain);
  }
  EXPECT_GT(conflicts, 10);
  EXPECT_GT(merges, 10);
}

}  // namespace
}  // namespace roost::store
