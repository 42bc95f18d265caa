#include "store/merge.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <random>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/files_commit.h"
#include "store/garbage.h"
#include "store/merge_changes.h"
#include "store/names.h"
#include "store/testing/test_server.h"
#include "store/testing/test_tables.h"
#include "store/tree_reader.h"

namespace roost::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A row by the names of its columns: texts, "null" for nulls.
using Row = std::map<std::string, std::string>;

struct Order {
  int64_t id = 0;
  std::optional<int64_t> amount;
  std::optional<std::string> city;
  std::optional<int64_t> paid;

  friend bool operator==(const Order&, const Order&) = default;
};
using Orders = std::vector<Order>;

template <typename Builder, typename Get>
std::shared_ptr<arrow::Array> Column(const Orders& orders, const Get& get) {
  Builder builder;
  for (const Order& order : orders) {
    const auto value = get(order);
    EXPECT_TRUE((value.has_value() ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return *builder.Finish();
}

struct Shape {
  std::string amount = "amount";  ///< its name; empty: the column is not there
  bool wide_amount = true;        ///< int64, else int32
  bool with_id = true;
  bool with_paid = false;
  bool text_paid = false;  ///< strings
};

std::shared_ptr<arrow::Table> ToTable(const Orders& orders, const Shape& shape = {}) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  const auto add = [&](const std::string& name, std::shared_ptr<arrow::Array> array) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(std::move(array));
  };
  const auto amount = [](const Order& order) { return order.amount; };
  if (shape.with_id) {
    add("id", Column<arrow::Int64Builder>(orders, [](const Order& order) { return std::optional(order.id); }));
  }
  if (!shape.amount.empty()) {
    add(shape.amount,
        shape.wide_amount ? Column<arrow::Int64Builder>(orders, amount) : Column<arrow::Int32Builder>(orders, amount));
  }
  add("city", Column<arrow::StringBuilder>(orders, [](const Order& order) { return order.city; }));
  const auto paid = [](const Order& order) { return order.paid; };
  const auto paid_text = [](const Order& order) {
    return order.paid.has_value() ? std::optional(std::to_string(*order.paid)) : std::nullopt;
  };
  if (shape.with_paid) {
    add("paid",
        shape.text_paid ? Column<arrow::StringBuilder>(orders, paid_text) : Column<arrow::Int64Builder>(orders, paid));
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(arrays));
}

std::vector<Row> RowsOf(const arrow::Table& table) {
  std::vector<Row> rows(static_cast<size_t>(table.num_rows()));
  for (int column = 0; column < table.num_columns(); ++column) {
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i][table.field(column)->name()] = (*table.column(column)->GetScalar(static_cast<int64_t>(i)))->ToString();
    }
  }
  return rows;
}

class MergeTest : public ::testing::Test {
 protected:
  MergeTest() : folder_(FreshTestFolder()), location_(NewLocation(folder_ + "/.roost")) {
    context_.pool = &pool_;
    store_ = *Store::Create(location_);
  }
  ~MergeTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  CommitInfo Add(const Orders& orders, const std::string& branch = "", const Shape& shape = {}) {
    CommitRequest request{.dataset = dataset_, .branch = branch};
    if (shape.with_id && declared_) request.key = {"id"};
    const auto table = ToTable(orders, shape);
    arrow::TableBatchReader reader(*table);
    auto info = store_->Commit(request, reader, context_);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() ? *info : CommitInfo{};
  }

  void MakeBranch(const std::string& name, int64_t from) {
    const NameChange change{.dataset = dataset_, .name = name, .to = from, .author = "ann", .time = absl::Now()};
    ASSERT_TRUE(store_->names().Change(change).ok());
  }

  /// The base on main, then each side on a branch of its own.
  void MakeSides(const Orders& base, const Orders& ours, const Orders& theirs, const Shape& base_shape = {},
                 const Shape& our_shape = {}, const Shape& their_shape = {}) {
    dataset_ = fmt::format("d{}", ++datasets_);
    Add(base, "", base_shape);
    MakeBranch("theirs", 1);
    Add(theirs, "theirs", their_shape);
    Add(ours, "", our_shape);
  }

