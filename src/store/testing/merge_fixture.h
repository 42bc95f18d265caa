#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/context.h"
#include "base/thread_pool.h"
#include "store/merge.h"
#include "store/names.h"
#include "store/store.h"
#include "store/testing/test_server.h"
#include "store/testing/test_tables.h"

namespace roost::store {

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

/// Which columns a table of orders has.
struct Shape {
  std::string amount = "amount";  ///< its name; empty: the column is not there
  bool wide_amount = true;        ///< int64, else int32
  bool with_id = true;
  bool with_paid = false;
  bool text_paid = false;  ///< strings
};

std::shared_ptr<arrow::Table> ToTable(const Orders& orders, const Shape& shape = {});

std::vector<Row> RowsOf(const arrow::Table& table);

/// `count` orders with the ids 0, 10, 20 and on; some have no city.
Orders RandomOrders(std::mt19937_64& random, int64_t count);

/// Takes every `modulus`-th order of those that RandomOrders made.
void EraseIds(Orders& orders, uint64_t modulus, uint64_t rest);

/// A store with a dataset of orders, and branches of it to merge.
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

}  // namespace roost::store
