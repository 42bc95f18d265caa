#include "serving/memory_budget.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost::serving {

absl::StatusOr<std::vector<MemoryUse>> MakeRoom(std::vector<MemoryUse> loaded, const std::string& name, int64_t bytes,
                                                int64_t budget, bool evict) {
  int64_t used = 0;
  for (const MemoryUse& use : loaded) used += use.bytes;
  const absl::Status refused =
      WithHint(absl::ResourceExhaustedError(fmt::format("it takes {} of memory, and {} of the budget of {} are in use",
                                                        FormatBytes(bytes), FormatBytes(used), FormatBytes(budget))),
               "raise serve.memory_mb, serve fewer models or versions, or let others be pushed out with serve.evict");
  std::vector<MemoryUse> going;
  if (used + bytes <= budget) return going;
  if (!evict) return refused;
  std::sort(loaded.begin(), loaded.end(), [](const MemoryUse& a, const MemoryUse& b) {
    return std::tie(a.last_used_ms, a.name, a.version) < std::tie(b.last_used_ms, b.name, b.version);
  });
  for (MemoryUse& use : loaded) {
    if (use.name == name) continue;
    used -= use.bytes;
    going.push_back(std::move(use));
    if (used + bytes <= budget) return going;
  }
  return refused;
}

}  // namespace roost::serving