  MergeResult MergeInto(const std::string& into = "", const std::string& from = "theirs",
                        OnConflict on_conflict = OnConflict::kFail) {
    MergeRequest request{.dataset = dataset_, .into = into, .on_conflict = on_conflict, .author = "ann"};
    const bool is_number = from.find_first_not_of("0123456789") == std::string::npos;
    request.theirs = *store_->Resolve(is_number ? DatasetRef{.name = dataset_, .version = std::stoll(from)}
                                                : DatasetRef{.name = dataset_, .label = from});
    auto result = Merge(*store_, request, context_);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : MergeResult{};
  }

  std::vector<Row> Rows(const std::string& branch = "main") {
    const CommitInfo info = *store_->Resolve({.name = dataset_, .label = branch});
    return RowsOf(**ReadVersion(*store_, dataset_, info.version, context_));
  }

  static std::map<std::string, Row> ById(const std::vector<Row>& rows) {
    std::map<std::string, Row> by_id;
    for (const Row& row : rows) EXPECT_TRUE(by_id.emplace(row.at("id"), row).second) << "twice: " << row.at("id");
    return by_id;
  }

  ThreadPool pool_{2};
  Context context_;
  std::string folder_;
  StoreLocation location_;
  std::unique_ptr<Store> store_;
  std::string dataset_ = "d";
  bool declared_ = false;
  int datasets_ = 0;
};

Orders RandomOrders(std::mt19937_64& random, int64_t count) {
  Orders orders;
  for (int64_t id = 0; id < count; ++id) {
    orders.push_back({.id = id * 10, .amount = static_cast<int64_t>(random() % 50)});
    if (random() % 4 > 0) orders.back().city = fmt::format("city {}", random() % 7);
  }
  return orders;
}

void EraseIds(Orders& orders, uint64_t modulus, uint64_t rest) {
  std::erase_if(orders, [&](const Order& order) {
    return static_cast<uint64_t>(order.id / 10) % modulus == rest && order.id % 10 == 0;
  });
}

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

TreeEntry File(const std::string& path, const std::string& content) {
  TreeEntry entry{.path = path};
  entry.content.size = content.size();
  entry.content.sha256 = Sha256(content);
  return entry;
}

TreeEntry Folder(const std::string& path) { return {.path = path, .type = EntryType::kFolder}; }

class MergeFilesTest : public MergeTest {
 protected:
  /// A version with files that have no content of their own: what they are is told by size and digest.
  CommitInfo AddFiles(std::vector<TreeEntry> entries, const std::string& branch = "") {
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    const auto make = [&](const std::optional<CommitInfo>&, RecordWriter& records) {
      for (TreeEntry& entry : entries) {
        if (entry.content.size == 0 || !entry.content.parts.empty()) continue;
        const std::string chunk = entry.path + entry.content.sha256.ToHex();
        const Digest id = IdOfObject(kChunkTag, chunk);
        EXPECT_TRUE(records.Add(id, EncodeChunk(chunk)).ok());
        entry.content.size = chunk.size();
        entry.content.parts = {{.id = id, .bytes = chunk.size()}};
      }
      return WriteTreeOf(entries, {}, records);
    };
    auto info = store_->CommitFiles({.dataset = dataset_, .branch = branch}, make, context_);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() ? *info : CommitInfo{};
  }

  std::vector<std::string> Paths(const std::string& branch = "main") {
    const CommitInfo info = *store_->Resolve({.name = dataset_, .label = branch});
    const Tree tree = *LoadTree(*store_, info);
    std::vector<std::string> paths;
    const auto entries = *LoadEntries(*store_, tree.parts, context_);
    for (const TreeEntry& entry : entries) {
      paths.push_back(entry.path + " " + entry.content.sha256.ToHex().substr(0, 4));
    }
    return paths;
  }

  static std::string Name(const std::string& path, const std::string& content) {
    return path + " " + Sha256(content).ToHex().substr(0, 4);
  }
};

