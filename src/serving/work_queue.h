#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "column/value.h"
#include "serving/overload.h"
#include "serving/servable.h"

namespace roost::serving {

/// The priority of requests that name none. 1 is the highest, as Triton has it.
inline constexpr uint64_t kDefaultPriority = 4;

/// More values than that in one job are refused: it keeps them all in memory, about 100 MB.
inline constexpr int64_t kMaxQueuedValues = 1 << 22;

/// InvalidArgument where so many rows for `servable` are more than kMaxQueuedValues values.
absl::Status CheckQueuedRows(const Servable& servable, int64_t num_rows);

/// When nobody waits any more for the answer to a request to `servable` on the workers, that was read at `received` and
/// names `timeout` (0: none, so that the model's default_timeout counts).
Clock::time_point QueuedDeadline(const Servable& servable, Clock::time_point received,
                                 std::chrono::microseconds timeout);

/// A request to a model on the workers: its rows, and how it is answered. Made on one thread, then used by a worker.
class Job {
 public:
  explicit Job(std::shared_ptr<const Servable> the_servable) : servable(std::move(the_servable)) {}
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  /// A value for each of servable->model().inputs() a row; they stay where they are until the job is destroyed.
  virtual std::span<const column::Value> values() const = 0;
  /// Nobody waits for the answer any more. From any thread.
  virtual bool cancelled() const = 0;
  /// Makes the answer of `scores`, which has num_outputs() a row. Its error is what Send gets.
  virtual absl::Status Encode(std::span<const double> scores) = 0;
  /// Sends the answer that Encode has made, or an error. Called once.
  virtual void Send(const absl::Status& status) = 0;

  int64_t num_rows() const { return static_cast<int64_t>(values().size() / servable->inputs().size()); }

  const std::shared_ptr<const Servable> servable;
  Clock::time_point arrival = Clock::now();
  Clock::time_point deadline = Clock::time_point::max();
  uint64_t priority = kDefaultPriority;
};

/// Scores the requests to slow models on threads of its own.
///
/// The jobs of a model version wait in a line, by priority and then by arrival. A worker takes from the line that has
/// had least of the workers' time (start-time fair queueing, Goyal et al. 1996), merges whole jobs as long as they fit
/// BatchingOptions::max_batch_size, and scores their rows with one call. Native models score each row to the bit as
/// without merging, ONNX models to rounding. Where a merged call fails, each job is scored alone.
///
/// Jobs whose deadline is over and jobs that are cancelled are not scored, and take nobody's room. What could not be
/// answered in time is refused when it comes: when the rows before it, at the measured cost of a row, take longer than
/// its deadline or than max_wait. So the queue stays short under any load, and what is taken is answered.
///
/// Threads: all methods may be called from any thread.
class WorkQueue {
 public:
  struct Options {
    size_t num_workers = 0;                   ///< 0: one per core (cores.h)
    std::chrono::milliseconds max_wait{100};  ///< that a job is expected to wait at most
    int64_t max_jobs = 10'000;                ///< that wait or are scored, of all models together
  };

  /// What became of all jobs.
  struct Totals {
    int64_t taken = 0;      ///< into the queue
    int64_t refused = 0;    ///< when they came
    int64_t expired = 0;    ///< their deadline was over before they were scored
    int64_t cancelled = 0;  ///< nobody waited any more
    int64_t batches = 0;    ///< calls of models
    int64_t waiting = 0;    ///< now

    friend bool operator==(const Totals&, const Totals&) = default;
  };

  explicit WorkQueue(const Options& options);
  /// Finishes what is being scored; jobs that still wait are answered with Unavailable.
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  /// What Add would answer a job now: OK, or Overloaded (overload.h). So that a request that is refused need not even
  /// be read. Counts refusals.
  absl::Status CheckRoom(const Servable& servable, Clock::time_point deadline, uint64_t priority);

  /// Takes a job; where there is no room its Send is called at once, with Overloaded.
  void Add(std::unique_ptr<Job> job);

  std::chrono::milliseconds max_wait() const { return options_.max_wait; }
  Totals totals() const;

 private:
  struct Level {
    std::deque<std::unique_ptr<Job>> jobs;
    int64_t rows = 0;
  };
  /// The jobs of one model version.
  struct Line {
    std::map<uint64_t, Level> by_priority;  // without empty ones
    int64_t jobs = 0;
    int64_t rows = 0;
    double used = 0;  // virtual time: nanoseconds of the workers that were given to it
  };
  using Lines = std::map<const Servable*, Line>;
  using Batch = std::vector<std::unique_ptr<Job>>;

  absl::Status Room(const Servable& servable, Clock::time_point deadline, uint64_t priority) const;
  absl::Status MakeRoom(const Servable& servable, Clock::time_point deadline, uint64_t priority, Batch& dropped);
  void DropUnwanted(Clock::time_point now, Batch& dropped);
  std::chrono::nanoseconds ExpectedWait(const Servable& servable, uint64_t priority) const;
  void Forget(const Job& job, const absl::Status& wanted, Line& line, Level& level);
  void Work();
  std::optional<Lines::iterator> NextLine(Clock::time_point now, Clock::time_point& look_again);
  Batch TakeBatch(Line& line, Clock::time_point now, Batch& dropped);

  const Options options_;
  const size_t num_workers_;
  mutable std::mutex mutex_;  // of all that follows
  std::condition_variable changed_;
  Lines lines_;
  double virtual_time_ = 0;  // of the line that was served last
  Totals totals_;
  int64_t running_ = 0;           // jobs
  Clock::time_point next_sweep_;  // when DropUnwanted may look again
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace roost::serving
