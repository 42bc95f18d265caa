#include <algorithm>
#include <random>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/diff_columns.h"
#include "store/history.h"
#include "store/local_object_store.h"
#include "store/row_edits.h"
#include "store/row_ranges.h"
#include "store/tile_match.h"

namespace roost::store {
namespace {

using ::testing::ElementsAre;

TEST(RowRangesTest, PositionsAreCountedFoundAndLeftOut) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    RowRanges ranges;
    std::vector<int64_t> rows;
    std::vector<int64_t> left_out;
    std::vector<int64_t> rest;
    for (int64_t row = 0; row < 300; ++row) {
      if (random() % 3 == 0) continue;
      ranges.Add(row, row + 1);
      rows.push_back(row);
      (random() % 4 == 0 ? left_out : rest).push_back(row);
    }
    ASSERT_EQ(ranges.Count(), static_cast<int64_t>(rows.size()));
    for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(ranges.At(static_cast<int64_t>(i)), rows[i]);
    for (int64_t row = 0; row < 310; ++row) {
      EXPECT_EQ(ranges.CountBefore(row), std::lower_bound(rows.begin(), rows.end(), row) - rows.begin());
    }
    const RowRanges others = ranges.Without(left_out);
    ASSERT_EQ(others.Count(), static_cast<int64_t>(rest.size()));
    for (size_t i = 0; i < rest.size(); ++i) EXPECT_EQ(others.At(static_cast<int64_t>(i)), rest[i]);
  }
}

TEST(EditsOfTest, RowsThatComeFromABaseMakeItsEdits) {
  const std::vector<int64_t> from{1, 2, -1, 5, 6, -1};
  const RowEdits edits = EditsOf(from, 9);
  EXPECT_EQ(edits.base_rows, 9);
  EXPECT_EQ(edits.rows, 6);
  EXPECT_THAT(edits.steps, ElementsAre(EditStep{.remove = 1}, EditStep{.keep = 2, .remove = 2, .insert = 1},
                                       EditStep{.keep = 2, .remove = 2, .insert = 1}));
}

TableObject Columns(const std::vector<StoredColumn>& columns) { return {.columns = columns}; }

TEST(CompareColumnsTest, TheFewestColumnsAreMoved) {
  const auto compared =
      CompareColumns(Columns({{0, "a", "int64"}, {1, "b", "int64"}, {2, "c", "int64"}, {3, "d", "int64"}}),
                     Columns({{3, "d", "int64"}, {0, "a", "int64"}, {1, "b", "int64"}, {2, "c", "int64"}}), INT64_MAX);
  ASSERT_TRUE(compared.ok()) << compared.status();
  std::vector<std::string> moved;
  for (const ColumnChange& change : compared->changes) {
    if (change.is_moved) moved.push_back(change.after->name);
  }
  EXPECT_THAT(moved, ElementsAre("d"));
}

TEST(CompareColumnsTest, ARenamedColumnIsTheSameAndAReplacedOneIsNot) {
  const auto compared = CompareColumns(Columns({{0, "a", "int32"}, {1, "b", "int64"}}),
                                       Columns({{0, "x", "int64"}, {2, "b", "string"}}), INT64_MAX);
  ASSERT_TRUE(compared.ok()) << compared.status();
  ASSERT_EQ(compared->changes.size(), 2U);
  EXPECT_TRUE(compared->changes[0].IsRenamed());
  EXPECT_TRUE(compared->changes[0].IsRetyped());
  EXPECT_TRUE(compared->changes[0].is_compared);
  EXPECT_FALSE(compared->changes[1].is_compared);
  EXPECT_TRUE(compared->changes[1].IsRetyped());
}

TEST(CompareColumnsTest, IdsThatWereGivenApartAreTheSameByTheirNamesOnly) {
  const TableObject ours = Columns({{0, "a", "int64"}, {1, "ours", "int64"}, {2, "both", "int64"}});
  const TableObject theirs = Columns({{0, "a", "int64"}, {1, "theirs", "int64"}, {2, "both", "int64"}});
  const auto compared = CompareColumns(ours, theirs, 1);
  ASSERT_TRUE(compared.ok()) << compared.status();
  ASSERT_EQ(compared->changes.size(), 4U);
  EXPECT_TRUE(compared->changes[0].is_compared);
  EXPECT_TRUE(compared->changes[1].IsAdded());
  EXPECT_TRUE(compared->changes[2].is_compared);
  EXPECT_TRUE(compared->changes[3].IsDropped());
}

/// Commits in an object store, without any table.
class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() : objects_(*LocalObjectStore::Open(::testing::TempDir() + "roost_history")) {}

  CommitInfo Add(int64_t version, const std::vector<CommitInfo>& parents) {
    CommitInfo info{.dataset = "flights", .version = version};
    for (const CommitInfo& parent : parents) info.parents.push_back(parent.digest);
    const std::string bytes = WriteCommit(info);
    info = *ReadCommit(bytes);
    EXPECT_TRUE(objects_->Put(CommitKey(info.digest), bytes).ok());
    return info;
  }

  int64_t Base(const CommitInfo& a, const CommitInfo& b) {
    const auto base = CommonAncestor(*objects_, a, b);
    EXPECT_TRUE(base.ok()) << base.status();
    return base->has_value() ? (*base)->version : 0;
  }

  std::unique_ptr<LocalObjectStore> objects_;
};

TEST_F(HistoryTest, TheNearestVersionOfWhichBothComeIsFound) {
  const CommitInfo v1 = Add(1, {});
  const CommitInfo v2 = Add(2, {v1});
  const CommitInfo ours3 = Add(3, {v2});
  const CommitInfo theirs4 = Add(4, {v2});
  const CommitInfo ours5 = Add(5, {ours3});
  EXPECT_EQ(Base(ours5, theirs4), 2);
  EXPECT_EQ(Base(theirs4, ours5), 2);
  EXPECT_EQ(Base(ours5, v1), 1);
  EXPECT_EQ(Base(ours5, ours5), 5);
  const CommitInfo merged6 = Add(6, {ours5, theirs4});
  const CommitInfo theirs7 = Add(7, {theirs4});
  EXPECT_EQ(Base(merged6, theirs7), 4);
  EXPECT_EQ(Base(Add(8, {}), v1), 0);
}

TEST_F(HistoryTest, AParentThatIsMissingIsDataLoss) {
  CommitInfo lost{.dataset = "flights", .version = 1};
  lost.digest = Sha256("no such commit");
  const CommitInfo child = Add(2, {lost});
  EXPECT_TRUE(absl::IsDataLoss(CommonAncestor(*objects_, child, Add(3, {})).status()));
}

}  // namespace
}  // namespace roost::store