TEST_F(MergeFilesTest, FilesAreMergedByTheirPaths) {
  AddFiles({File("a", "1"), File("b", "1"), File("c", "1"), File("d", "1"), File("e", "1")});
  MakeBranch("theirs", 1);
  // There: b changed, c removed, f new, e changed.
  AddFiles({File("a", "1"), File("b", "2"), File("d", "1"), File("e", "3"), File("f", "1")}, "theirs");
  // Here: a changed, d removed, g new.
  AddFiles({File("a", "2"), File("b", "1"), File("c", "1"), File("e", "1"), File("g", "1")});
  const MergeResult result = MergeInto();
  EXPECT_EQ(result.outcome, MergeResult::Outcome::kMerged);
  EXPECT_EQ(result.added, 1);
  EXPECT_EQ(result.removed, 1);
  EXPECT_EQ(result.changed, 2);
  EXPECT_EQ(result.version.parents.size(), 2u);
  EXPECT_THAT(Paths(), ElementsAre(Name("a", "2"), Name("b", "2"), Name("e", "3"), Name("f", "1"), Name("g", "1")));
}

TEST_F(MergeFilesTest, AFileThatBothChangedIsAConflict) {
  AddFiles({File("a", "1"), File("b", "1"), File("c", "1")});
  MakeBranch("theirs", 1);
  AddFiles({File("a", "2"), File("c", "2")}, "theirs");
  AddFiles({File("a", "3"), File("b", "2"), File("c", "2")});
  const MergeResult failed = MergeInto();
  EXPECT_EQ(failed.outcome, MergeResult::Outcome::kConflicts);
  ASSERT_THAT(failed.conflicts, SizeIs(2));
  EXPECT_EQ(failed.conflicts[0].where, "a");
  EXPECT_EQ(failed.conflicts[1].where, "b");
  EXPECT_EQ(failed.conflicts[1].theirs, "not there");
  EXPECT_EQ(MergeInto("", "theirs", OnConflict::kTheirs).outcome, MergeResult::Outcome::kMerged);
  EXPECT_THAT(Paths(), ElementsAre(Name("a", "2"), Name("c", "2")));
}

TEST_F(MergeFilesTest, AFileAgainstAFolderOfItsNameIsAConflictThatThePolicyDecides) {
  const std::vector<TreeEntry> base{File("a", "1"), File("d/x", "1"), File("d/y", "1"), File("e/x", "1")};
  // Here: d is a file, e is emptied, f is a file. There: d/x changed, something new in e and in f, a.
  const std::vector<TreeEntry> ours{File("a", "1"), File("d", "2"), Folder("e"), File("f", "1")};
  const std::vector<TreeEntry> theirs{File("a", "2"),   File("d/x", "3"), File("d/y", "1"),
                                      File("e/x", "1"), File("e/z", "1"), File("f/g/h", "1")};
  for (const bool swapped : {false, true}) {
    SCOPED_TRACE(swapped);
    dataset_ = swapped ? "swapped" : "plain";
    AddFiles(base);
    MakeBranch("theirs", 1);
    AddFiles(swapped ? ours : theirs, "theirs");
    AddFiles(swapped ? theirs : ours);
    MakeBranch("mine", 3);
    const MergeResult failed = MergeInto();
    EXPECT_EQ(failed.outcome, MergeResult::Outcome::kConflicts);
    std::vector<std::string> where;
    for (const Conflict& conflict : failed.conflicts) where.push_back(conflict.where);
    ASSERT_THAT(where, ElementsAre("d", "e", "f"));
    const Conflict& first = failed.conflicts[0];
    EXPECT_EQ(first.base, "folder with d/x and 1 more");
    EXPECT_EQ(swapped ? first.ours : first.theirs, "folder with d/x and 1 more");
    EXPECT_EQ(swapped ? failed.conflicts[1].theirs : failed.conflicts[1].ours, "empty folder");
    EXPECT_EQ(swapped ? failed.conflicts[2].ours : failed.conflicts[2].theirs, "folder with f/g/h");
    // With each policy the clashing paths are those of one side, wholly; `a` is merged.
    const std::vector<std::string> files{Name("a", "2"), Name("d", "2"), "e 0000", Name("f", "1")};
    const std::vector<std::string> folders{Name("a", "2"),   Name("d/x", "3"), Name("d/y", "1"),
                                           Name("e/x", "1"), Name("e/z", "1"), Name("f/g/h", "1")};
    EXPECT_EQ(MergeInto("mine", "theirs", OnConflict::kOurs).outcome, MergeResult::Outcome::kMerged);
    EXPECT_EQ(Paths("mine"), swapped ? folders : files);
    EXPECT_EQ(MergeInto("", "theirs", OnConflict::kTheirs).outcome, MergeResult::Outcome::kMerged);
    EXPECT_EQ(Paths(), swapped ? files : folders);
  }
}

