#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "serving/stripes.h"

namespace roost::telemetry {

/// Lines on their way from one thread to another, without a lock and without waiting. Memory: kBytes, touched as far as
/// it was ever used.
/// Threads: Push on one, Peek and Pop on another one; the counts from any.
class LineRing {
 public:
  static constexpr size_t kBytes = 1 << 20;

  /// Takes the line, or counts it as dropped where it finds no room.
  void Push(std::string_view line);

  /// What was pushed and not popped, as two pieces that follow each other.
  std::array<std::string_view, 2> Peek() const;
  /// Gives the first `size` bytes of it back.
  void Pop(size_t size);

  int64_t pushed() const { return pushed_.load(std::memory_order_relaxed); }
  int64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  std::unique_ptr<char[]> bytes_ = std::make_unique_for_overwrite<char[]>(kBytes);
  alignas(serving::kCacheLine) std::atomic<uint64_t> written_ = 0;  // bytes, since the beginning
  uint64_t seen_read_ = 0;                                          // a value that read_ had
  std::atomic<int64_t> pushed_ = 0, dropped_ = 0;                   // lines
  alignas(serving::kCacheLine) std::atomic<uint64_t> read_ = 0;     // bytes, since the beginning
};

}  // namespace roost::telemetry
