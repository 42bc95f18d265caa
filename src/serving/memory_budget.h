#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::serving {

/// A loaded version, as the budget sees it.
struct MemoryUse {
  std::string name;
  int64_t version = 0;
  int64_t bytes = 0;
  int64_t last_used_ms = 0;  ///< milliseconds since 1970 of the last answer, or of when it was loaded

  friend bool operator==(const MemoryUse&, const MemoryUse&) = default;
};

/// Which versions must go so that `bytes` more fit for model `name` into `budget` bytes over `loaded`: none where they
/// fit; else, if `evict` is set, the least recently used of other models, as few as it takes. ResourceExhausted, with
/// the figures, where they do not fit whatever goes; then none needs to go.
absl::StatusOr<std::vector<MemoryUse>> MakeRoom(std::vector<MemoryUse> loaded, const std::string& name, int64_t bytes,
                                                int64_t budget, bool evict);

}  // namespace roost::serving