/// A tree of files and empty folders, few paths of up to three names each.
std::vector<TreeEntry> RandomTree(std::mt19937_64& random, const std::string& folder = "", int depth = 0) {
  std::vector<TreeEntry> entries;
  for (const char* name : {"a", "b", "c"}) {
    const std::string path = folder + name;
    const uint64_t what = random() % 6;
    if (what < 2) entries.push_back(File(path, std::to_string(random() % 2)));
    if (what == 2) entries.push_back(Folder(path));
    if (what != 3 || depth == 2) continue;
    const std::vector<TreeEntry> inside = RandomTree(random, path + "/", depth + 1);
    entries.insert(entries.end(), inside.begin(), inside.end());
  }
  return entries;
}

TEST_F(MergeFilesTest, AnyTwoTreesMergeWithAPolicyAndWithoutConflictsBothWaysAlike) {
  std::mt19937_64 random(10);
  std::map<MergeResult::Outcome, int> outcomes;
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE(round);
    dataset_ = fmt::format("d{}", round);
    const std::vector<TreeEntry> base = RandomTree(random);
    AddFiles(base);
    MakeBranch("theirs", 1);
    const CommitInfo theirs = AddFiles(RandomTree(random), "theirs");
    const CommitInfo ours = AddFiles(RandomTree(random));
    if (theirs.unchanged || ours.unchanged) continue;
    MakeBranch("mine", ours.version);
    const MergeResult result = MergeInto("mine");
    ++outcomes[result.outcome];
    if (result.outcome == MergeResult::Outcome::kMerged) {
      EXPECT_EQ(MergeInto("theirs", "main").outcome, MergeResult::Outcome::kMerged);
      EXPECT_EQ(Paths("mine"), Paths("theirs"));
      continue;
    }
    EXPECT_EQ(MergeInto("mine", "theirs", OnConflict::kOurs).outcome, MergeResult::Outcome::kMerged);
    EXPECT_EQ(MergeInto("", "theirs", OnConflict::kTheirs).outcome, MergeResult::Outcome::kMerged);
    // The other way round the other one wins.
    MakeBranch("other", theirs.version);
    EXPECT_EQ(MergeInto("other", std::to_string(ours.version), OnConflict::kOurs).outcome,
              MergeResult::Outcome::kMerged);
    EXPECT_EQ(Paths("other"), Paths());
  }
  EXPECT_GT(outcomes[MergeResult::Outcome::kMerged], 5);
  EXPECT_GT(outcomes[MergeResult::Outcome::kConflicts], 50);
}

TEST_F(MergeFilesTest, AFolderThatOnlyOneSideMadeAFileIsNoConflict) {
  AddFiles({File("a/x", "1"), File("a/y", "1"), File("b", "1"), Folder("c"), File("k", "1")});
  MakeBranch("theirs", 1);
  AddFiles({File("a", "1"), File("b/x", "1"), File("c/x", "1"), File("k", "1")}, "theirs");
  // Here y is removed too: of what theirs put in place of the folder nothing was changed.
  AddFiles({File("a/x", "1"), File("b", "1"), Folder("c"), File("k", "2")});
  const MergeResult result = MergeInto();
  EXPECT_EQ(result.outcome, MergeResult::Outcome::kMerged);
  EXPECT_THAT(Paths(), ElementsAre(Name("a", "1"), Name("b/x", "1"), Name("c/x", "1"), Name("k", "2")));
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
