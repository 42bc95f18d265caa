#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/status/status.h"

namespace roost {

/// A fixed number of threads for work in pieces.
///
/// Results must not depend on the number of threads: a caller cuts its work into pieces that depend on the data
/// alone, keeps one result per piece, and combines them in the order of the pieces.
class ThreadPool {
 public:
  /// `num_threads` >= 1 counts the calling thread: 1 runs everything on it. 0 means one per core (cores.h).
  explicit ThreadPool(size_t num_threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  size_t num_threads() const;

  /// Calls work(0) to work(num_pieces - 1), each once, in parallel with the calling thread taking part, and returns
  /// when all have ended. After an error no new piece is started; the error of the lowest piece that failed is
  /// returned. May be called from several threads, and from within a piece (which then runs on its own thread only).
  absl::Status ParallelFor(size_t num_pieces, const std::function<absl::Status(size_t)>& work);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace roost
