#include "store/merge.h"

#include <algorithm>
#include <map>
#include <random>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/garbage.h"
#include "store/merge_changes.h"
#include "store/testing/merge_fixture.h"

namespace roost::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// One side changes amounts, the other cities, in rows that may be the same; each removes and inserts rows of its own.
TEST_F(MergeTest, EditsOfDifferentRowsOrColumnsNeverConflict) {
  for (const bool declared : {true, false}) {
    declared_ = declared;
    for (uint64_t seed = 1; seed <= 12; ++seed) {
      SCOPED_TRACE(fmt::format("seed {}, declared {}", seed, declared));
      std::mt19937_64 random(seed);
      const Orders base = RandomOrders(random, 400);
      Orders ours = base;
      Orders theirs = base;
      Orders both = base;
      for (size_t i = 0; i < base.size(); ++i) {
        if (random() % 5 == 0) both[i].amount = ours[i].amount = 100 + static_cast<int64_t>(random() % 50);
        if (random() % 5 == 0) both[i].city = theirs[i].city = std::nullopt;
        if (random() % 9 == 0) both[i].amount = theirs[i].amount = ours[i].amount = 777;
        // Rows 7, 20, … go here and rows 11, 24, … there: they are changed by nobody.
        const uint64_t rest = i % 13;
        if (rest == 7 || rest == 11) ours[i] = theirs[i] = both[i] = base[i];
      }
      EraseIds(ours, 13, 7);
      EraseIds(theirs, 13, 11);
      EraseIds(both, 13, 7);
      EraseIds(both, 13, 11);
      for (int i = 0; i < 12; ++i) {
        const Order mine{.id = static_cast<int64_t>(random() % 400) * 10 + 1, .amount = i};
        const Order yours{.id = static_cast<int64_t>(random() % 400) * 10 + 2, .city = "new"};
        const auto insert = [&](Orders& orders, const Order& order) {
          for (const Order& other : orders) {
            if (other.id == order.id) return false;
          }
          orders.insert(orders.begin() + static_cast<ptrdiff_t>(random() % orders.size()), order);
          return true;
        };
        if (insert(ours, mine)) both.push_back(mine);
        if (insert(theirs, yours)) both.push_back(yours);
      }
      MakeSides(base, ours, theirs);
      MakeBranch("other", store_->Resolve({.name = dataset_, .label = "main"})->version);
      const MergeResult result = MergeInto();
      EXPECT_EQ(result.outcome, MergeResult::Outcome::kMerged);
      EXPECT_THAT(result.conflicts, IsEmpty());
      EXPECT_EQ(ById(Rows()), ById(RowsOf(*ToTable(both))));
      // The other way round: the same rows, in another order perhaps.
      EXPECT_EQ(MergeInto("theirs", "other").outcome, MergeResult::Outcome::kMerged);
      EXPECT_EQ(ById(Rows("theirs")), ById(Rows()));
    }
  }
}

