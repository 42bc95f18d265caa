// Merges of tables whose columns are not the same: added, dropped, renamed, widened, on one side or both.
#include <algorithm>
#include <random>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/merge.h"
#include "store/testing/merge_fixture.h"

namespace roost::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(MergeTest, ColumnsThatOneSideAddedDroppedRenamedOrWidenedAreMerged) {
  std::mt19937_64 random(4);
  const Orders base = RandomOrders(random, 80);
  Orders ours = base;
  Orders theirs = base;
  ours.erase(ours.begin() + 5);
  ours.insert(ours.begin() + 20, {.id = 7, .amount = 1});
  for (Order& order : theirs) order.paid = order.id + 1;
  theirs.push_back({.id = 9, .amount = 2, .paid = 3});
  // Theirs has a new column.
  MakeSides(base, ours, theirs, {}, {}, {.with_paid = true});
  EXPECT_EQ(MergeInto().outcome, MergeResult::Outcome::kMerged);
  Orders both = ours;
  for (Order& order : both) order.paid = order.id == 7 ? std::nullopt : std::optional(order.id + 1);
  both.push_back(theirs.back());
  EXPECT_EQ(ById(Rows()), ById(RowsOf(*ToTable(both, {.with_paid = true}))));
  // Theirs dropped a column; ours did not change it.
  MakeSides(base, ours, base, {}, {}, {.amount = ""});
  EXPECT_EQ(MergeInto().outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(Rows(), RowsOf(*ToTable(ours, {.amount = ""})));
  // Theirs renamed a column that ours changed.
  MakeSides(base, ours, base, {}, {}, {.amount = "sum"});
  EXPECT_EQ(MergeInto().outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(Rows(), RowsOf(*ToTable(ours, {.amount = "sum"})));
  // Theirs widened a column.
  MakeSides(base, ours, base, {.wide_amount = false}, {.wide_amount = false}, {.wide_amount = true});
  EXPECT_EQ(MergeInto().outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(Rows(), RowsOf(*ToTable(ours)));
  EXPECT_EQ(store_->Resolve({.name = dataset_, .label = "main"})->columns[1].type, "int64");
}

TEST_F(MergeTest, TwoColumnsOfOneNameAreAConflictThatThePolicyDecides) {
  declared_ = true;
  std::mt19937_64 random(8);
  const Orders base = RandomOrders(random, 30);
  Orders ours = base;
  Orders theirs = base;
  ours[4].amount = 1'000;
  for (Order& order : theirs) order.paid = order.id;
  theirs[5].city = "there";
  // Ours renamed a column to what theirs calls a new one.
  MakeSides(base, ours, theirs, {}, {.amount = "paid"}, {.with_paid = true});
  MakeBranch("mine", 3);
  EXPECT_THAT(MergeInto().conflicts, ElementsAre(Conflict{.kind = "column",
                                                          .column = "paid",
                                                          .base = "not there",
                                                          .ours = "paid (int64), was amount",
                                                          .theirs = "paid (int64), new"}));
  EXPECT_EQ(MergeInto("mine", "theirs", OnConflict::kOurs).outcome, MergeResult::Outcome::kMerged);
  ours[5].city = "there";
  EXPECT_EQ(Rows("mine"), RowsOf(*ToTable(ours, {.amount = "paid"})));
  EXPECT_EQ(MergeInto("", "theirs", OnConflict::kTheirs).outcome, MergeResult::Outcome::kMerged);
  theirs[4].amount = 1'000;
  EXPECT_EQ(Rows(), RowsOf(*ToTable(theirs, {.with_paid = true})));
  // Both added a column of one name, with another type each.
  for (Order& order : ours) order.paid = 1;
  ours[5] = theirs[5];
  theirs[4] = ours[4];
  for (Order& order : theirs) order.paid = 2;
  MakeSides(base, ours, theirs, {}, {.with_paid = true}, {.with_paid = true, .text_paid = true});
  MakeBranch("mine", 3);
  EXPECT_THAT(
      MergeInto().conflicts,
      ElementsAre(Conflict{
          .kind = "column", .column = "paid", .base = "not there", .ours = "paid (int64)", .theirs = "paid (string)"}));
  EXPECT_EQ(MergeInto("mine", "theirs", OnConflict::kOurs).outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(Rows("mine"), RowsOf(*ToTable(ours, {.with_paid = true})));
  EXPECT_EQ(MergeInto("", "theirs", OnConflict::kTheirs).outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(Rows(), RowsOf(*ToTable(theirs, {.with_paid = true, .text_paid = true})));
}

TEST_F(MergeTest, NamesThatSidesSwappedAreSettledAsThePolicySays) {
  declared_ = true;
  const Orders base{{.id = 1, .amount = 5, .city = "a", .paid = 7}, {.id = 2, .amount = 6, .city = "b", .paid = 8}};
  Orders theirs = base;
  for (Order& order : theirs) order.amount = *order.amount + 100;
  // Ours renamed amount to sum, theirs paid: each has the other's column under its old name.
  MakeSides(base, base, theirs, {.with_paid = true}, {.amount = "sum", .with_paid = true}, {.with_paid = true});
  const auto renamed = [&](const Orders& orders) {
    auto table = ToTable(orders, {.with_paid = true});
    return *table->RenameColumns({"id", "amount", "city", "sum"});
  };
  const auto table = renamed(base);
  arrow::TableBatchReader reader(*table);
  ASSERT_TRUE(store_->Commit({.dataset = dataset_, .branch = "theirs"}, reader, context_).ok());
  MakeBranch("mine", 3);
  const MergeResult failed = MergeInto();
  ASSERT_THAT(failed.conflicts, SizeIs(1));
  EXPECT_EQ(failed.conflicts[0].ours, "sum (int64), was amount");
  EXPECT_EQ(failed.conflicts[0].theirs, "sum (int64), was paid");
  EXPECT_EQ(MergeInto("mine", "theirs", OnConflict::kOurs).outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(Rows("mine"), RowsOf(*ToTable(base, {.amount = "sum", .with_paid = true})));
  EXPECT_EQ(MergeInto("", "theirs", OnConflict::kTheirs).outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(Rows(), RowsOf(*renamed(base)));
}

TEST_F(MergeTest, ANewColumnOfBothSidesIsOneColumn) {
  for (const bool declared : {true, false}) {
    SCOPED_TRACE(declared);
    declared_ = declared;
    const Shape shape{.with_paid = true};
    std::mt19937_64 random(9);
    const Orders base = RandomOrders(random, 300);
    Orders ours = base;
    for (Order& order : ours) order.paid = order.id % 7 == 0 ? std::nullopt : std::optional(order.id + 1);
    Orders theirs = ours;
    Orders both = ours;
    // Each also has rows of its own, in the middle, and edits of its own.
    both[20].amount = ours[20].amount = 1'000;
    both[21].city = theirs[21].city = "there";
    const Order mine{.id = 5, .amount = 1, .paid = 50};
    const Order yours{.id = 7, .amount = 2, .paid = 70};
    ours.insert(ours.begin() + 9, mine);
    theirs.insert(theirs.begin() + 3, yours);
    EraseIds(ours, 300, 100);
    EraseIds(theirs, 300, 200);
    EraseIds(both, 300, 100);
    EraseIds(both, 300, 200);
    both.push_back(mine);
    both.push_back(yours);
    MakeSides(base, ours, theirs, {}, shape, shape);
    MakeBranch("other", 3);
    const MergeResult result = MergeInto();
    EXPECT_EQ(result.outcome, MergeResult::Outcome::kMerged);
    EXPECT_THAT(result.conflicts, IsEmpty());
    EXPECT_EQ(ById(Rows()), ById(RowsOf(*ToTable(both, shape))));
    EXPECT_EQ(MergeInto("theirs", "other").outcome, MergeResult::Outcome::kMerged);
    EXPECT_EQ(ById(Rows("theirs")), ById(Rows()));
  }
}

TEST_F(MergeTest, CellsOfANewColumnThatDifferAreConflictsOneByOne) {
  declared_ = true;
  const Shape shape{.with_paid = true};
  const Orders base{{.id = 1}, {.id = 2}, {.id = 3}, {.id = 4}};
  const Orders ours{{.id = 1, .paid = 1}, {.id = 2, .paid = 2}, {.id = 3}, {.id = 5, .paid = 5}};
  const Orders theirs{
      {.id = 1, .paid = 1}, {.id = 2, .paid = 20}, {.id = 3, .paid = 30}, {.id = 4, .paid = 4}, {.id = 6, .paid = 6}};
  MakeSides(base, ours, theirs, {}, shape, shape);
  MakeBranch("mine", 3);
  EXPECT_THAT(MergeInto().conflicts,
              ElementsAre(Conflict{.kind = "cell", .where = "id=2", .column = "paid", .ours = "2", .theirs = "20"},
                          Conflict{.kind = "cell", .where = "id=3", .column = "paid", .ours = "null", .theirs = "30"}));
  EXPECT_EQ(MergeInto("mine", "theirs", OnConflict::kOurs).outcome, MergeResult::Outcome::kMerged);
  Orders both = ours;
  both.push_back({.id = 6, .paid = 6});
  EXPECT_EQ(ById(Rows("mine")), ById(RowsOf(*ToTable(both, shape))));
  const MergeResult result = MergeInto("", "theirs", OnConflict::kTheirs);
  EXPECT_EQ(result.outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(result.changed, 2);
  both[1].paid = 20;
  both[2].paid = 30;
  EXPECT_EQ(ById(Rows()), ById(RowsOf(*ToTable(both, shape))));
}

TEST_F(MergeTest, ARowOfBothSidesKeepsTheNewColumnOfOne) {
  declared_ = true;
  std::mt19937_64 random(8);
  const Orders base = RandomOrders(random, 30);
  Orders ours = base;
  Orders theirs = base;
  for (Order& order : theirs) order.paid = order.id;
  ours.push_back({.id = 7, .amount = 1});
  theirs.push_back({.id = 7, .amount = 1, .paid = 70});
  MakeSides(base, ours, theirs, {}, {}, {.with_paid = true});
  EXPECT_EQ(MergeInto().outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(ById(Rows()), ById(RowsOf(*ToTable(theirs, {.with_paid = true}))));
}

TEST_F(MergeTest, ColumnsThatBothChangedDifferentlyAreConflicts) {
  std::mt19937_64 random(5);
  const Orders base = RandomOrders(random, 40);
  Orders ours = base;
  Orders theirs = base;
  theirs[7].amount = 1'234;
  // Dropped here, changed there.
  MakeSides(base, ours, theirs, {}, {.amount = ""}, {});
  const MergeResult failed = MergeInto();
  ASSERT_THAT(failed.conflicts, SizeIs(1));
  EXPECT_EQ(failed.conflicts[0].kind, "column");
  EXPECT_EQ(failed.conflicts[0].column, "amount");
  EXPECT_EQ(failed.conflicts[0].ours, "dropped");
  EXPECT_EQ(MergeInto("", "theirs", OnConflict::kTheirs).outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(ById(Rows()), ById(RowsOf(*ToTable(theirs))));
  // The same new name on both sides.
  for (Order& order : ours) order.paid = 1;
  for (Order& order : theirs) order.paid = 2;
  MakeSides(base, ours, theirs, {}, {.with_paid = true}, {.with_paid = true});
  EXPECT_THAT(MergeInto().conflicts, SizeIs(40));
  EXPECT_EQ(MergeInto("", "theirs", OnConflict::kOurs).outcome, MergeResult::Outcome::kMerged);
  ours[7].amount = 1'234;
  EXPECT_EQ(Rows(), RowsOf(*ToTable(ours, {.with_paid = true})));
}

}  // namespace
}  // namespace roost::store
