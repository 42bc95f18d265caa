#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "store/database.h"

namespace roost::registry {

/// A process of this machine, or of another one: it is told apart from all that ever had its number.
struct ProcessName {
  std::string machine;  ///< the boot of a machine, and the space in which its processes are numbered
  std::string host;     ///< its name, for people
  int64_t process = 0;
  int64_t start = 0;  ///< when it began, in ticks since the boot

  static ProcessName OfThis();
  friend bool operator==(const ProcessName&, const ProcessName&) = default;
};

/// Whether the process lives; empty where it is one of another machine, so that nobody here can tell.
std::optional<bool> Lives(const ProcessName& process);

/// Who holds a lock.
struct LockHolder {
  std::string author;
  std::string what;  ///< "roost run", "roost watch"
  ProcessName process;
  absl::Time since, heard;  ///< when it was taken, and when its holder was last heard of, by the database's clock
};

/// One run at a time: a row of the metadata database, which its holder renews every few seconds from a thread of its
/// own. It is free when it is given back, when its holder is a process of this machine that lives no more, or when
/// nothing was heard of its holder for `lease` by the clock of the database, which all writers share.
/// Threads: any. Refers to the database, which outlives it.
class RunLock {
 public:
  struct Options {
    std::string name;  ///< "model late-flights"
    std::string author, what;
    ProcessName process = ProcessName::OfThis();
    absl::Duration lease = absl::Seconds(60);
    absl::Duration beat = absl::Seconds(5);
  };

  /// Aborted, with who holds it, where it is taken.
  static absl::StatusOr<std::unique_ptr<RunLock>> Take(store::Database& database, const Options& options);

  /// The same, but waits until it is free; `pause` is called between two tries, and ends it with its error.
  static absl::StatusOr<std::unique_ptr<RunLock>> Await(store::Database& database, const Options& options,
                                                        const std::function<absl::Status(const absl::Status&)>& pause);

  /// Makes the table where it is missing.
  static absl::Status MakeTable(store::Database& database);

  /// Who holds it now; empty where it is free, or its holder is known to be dead.
  static absl::StatusOr<std::optional<LockHolder>> Holder(store::Database& database, const std::string& name);

  /// Gives it back.
  ~RunLock();

  /// Aborted where another one has it: this process was not heard of for too long.
  absl::Status Check();

 private:
  RunLock(store::Database& database, Options options, int64_t ticket);
  void BeatUntilEnd();
  absl::Status Beat();

  store::Database& database_;
  const Options options_;
  const int64_t ticket_;  // counts the holders
  std::mutex mutex_;
  std::condition_variable end_told_;
  bool is_at_end_ = false;
  std::thread heart_;
};

}  // namespace roost::registry
