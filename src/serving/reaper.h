#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace roost::serving {

/// Destroys what readers may still hold, on a thread of its own, so that no reader ever does. Threads: any.
class Reaper {
 public:
  Reaper();
  /// Destroys what is left, held or not (by then it is the holder who destroys it).
  ~Reaper();

  /// Takes over `object`, which nobody can get hold of any more but those who have it. Once they have let go of it, it
  /// is destroyed, and `gone` (may be null) is called on the reaper's thread. Where `bytes` or more than 32 MiB have
  /// been destroyed since the last time, free memory is given back to the system.
  void Take(std::shared_ptr<const void> object, int64_t bytes, std::function<void()> gone);

 private:
  struct Item {
    std::shared_ptr<const void> object;
    int64_t bytes = 0;
    std::function<void()> gone;
  };

  void Run();
  void Destroy(std::vector<Item> items);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Item> items_;
  bool stopping_ = false;
  int64_t destroyed_bytes_ = 0;  // of the thread alone
  std::thread thread_;
};

}  // namespace roost::serving
