#include "telemetry/line_ring.h"

#include <algorithm>
#include <cstring>

namespace roost::telemetry {

void LineRing::Push(std::string_view line) {
  const uint64_t written = written_.load(std::memory_order_relaxed);
  if (written + line.size() - seen_read_ > kBytes) seen_read_ = read_.load(std::memory_order_acquire);
  if (written + line.size() - seen_read_ > kBytes) {
    dropped_.store(dropped() + 1, std::memory_order_relaxed);
    return;
  }
  const size_t begin = written % kBytes;
  const size_t first = std::min(line.size(), kBytes - begin);
  std::memcpy(bytes_.get() + begin, line.data(), first);
  std::memcpy(bytes_.get(), line.data() + first, line.size() - first);
  written_.store(written + line.size(), std::memory_order_release);
  pushed_.store(pushed() + 1, std::memory_order_relaxed);
}

std::array<std::string_view, 2> LineRing::Peek() const {
  const uint64_t read = read_.load(std::memory_order_relaxed);
  const size_t size = written_.load(std::memory_order_acquire) - read;
  const size_t begin = read % kBytes;
  const size_t first = std::min(size, kBytes - begin);
  return {std::string_view(bytes_.get() + begin, first), std::string_view(bytes_.get(), size - first)};
}

void LineRing::Pop(size_t size) {
  read_.store(read_.load(std::memory_order_relaxed) + size, std::memory_order_release);
}

}  // namespace roost::telemetry
