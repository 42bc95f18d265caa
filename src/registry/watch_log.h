#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "store/database.h"

namespace roost::registry {

/// What continuous training knows of a span of the source, or of its schedule. Times are whole microseconds.
struct WatchItem {
  enum class Kind { kSpan, kSchedule };

  Kind kind = Kind::kSpan;
  std::string name;
  std::string stamp;                    ///< tells the span's files as they were looked at
  std::string state;                    ///< as pipeline/span.h names it
  std::string trigger;                  ///< "new span", "back-fill"
  std::optional<int64_t> run;           ///< the last one that it had
  std::string result;                   ///< how that ended, for people
  std::string alert;                    ///< JSON that is still to be handed to the alert program; empty: none
  int64_t tries = 0;                    ///< that failed, one after the other
  std::optional<absl::Time> retry;      ///< not to be tried again before
  std::optional<absl::Time> planned;    ///< of the schedule: the time that was run last, or when it was begun
  std::optional<absl::Time> last_time;  ///< the latest time in the span's rows, where it was looked for
  absl::Time changed;

  friend bool operator==(const WatchItem&, const WatchItem&) = default;
};

/// The state of continuous training, in the metadata database only. Threads and processes: any number at once. Refers
/// to the database, which outlives it.
class WatchLog {
 public:
  /// Makes the table where it is missing.
  static absl::StatusOr<WatchLog> Open(store::Database& database);

  /// Those of a project, spans in the order of their names.
  absl::StatusOr<std::vector<WatchItem>> List(const std::string& project) const;

  /// Writes all of them, or none, in place of what was known.
  absl::Status Put(const std::string& project, const std::vector<WatchItem>& items);

 private:
  explicit WatchLog(store::Database& database) : database_(&database) {}

  store::Database* database_;
};

}  // namespace roost::registry
