#pragma once

#include <cstdint>
#include <functional>

#include "store/database.h"

namespace roost::store {

/// Lets the n-th write to a database fail, for tests of what is left then. A write is a statement that writes, the end
/// of a transaction, or the moment after it (Database::Write). Use:
///
///     DatabaseFaults faults(store.database());
///     faults.At(n, DatabaseFaults::Effect::kDies);
///     Workload(store);                             // its errors are expected
///     if (!faults.happened()) break;               // the workload has fewer than n writes: all were tried
///     … open the store again, and look at it …
///
/// Threads: one. Outlives nothing: the database must be there when this is destroyed.
class DatabaseFaults {
 public:
  enum class Effect {
    kFails,  ///< this write fails, the next ones do not: a full disk for a moment
    kDies,   ///< this write and all after it fail: the process was killed here
  };

  explicit DatabaseFaults(Database& database);
  ~DatabaseFaults();
  DatabaseFaults(const DatabaseFaults&) = delete;
  DatabaseFaults& operator=(const DatabaseFaults&) = delete;

  /// Counts from here: the `write`-th write, from 1, has this effect. Its status is Unavailable.
  void At(int64_t write, Effect effect);

  /// Runs `action` in place of the fault, before the write goes on: to break a connection, for example.
  void RunAt(int64_t write, std::function<void()> action);

  bool happened() const { return writes_ >= at_; }

  /// The failed write was the moment after the end of a transaction: what it wrote is kept, and nobody was told.
  bool was_kept() const { return was_kept_; }

 private:
  absl::Status OnWrite(Database::Write write);

  Database& database_;
  int64_t writes_ = 0;
  int64_t at_ = INT64_MAX;
  Effect effect_ = Effect::kFails;
  std::function<void()> action_;
  bool was_kept_ = false;
};

}  // namespace roost::store
