#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace roost::telemetry {

namespace internal {
/// A number that no other PerThread of this process has; not 0.
inline uint64_t NextSerial() {
  static std::atomic<uint64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}
}  // namespace internal

/// A T for each thread that asks for one, so that threads which count need not share memory. They live as long as this
/// does; a thread that begins after another one ended may go on with that one's.
///
/// Threads: all methods may be called from any thread; what a reader may do with another thread's T is T's matter.
template <typename T>
class PerThread {
 public:
  /// The calling thread's. Cost: a comparison; the first time, and after another PerThread<T> was asked, a lock.
  T& Local() {
    thread_local uint64_t serial = 0;
    thread_local T* mine = nullptr;
    if (serial != serial_) {
      mine = &Find();
      serial = serial_;
    }
    return *mine;
  }

  /// Calls `visit(T&)` for each that there is at the beginning; no lock is held meanwhile.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    std::vector<T*> values;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [thread, value] : all_) values.push_back(value.get());
    }
    for (T* value : values) visit(*value);
  }

 private:
  T& Find() {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<T>& mine = all_[std::this_thread::get_id()];
    if (mine == nullptr) mine = std::make_unique<T>();
    return *mine;
  }

  const uint64_t serial_ = internal::NextSerial();
  mutable std::mutex mutex_;
  std::unordered_map<std::thread::id, std::unique_ptr<T>> all_;  // guarded by mutex_
};

}  // namespace roost::telemetry
