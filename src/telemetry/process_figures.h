#pragma once

#include <cstdint>

namespace roost::telemetry {

/// What Linux says of this process, in the units of Prometheus' standard names. 0 where it does not say.
struct ProcessFigures {
  double cpu_seconds = 0;         ///< of all threads, since the start
  double start_time_seconds = 0;  ///< since 1970 UTC
  int64_t resident_bytes = 0;
  int64_t virtual_bytes = 0;
  int64_t threads = 0;
  int64_t open_fds = 0;
  int64_t max_fds = 0;
};

/// Cost: four small files of /proc; before Linux 6.2 also a list of the open descriptors.
ProcessFigures ReadProcessFigures();

}  // namespace roost::telemetry
