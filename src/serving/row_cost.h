#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace roost::serving {

/// What a row of a model costs: as the warm-up has measured it, then a moving average of what the workers see.
/// Threads: Begin before others see it; the rest from any thread.
class RowCost {
 public:
  using Duration = std::chrono::nanoseconds;

  /// What the warm-up has measured.
  void Begin(Duration row) {
    warm_up_ = row;
    average_.store(row.count(), std::memory_order_relaxed);
  }
  /// `rows` were scored together in `time`. Of several threads at once, one may be missed.
  void Observe(int64_t rows, Duration time) {
    if (rows == 0) return;
    constexpr int64_t kWeight = 8;  // an eighth for the newest: follows a change within some tens of batches
    const int64_t before = average_.load(std::memory_order_relaxed);
    const int64_t row = time.count() / rows;
    average_.store(before == 0 ? row : before + (row - before) / kWeight, std::memory_order_relaxed);
  }

  Duration warm_up() const { return warm_up_; }
  Duration average() const { return Duration(average_.load(std::memory_order_relaxed)); }

 private:
  Duration warm_up_{0};
  std::atomic<int64_t> average_{0};  // nanoseconds
};

}  // namespace roost::serving
