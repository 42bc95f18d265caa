#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>
#include <gtest/gtest.h>

#include "base/context.h"
#include "base/thread_pool.h"
#include "store/commit.h"
#include "store/erase.h"
#include "store/store.h"
#include "store/store_location.h"

namespace roost::store {

struct Person {
  int64_t id = 0;
  int64_t value = 0;
};
using People = std::vector<Person>;

/// Names of columns, to rename and to leave out.
struct Columns {
  std::string email = "email";  // empty: left out
  std::string extra;            // empty: left out
  int64_t text_bytes = 24;
};

/// What stands in no other bytes than in those of this person's row.
std::string EmailOf(int64_t id);

/// The people as a table: id, email, value, and a text that has the email in it.
std::shared_ptr<arrow::Table> TableOf(const People& people, const Columns& columns = {});

/// The emails of `ids` as rows of one column.
std::shared_ptr<arrow::RecordBatchReader> EmailKeys(const std::set<int64_t>& ids, const std::string& name = "email");

/// `table` without the rows of `ids`.
std::shared_ptr<arrow::Table> Without(const std::shared_ptr<arrow::Table>& table, const std::set<int64_t>& ids);

/// All bytes that the store holds: of each record what it says when it is decompressed, and all objects and files of
/// the database as they are.
std::string AllBytes(ObjectStore& objects, const std::string& folder);

/// A store with a dataset "d" of people, some of whom are to be erased from all versions.
class EraseTest : public ::testing::Test {
 protected:
  EraseTest();
  ~EraseTest() override;

  void Start();

  CommitInfo Add(const std::string& dataset, const std::shared_ptr<arrow::Table>& table,
                 CommitRequest::Mode mode = CommitRequest::Mode::kSnapshot, const std::string& branch = "");

  using Tables = std::map<std::string, std::shared_ptr<arrow::Table>>;

  Tables ReadAll(Store& store, const std::string& dataset);

  absl::StatusOr<EraseReport> Erase(const std::set<int64_t>& ids, bool dry_run = false,
                                    const std::string& column = "email");

  /// Each version is the one before without the rows of `ids`, and everything else is the same.
  void ExpectErased(Store& store, const Tables& before, const std::set<int64_t>& ids);

  void ExpectNoBytes(const std::set<int64_t>& ids);

  void ExpectSound(Store& store);

  /// What a lost database is made from says the same.
  void ExpectRecovers();

  /// `versions` versions of some people: changed, removed, new and moved ones each time.
  People AddHistory(uint64_t seed, int64_t people, int versions, Columns columns);

  ThreadPool pool_{2};
  Context context_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::string folder_;
  StoreLocation location_;
  std::unique_ptr<Store> store_;
};

}  // namespace roost::store
