#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace roost::net {

/// What a server counts of its connections, and of the requests that it refuses before a handler sees them. Nothing
/// is written here for a request that is well. Threads: all may be used from any thread.
struct ServerCounts {
  /// The codes that the server itself answers with.
  static constexpr std::array<int, 8> kRefusalCodes = {400, 408, 413, 417, 431, 501, 503, 505};

  std::atomic<int64_t> open_connections = 0;
  std::atomic<int64_t> accepted_connections = 0;
  /// By the place of the code in kRefusalCodes. 503 are connections above the maximum.
  std::array<std::atomic<int64_t>, kRefusalCodes.size()> refusals{};

  void CountRefusal(int code) {
    const auto found = std::find(kRefusalCodes.begin(), kRefusalCodes.end(), code);
    if (found == kRefusalCodes.end()) return;
    refusals[static_cast<size_t>(found - kRefusalCodes.begin())].fetch_add(1, std::memory_order_relaxed);
  }
};

}  // namespace roost::net