TEST_F(MergeTest, WithoutAnythingThatTellsRowsApartTheirPlacesDo) {
  const Shape shape{.with_id = false};
  Orders base;
  for (int i = 0; i < 50; ++i) base.push_back({.amount = i / 2, .city = fmt::format("c{}", i % 3)});
  Orders ours = base;
  Orders theirs = base;
  ours[10].amount = 100;
  ours.erase(ours.begin() + 30);
  theirs[10].city = "y";
  theirs[40].amount = 200;
  theirs.push_back({.amount = 1, .city = "last"});
  MakeSides(base, ours, theirs, shape, shape, shape);
  EXPECT_EQ(MergeInto().outcome, MergeResult::Outcome::kMerged);
  Orders both = ours;
  both[10].city = "y";
  both[39].amount = 200;
  both.push_back({.amount = 1, .city = "last"});
  const std::vector<Row> merged = Rows();
  const std::vector<Row> expected = RowsOf(*ToTable(both, shape));
  ASSERT_EQ(merged.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(merged[i], expected[i]) << "row " << i;
}

TEST_F(MergeTest, InsertedRowsStandBehindTheirNeighbourAfterThoseOfOurs) {
  declared_ = true;
  const Orders base{{.id = 1}, {.id = 2}, {.id = 3}};
  const Orders ours{{.id = 1}, {.id = 10}, {.id = 2}, {.id = 3}, {.id = 11}};
  const Orders theirs{{.id = 20}, {.id = 1}, {.id = 21}, {.id = 22}, {.id = 3}, {.id = 23}};
  MakeSides(base, ours, theirs);
  const MergeResult result = MergeInto();
  EXPECT_EQ(result.added, 4);
  EXPECT_EQ(result.removed, 1);
  std::vector<std::string> ids;
  for (const Row& row : Rows()) ids.push_back(row.at("id"));
  EXPECT_THAT(ids, ElementsAre("20", "1", "10", "21", "22", "3", "11", "23"));
}

/// So many rows that work for each pair of them would not end in a minute.
TEST_F(MergeTest, LongRunsOfRowsThatBothAppendedStandOneBehindTheOther) {
  declared_ = true;
  constexpr int64_t kRows = 20'000;
  const Orders base{{.id = 1}, {.id = 2}};
  Orders ours = base;
  Orders theirs = base;
  for (int64_t i = 0; i < kRows; ++i) {
    ours.push_back({.id = 1'000'000 + i});
    theirs.push_back({.id = 2'000'000 + i});
  }
  MakeSides(base, ours, theirs);
  EXPECT_EQ(MergeInto().added, kRows);
  ours.insert(ours.end(), theirs.begin() + static_cast<ptrdiff_t>(base.size()), theirs.end());
  EXPECT_TRUE((*ReadVersion(*store_, dataset_, 4, context_))->Equals(*ToTable(ours)));
}

TEST_F(MergeTest, WhatBothChangedDifferentlyIsToldAndNothingIsMade) {
  declared_ = true;
  Orders base{
      {.id = 1, .amount = 5, .city = "a"}, {.id = 2, .amount = 5}, {.id = 3, .amount = 5}, {.id = 4, .amount = 5}};
  Orders ours{
      {.id = 1, .amount = 6, .city = "b"}, {.id = 2, .amount = 6}, {.id = 4, .amount = 5}, {.id = 5, .amount = 1}};
  Orders theirs{
      {.id = 1, .amount = 7, .city = "b"}, {.id = 3, .amount = 7}, {.id = 4, .amount = 5}, {.id = 5, .amount = 2}};
  MakeSides(base, ours, theirs);
  const MergeResult failed = MergeInto();
  EXPECT_EQ(failed.outcome, MergeResult::Outcome::kConflicts);
  EXPECT_THAT(
      failed.conflicts,
      ElementsAre(
          Conflict{.kind = "row removed there", .where = "id=2", .ours = "changed", .theirs = "removed"},
          Conflict{.kind = "cell", .where = "id=1", .column = "amount", .base = "5", .ours = "6", .theirs = "7"},
          Conflict{.kind = "row removed here", .where = "id=3", .ours = "removed", .theirs = "changed"},
          Conflict{
              .kind = "row added twice", .where = "id=5", .column = "amount", .ours = "added", .theirs = "added"}));
  EXPECT_EQ((*ToTable(failed.conflicts))->num_rows(), 4);
  EXPECT_EQ(Rows(), RowsOf(*ToTable(ours)));

  MakeBranch("mine", 3);
  EXPECT_EQ(MergeInto("mine", "theirs", OnConflict::kOurs).outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(ById(Rows("mine")), ById(RowsOf(*ToTable(ours))));
  EXPECT_EQ(MergeInto("", "theirs", OnConflict::kTheirs).outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(ById(Rows()), ById(RowsOf(*ToTable(theirs))));
}

TEST_F(MergeTest, ABranchWithoutVersionsOfItsOwnMovesOn) {
  const Orders base{{.id = 1}};
  const Orders theirs{{.id = 1}, {.id = 2}};
  dataset_ = "forward";
  Add(base);
  MakeBranch("theirs", 1);
  Add(theirs, "theirs");
  EXPECT_EQ(MergeInto().outcome, MergeResult::Outcome::kFastForward);
  EXPECT_EQ(store_->Resolve({.name = dataset_, .label = "main"})->version, 2);
  EXPECT_EQ(MergeInto().outcome, MergeResult::Outcome::kAlreadyMerged);
  EXPECT_EQ(store_->Log(dataset_)->size(), 2u);
}

TEST_F(MergeTest, AMergedVersionHasTwoParentsAndIsNotMergedAgain) {
  std::mt19937_64 random(3);
  const Orders base = RandomOrders(random, 60);
  Orders ours = base;
  Orders theirs = base;
  ours[3].amount = 1'000;
  theirs[4].amount = 2'000;
  MakeSides(base, ours, theirs);
  const MergeResult result = MergeInto();
  EXPECT_THAT(result.version.parents, ElementsAre(store_->Resolve({.name = dataset_, .version = 3})->digest,
                                                  store_->Resolve({.name = dataset_, .version = 2})->digest));
  EXPECT_EQ(MergeInto().outcome, MergeResult::Outcome::kAlreadyMerged);
  EXPECT_EQ(MergeInto("theirs", "main").outcome, MergeResult::Outcome::kFastForward);
  // What theirs changed is what the merge changed.
  const auto changes =
      SideChanges::Load(*store_, *store_->Resolve({.name = dataset_, .version = 3}), result.version, context_);
  ASSERT_TRUE(changes.ok());
  EXPECT_THAT(changes->changed(), SizeIs(1));
  // The next merge begins at the merged version.
  theirs[4].amount = 3'000;
  theirs[3].amount = 1'000;
  Add(theirs, "theirs");
  ours[4].amount = 2'000;
  ours[5].amount = 4'000;
  Add(ours);
  EXPECT_EQ(MergeInto().outcome, MergeResult::Outcome::kMerged);
  ours[4].amount = 3'000;
  EXPECT_EQ(Rows(), RowsOf(*ToTable(ours)));
  for (int run = 0; run < 2; ++run) {
    ASSERT_TRUE(CollectGarbage(*store_, {.dry_run = false, .grace = absl::ZeroDuration()}, context_).ok());
  }
  EXPECT_EQ(Rows(), RowsOf(*ToTable(ours)));
}

TEST_F(MergeTest, AProtectedBranchAndStrangersAreRefused) {
  MakeSides({{.id = 1}}, {{.id = 1}, {.id = 2}}, {{.id = 1}, {.id = 3}});
  NameChange protect{.dataset = dataset_, .name = "main", .action = NameAction::kProtect, .author = "ann"};
  ASSERT_TRUE(store_->names().Change(protect).ok());
  MergeRequest request{.dataset = dataset_, .theirs = *store_->Resolve({.name = dataset_, .label = "theirs"})};
  EXPECT_TRUE(absl::IsFailedPrecondition(Merge(*store_, request, context_).status()));
  request.allow_protected = true;
  EXPECT_TRUE(Merge(*store_, request, context_).ok());
  request.into = "nowhere";
  EXPECT_TRUE(absl::IsNotFound(Merge(*store_, request, context_).status()));
}

TEST(RowMap, RowsThatAreNotToldFollowInTheirOrder) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 200; ++round) {
    // A list of rows that is edited at random; -1 stands for a new row.
    const auto rows = static_cast<int64_t>(random() % 30);
    std::vector<int64_t> after;
    std::vector<int64_t> removed;
    for (int64_t row = 0; row < rows; ++row) {
      if (random() % 4 == 0) {
        removed.push_back(row);
      } else {
        after.push_back(row);
      }
    }
    std::vector<std::pair<int64_t, int64_t>> pairs;
    if (after.size() > 3 && random() % 2 == 0) {
      const int64_t moved = after[1];
      after.erase(after.begin() + 1);
      after.push_back(moved);
    }
    for (uint64_t i = random() % 5; i-- > 0;) {
      after.insert(after.begin() + static_cast<ptrdiff_t>(random() % (after.size() + 1)), -1);
    }
    std::vector<int64_t> added;
    int64_t last = -1;
    for (size_t i = 0; i < after.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      if (after[i] < 0) {
        added.push_back(row);
      } else if (after[i] < last) {
        pairs.emplace_back(after[i], row);
      } else {
        last = after[i];
      }
    }
    const RowMap map(pairs, removed, added);
    for (size_t i = 0; i < after.size(); ++i) {
      EXPECT_EQ(map.ToFirst(static_cast<int64_t>(i)), after[i]);
      if (after[i] >= 0) {
        EXPECT_EQ(map.ToSecond(after[i]), static_cast<int64_t>(i));
      }
    }
    for (const int64_t row : removed) EXPECT_EQ(map.ToSecond(row), -1);
  }
}

}  // namespace
}  // namespace roost::store
