#include "serving/stripes.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace roost::serving {

size_t NumStripes() {
  static const size_t count = std::clamp<size_t>(2 * std::thread::hardware_concurrency(), 4, 128);
  return count;
}

size_t ThreadStripe() {
  static std::atomic<size_t> threads = 0;
  thread_local const size_t stripe = threads.fetch_add(1, std::memory_order_relaxed) % NumStripes();
  return stripe;
}

}  // namespace roost::serving
