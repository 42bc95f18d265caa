#include "serving/reaper.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace roost::serving {
namespace {

constexpr int64_t kTrimBytes = int64_t{32} << 20;  // less is soon used again
constexpr std::chrono::milliseconds kLook{5};      // a request holds a model for microseconds to milliseconds

}  // namespace

Reaper::Reaper() : thread_([this] { Run(); }) {}

Reaper::~Reaper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Reaper::Take(std::shared_ptr<const void> object, int64_t bytes, std::function<void()> gone) {
  {
    const std::lock_guard lock(mutex_);
    items_.push_back({std::move(object), bytes, std::move(gone)});
  }
  changed_.notify_all();
}

void Reaper::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    // Nobody can get a new hold of it, so a count of one stays one.
    const auto held =
        std::partition(items_.begin(), items_.end(), [](const Item& i) { return i.object.use_count() > 1; });
    std::vector<Item> free(std::make_move_iterator(held), std::make_move_iterator(items_.end()));
    items_.erase(held, items_.end());
    if (!free.empty()) {
      lock.unlock();
      Destroy(std::move(free));
      lock.lock();
    } else if (items_.empty()) {
      changed_.wait(lock);
    } else {
      changed_.wait_for(lock, kLook);
    }
  }
}

void Reaper::Destroy(std::vector<Item> items) {
  for (Item& item : items) {
    item.object.reset();
    destroyed_bytes_ += item.bytes;
    if (item.gone) item.gone();
  }
  if (destroyed_bytes_ < kTrimBytes) return;
  destroyed_bytes_ = 0;
  malloc_trim(0);
}

}  // namespace roost::serving
