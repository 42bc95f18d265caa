#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/cores.h"

namespace roost {
namespace {

// One call of ParallelFor; threads take the next piece until none is left.
struct Batch {
  size_t num_pieces;
  const std::function<absl::Status(size_t)>* work;
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::condition_variable ended;
  size_t num_helpers = 0;  // pool threads inside Run; guarded by mutex
  size_t failed_piece = std::numeric_limits<size_t>::max();
  absl::Status status;

  void Run() {
    while (!failed.load(std::memory_order_relaxed)) {
      const size_t piece = next.fetch_add(1);
      if (piece >= num_pieces) return;
      absl::Status result = (*work)(piece);
      if (result.ok()) continue;
      failed = true;
      const std::lock_guard lock(mutex);
      if (piece < failed_piece) {
        failed_piece = piece;
        status = std::move(result);
      }
    }
  }
};

thread_local bool inside_a_piece = false;

}  // namespace

struct ThreadPool::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::shared_ptr<Batch>> batches;  // with pieces left, guarded by mutex
  bool stopping = false;
  std::vector<std::thread> threads;

  void Work() {
    inside_a_piece = true;
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stopping || !batches.empty(); });
      if (stopping) return;
      const std::shared_ptr<Batch> batch = batches.front();
      if (batch->next.load() >= batch->num_pieces || batch->failed.load()) {
        batches.pop_front();
        continue;
      }
      {
        const std::lock_guard batch_lock(batch->mutex);
        ++batch->num_helpers;
      }
      lock.unlock();
      batch->Run();
      {
        const std::lock_guard batch_lock(batch->mutex);
        --batch->num_helpers;
        batch->ended.notify_all();
      }
      lock.lock();
    }
  }
};

ThreadPool::ThreadPool(size_t num_threads) : state_(std::make_unique<State>()) {
  if (num_threads == 0) num_threads = NumCores();
  for (size_t i = 1; i < num_threads; ++i) state_->threads.emplace_back([state = state_.get()] { state->Work(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

size_t ThreadPool::num_threads() const { return state_->threads.size() + 1; }

absl::Status ThreadPool::ParallelFor(size_t num_pieces, const std::function<absl::Status(size_t)>& work) {
  auto batch = std::make_shared<Batch>();
  batch->num_pieces = num_pieces;
  batch->work = &work;
  const bool alone = inside_a_piece || num_pieces <= 1 || state_->threads.empty();
  if (!alone) {
    {
      const std::lock_guard lock(state_->mutex);
      state_->batches.push_back(batch);
    }
    state_->wake.notify_all();
  }
  const bool was_inside = std::exchange(inside_a_piece, true);
  batch->Run();
  inside_a_piece = was_inside;
  if (!alone) {
    {
      const std::lock_guard lock(state_->mutex);
      std::erase(state_->batches, batch);
    }
    std::unique_lock lock(batch->mutex);
    batch->ended.wait(lock, [&batch] { return batch->num_helpers == 0; });
  }
  return batch->status;
}

}  // namespace roost
