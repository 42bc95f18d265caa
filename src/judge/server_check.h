#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/json.h"

namespace roost::judge {

/// What a model version costs a server, measured in a process that serves nothing else. Times are processor time, so
/// that other work on the machine hardly changes them.
struct ServerFigures {
  absl::Duration load;       ///< from its bytes until its recorded requests are answered
  absl::Duration row;        ///< a row, alone
  int64_t memory_bytes = 0;  ///< that are resident then, the program among them
};

struct ServerLimits {
  double max_row_ratio = 2;     ///< a row, of the champion's; at least 1
  double max_memory_ratio = 2;  ///< memory, of the champion's; at least 1
  double max_row_us = 0;        ///< a row, in microseconds; 0: no limit
};

/// What the infrastructure check found.
struct ServerCheck {
  std::optional<ServerFigures> version;
  std::optional<ServerFigures> champion;  ///< none: there is none, or it could not be tried
  /// A sentence for each limit that is broken, or why the version cannot be served. Empty: it may be.
  std::vector<std::string> broken;
  std::string champion_failure;  ///< why the champion could not be tried; "" where it was or there is none

  bool passed() const { return broken.empty(); }
  /// One sentence for people, whether it passed or not.
  std::string ToText() const;
  Json ToJson() const;
};

/// Holds what became of the version against the limits, and against what became of the champion, if there is one. What
/// is over a ratio counts only where it is also more than 5 µs, or 64 MiB, above the champion: below that the two
/// cannot be told apart, and nobody would care.
ServerCheck CheckServer(const absl::StatusOr<ServerFigures>& version,
                        const std::optional<absl::StatusOr<ServerFigures>>& champion, const ServerLimits& limits);

}  // namespace roost::judge
