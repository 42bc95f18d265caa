// What is done by the rows' key: checks, upserts, deletions.
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <random>

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/format.h"
#include "base/thread_pool.h"
#include "store/row_key.h"
#include "store/store.h"
#include "store/testing/test_server.h"

namespace roost::store {
namespace {

using ::testing::HasSubstr;
using Mode = CommitRequest::Mode;
using TablePtr = std::shared_ptr<arrow::Table>;

struct Order {
  int64_t id = 0;
  std::string text;
  double price = 0;

  friend bool operator==(const Order&, const Order&) = default;
};

TablePtr TableOf(const std::vector<Order>& orders) {
  arrow::Int64Builder ids;
  arrow::StringBuilder texts;
  arrow::DoubleBuilder prices;
  for (const Order& order : orders) {
    EXPECT_TRUE(ids.Append(order.id).ok() && texts.Append(order.text).ok() && prices.Append(order.price).ok());
  }
  return arrow::Table::Make(arrow::schema({arrow::field("id", arrow::int64()), arrow::field("text", arrow::utf8()),
                                           arrow::field("price", arrow::float64())}),
                            {*ids.Finish(), *texts.Finish(), *prices.Finish()});
}

TablePtr KeysOf(const std::vector<int64_t>& ids) {
  arrow::Int64Builder builder;
  EXPECT_TRUE(builder.AppendValues(ids).ok());
  return arrow::Table::Make(arrow::schema({arrow::field("id", arrow::int64())}), {*builder.Finish()});
}

Order RandomOrder(std::mt19937_64& random, int64_t id) {
  return {.id = id,
          .text = fmt::format("order {} of {}", random() % 1000, id),
          .price = static_cast<double>(random() % 99)};
}

std::vector<Order> RandomOrders(std::mt19937_64& random, int64_t first, int64_t number) {
  std::vector<Order> orders;
  for (int64_t id = first; id < first + number; ++id) orders.push_back(RandomOrder(random, id));
  return orders;
}

class KeyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fmt::format("{}roost_key_{}_{}", ::testing::TempDir(), test->name(), ::getpid());
    std::filesystem::remove_all(folder_);
    store_ = *Store::Create(NewLocation(folder_ + "/.roost"));
    context_.pool = &pool_;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<CommitInfo> Commit(Mode mode, const TablePtr& table, std::vector<std::string> key = {}) {
    arrow::TableBatchReader reader(table);
    reader.set_chunksize(1000);
    return store_->Commit({.dataset = "orders", .mode = mode, .key = std::move(key)}, reader, context_);
  }

  void ExpectRows(const CommitInfo& version, const std::vector<Order>& orders) {
    const auto reader = store_->Read(version, {}, context_);
    ASSERT_TRUE(reader.ok()) << reader.status();
    const auto table = (*reader)->ToTable();
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_TRUE((*table)->Equals(*TableOf(orders))) << version.Name();
    EXPECT_EQ(version.rows, static_cast<int64_t>(orders.size()));
  }

  std::string folder_;
  std::unique_ptr<Store> store_;
  ThreadPool pool_{2};
  Context context_;
};

TEST_F(KeyTest, RandomUpsertsDeletionsAndAppendsGiveTheRowsThatAModelGives) {
  std::mt19937_64 random(7);
  std::vector<Order> model = RandomOrders(random, 0, 60'000);
  ASSERT_TRUE(Commit(Mode::kSnapshot, TableOf(model), {"id"}).ok());
  int64_t next_id = 60'000;
  for (int step = 0; step < 9; ++step) {
    absl::StatusOr<CommitInfo> version;
    if (step % 3 == 0) {
      std::vector<Order> given;
      std::vector<Order> fresh;
      for (size_t i = random() % 50; i < model.size(); i += 1 + random() % 3000) {
        given.push_back(model[i] = RandomOrder(random, model[i].id));
      }
      const auto replaced = static_cast<int64_t>(given.size());
      for (int i = 0; i < 40 * step; ++i) fresh.push_back(RandomOrder(random, next_id++));
      given.insert(given.end(), fresh.begin(), fresh.end());
      model.insert(model.end(), fresh.begin(), fresh.end());
      std::shuffle(given.begin(), given.begin() + replaced, random);
      version = Commit(Mode::kUpsert, TableOf(given));
      ASSERT_TRUE(version.ok()) << version.status();
      EXPECT_EQ(version->counts, (RowCounts{.added = static_cast<int64_t>(fresh.size()), .changed = replaced}));
    } else if (step % 3 == 1) {
      std::vector<int64_t> gone{-1};
      std::erase_if(model, [&](const Order& order) {
        const bool goes = random() % 2000 == 0 || (order.id > 20'000 && order.id < 20'000 + 4000 * (step / 4));
        if (goes) gone.push_back(order.id);
        return goes;
      });
      version = Commit(Mode::kDeleteKeys, KeysOf(gone));
      ASSERT_TRUE(version.ok()) << version.status();
      EXPECT_EQ(version->counts->removed, static_cast<int64_t>(gone.size()) - 1);
    } else {
      const std::vector<Order> more = RandomOrders(random, next_id, 500);
      next_id += 500;
      model.insert(model.end(), more.begin(), more.end());
      version = Commit(Mode::kAppend, TableOf(more));
      ASSERT_TRUE(version.ok()) << version.status();
    }
    ExpectRows(*version, model);
  }
}

TEST_F(KeyTest, AKeyThatComesTwiceIsFoundInAndOutOfOrder) {
  // The rows of each batch of a thousand, but for one that has the key of `same`.
  const auto commit = [&](const auto& type, int64_t rows, int64_t at, int64_t same, int64_t turned) {
    arrow::Int64Builder builder;
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t key = row == at ? same : row >= turned ? rows + turned - row : row;
      EXPECT_TRUE(builder.Append(key).ok());
    }
    const auto keys = arrow::compute::Cast(**builder.Finish(), type);
    EXPECT_TRUE(keys.ok()) << keys.status();
    return Commit(Mode::kSnapshot, arrow::Table::Make(arrow::schema({arrow::field("id", type)}), {*keys}), {"id"});
  };
  for (const auto& type : {arrow::int16(), arrow::int64(), arrow::uint32(), arrow::timestamp(arrow::TimeUnit::MICRO)}) {
    EXPECT_TRUE(commit(type, 5'000, -1, 0, 5'000).ok());
    EXPECT_TRUE(commit(type, 5'000, -1, 0, 3'100).ok()) << "from there on backwards";
    for (const auto& [at, same] : {std::pair<int64_t, int64_t>(4'999, 10), {10, 11}, {1'000, 999}, {3'500, 3'499}}) {
      const absl::Status status = commit(type, 5'000, at, same, 5'000).status();
      ASSERT_TRUE(absl::IsInvalidArgument(status)) << type->ToString();
      const auto [first, second] = std::minmax(at, same);
      EXPECT_THAT(status.message(), HasSubstr(fmt::format("rows {} and {} of the given rows have the same key (id)",
                                                          FormatCount(first + 1), FormatCount(second + 1))));
    }
  }
}

TEST_F(KeyTest, AnUpsertCostsTheRowsThatChangeAndReadsAsTheSnapshotDoes) {
  std::mt19937_64 random(3);
  std::vector<Order> orders = RandomOrders(random, 0, 200'000);
  const auto first = Commit(Mode::kSnapshot, TableOf(orders), {"id"});
  ASSERT_TRUE(first.ok()) << first.status();
  orders[123'456].price = 0.5;
  const auto upsert = Commit(Mode::kUpsert, TableOf({orders[123'456]}));
  ASSERT_TRUE(upsert.ok()) << upsert.status();
  EXPECT_LT(upsert->bytes_stored, 20'000);
  ExpectRows(*upsert, orders);
  // The same rows, given whole: the same table, found without being told.
  const auto whole = Commit(Mode::kSnapshot, TableOf(orders));
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_TRUE(whole->unchanged);
  EXPECT_EQ(whole->counts, std::nullopt);
}

TEST_F(KeyTest, ChangingNothingMakesNoVersion) {
  std::mt19937_64 random(4);
  const std::vector<Order> orders = RandomOrders(random, 0, 5'000);
  ASSERT_TRUE(Commit(Mode::kSnapshot, TableOf(orders), {"id"}).ok());
  EXPECT_TRUE(Commit(Mode::kUpsert, TableOf({orders[7], orders[4'999]}))->unchanged);
  const auto none = Commit(Mode::kDeleteKeys, KeysOf({5'000, 5'001}));
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->unchanged);
  EXPECT_EQ(none->counts->not_found, 2);
}

TEST_F(KeyTest, AllRowsCanGo) {
  std::mt19937_64 random(5);
  ASSERT_TRUE(Commit(Mode::kSnapshot, TableOf(RandomOrders(random, 0, 100)), {"id"}).ok());
  std::vector<int64_t> all;
  for (int64_t id = 0; id < 100; ++id) all.push_back(id);
  const auto empty = Commit(Mode::kDeleteKeys, KeysOf(all));
  ASSERT_TRUE(empty.ok()) << empty.status();
  ExpectRows(*empty, {});
  const std::vector<Order> again = RandomOrders(random, 50, 10);
  const auto more = Commit(Mode::kUpsert, TableOf(again));
  ASSERT_TRUE(more.ok()) << more.status();
  ExpectRows(*more, again);
}

TEST_F(KeyTest, TwoRowsWithOneKeyAreRefused) {
  const Order a{.id = 1, .text = "a"};
  const Order b{.id = 2, .text = "b"};
  EXPECT_THAT(Commit(Mode::kSnapshot, TableOf({a, b, a}), {"id"}).status().message(),
              HasSubstr("rows 1 and 3 of the given rows have the same key (id)"));
  EXPECT_FALSE(store_->Log("orders").ok()) << "nothing was kept";
  ASSERT_TRUE(Commit(Mode::kSnapshot, TableOf({a, b}), {"id"}).ok());
  EXPECT_THAT(Commit(Mode::kAppend, TableOf({{.id = 3}, b})).status().message(),
              HasSubstr("row 2 of the given rows has the same key (id) as row 2 of the dataset"));
  EXPECT_THAT(Commit(Mode::kUpsert, TableOf({{.id = 3}, b, b})).status().message(),
              HasSubstr("rows 2 and 3 of the given rows have the same key"));
  EXPECT_THAT(Commit(Mode::kSnapshot, TableOf({a, a})).status().message(), HasSubstr("rows 1 and 2"))
      << "a declared key is checked at every commit";
  EXPECT_EQ(store_->Log("orders")->size(), 1u);
}

TEST_F(KeyTest, WhatIsNoKeyIsRefused) {
  const TablePtr table = TableOf({{.id = 1}, {.id = 2}});
  EXPECT_THAT(Commit(Mode::kSnapshot, table, {"ident"}).status().message(), HasSubstr("column 'ident', of the key"));
  EXPECT_THAT(Commit(Mode::kSnapshot, table, {"price"}).status().message(), HasSubstr("cannot be in a key"));
  EXPECT_THAT(Commit(Mode::kSnapshot, table, {"id", "id"}).status().message(), HasSubstr("twice in the key"));
  EXPECT_THAT(Commit(Mode::kDeleteKeys, table).status().message(), HasSubstr("no rows to delete"));
  ASSERT_TRUE(Commit(Mode::kSnapshot, table).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Commit(Mode::kUpsert, table).status()));
  EXPECT_THAT(Commit(Mode::kAppend, table, {"id"}).status().message(), HasSubstr("not declared"));
  ASSERT_TRUE(Commit(Mode::kSnapshot, table, {"id"}).ok()) << "declared later, with the same rows";
  EXPECT_THAT(Commit(Mode::kUpsert, KeysOf({1})).status().message(), HasSubstr("column 'text' is missing"));
  EXPECT_THAT(Commit(Mode::kDeleteKeys, table->RemoveColumn(0).ValueOrDie()).status().message(),
              HasSubstr("the keys have no column 'id'"));
  EXPECT_THAT(Commit(Mode::kSnapshot, table->RemoveColumn(0).ValueOrDie()).status().message(),
              HasSubstr("column 'id', of the key, is missing"));
}

TEST_F(KeyTest, AKeyWithoutAValueIsRefused) {
  arrow::Int64Builder builder;
  ASSERT_TRUE(builder.Append(1).ok() && builder.AppendNull().ok());
  const TablePtr table = arrow::Table::Make(arrow::schema({arrow::field("id", arrow::int64())}), {*builder.Finish()});
  EXPECT_THAT(Commit(Mode::kSnapshot, table, {"id"}).status().message(),
              HasSubstr("row 2 of the given rows has no value in column 'id'"));
}

TEST_F(KeyTest, AKeyOfSeveralColumnsTellsTheirPlacesApart) {
  const TablePtr table = TableOf({{.id = 1, .text = "2"}, {.id = 2, .text = "1"}, {.id = 1, .text = "1"}});
  ASSERT_TRUE(Commit(Mode::kSnapshot, table, {"id", "text"}).ok());
  const TablePtr keys = TableOf({{.id = 1, .text = "1"}})->RemoveColumn(2).ValueOrDie();
  const auto rest = Commit(Mode::kDeleteKeys, keys);
  ASSERT_TRUE(rest.ok()) << rest.status();
  ExpectRows(*rest, {{.id = 1, .text = "2"}, {.id = 2, .text = "1"}});
}

TEST_F(KeyTest, RangesGiveTheRowsThatAFilterGives) {
  std::mt19937_64 random(8);
  std::vector<Order> orders = RandomOrders(random, -30'000, 90'000);
  std::shuffle(orders.begin(), orders.end(), random);
  const auto version = Commit(Mode::kSnapshot, TableOf(orders), {"id"});
  ASSERT_TRUE(version.ok()) << version.status();
  const auto read = [&](const RowSelection& selection) {
    const auto reader = store_->Read(*version, {.columns = {"text"}, .selection = selection}, context_);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return *(*reader)->ToTable();
  };
  const auto expect = [&](const RowSelection& selection, const std::function<bool(int64_t, const Order&)>& has) {
    std::vector<Order> wanted;
    for (size_t row = 0; row < orders.size(); ++row) {
      if (has(static_cast<int64_t>(row), orders[row])) wanted.push_back(orders[row]);
    }
    EXPECT_TRUE(read(selection)->Equals(*TableOf(wanted)->SelectColumns({1}).ValueOrDie()));
  };
  expect({.keys = KeyRange{.from = "-5", .to = "900"}},
         [](int64_t, const Order& order) { return order.id >= -5 && order.id <= 900; });
  expect({.keys = KeyRange{.to = "-29000"}}, [](int64_t, const Order& order) { return order.id <= -29'000; });
  expect({.rows = RowRange{.first = 50'000, .rows = 20'001}},
         [](int64_t row, const Order&) { return row >= 50'000 && row < 70'001; });
  expect({.rows = RowRange{.first = 89'990, .rows = int64_t{1} << 62}},
         [](int64_t row, const Order&) { return row >= 89'990; });
  expect({.rows = RowRange{.first = 90'000, .rows = 5}}, [](int64_t, const Order&) { return false; });
  expect({.rows = RowRange{.first = 40'000, .rows = 9'000}, .keys = KeyRange{.from = "0"}},
         [](int64_t row, const Order& order) { return row >= 40'000 && row < 49'000 && order.id >= 0; });
  const auto wrong = store_->Read(*version, {.selection = {.keys = KeyRange{.from = "ten"}}}, context_);
  EXPECT_THAT(wrong.status().message(), HasSubstr("'ten' is no value of column 'id'"));
}

TEST(UniqueKeys, FindsARowThatIsTwiceThereHoweverManyFilesTheKeysFill) {
  for (const bool has_twice : {false, true}) {
    UniqueKeys unique(/*max_rows_in_memory=*/1000);
    std::vector<RowKey> keys;
    for (uint64_t row = 0; row < 12'345; ++row) keys.push_back({.high = row * 0x9E3779B97F4A7C15, .low = row % 3});
    if (has_twice) keys[11'111] = keys[77];
    for (size_t first = 0; first < keys.size(); first += 500) {
      ASSERT_TRUE(unique.Add(std::span(keys).subspan(first, std::min<size_t>(500, keys.size() - first))).ok());
    }
    const auto twice = unique.FindTwice();
    ASSERT_TRUE(twice.ok()) << twice.status();
    const std::pair<int64_t, int64_t> rows(77, 11'111);
    const std::pair<int64_t, int64_t> none(-1, -1);
    EXPECT_EQ(*twice, has_twice ? rows : none);
  }
}

}  // namespace
}  // namespace roost::store
