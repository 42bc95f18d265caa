#include "serving/work_queue.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/cores.h"
#include "base/format.h"
#include "base/status.h"
#include "serving/rows.h"

namespace roost::serving {
namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds kSweepEvery{10};  // refusals may be many, and a sweep looks at all that wait
constexpr int64_t kPieceRows = 1'024;  // as requests that are scored inline are cut, so that the answers are the same

nanoseconds CostOf(const Servable& servable, int64_t rows) { return servable.row_cost().average() * rows; }

/// The rows that make a batch of `servable` go at once.
int64_t RowsThatSuffice(const BatchingOptions& batching) {
  const auto& preferred = batching.preferred_batch_sizes;
  return preferred.empty() ? batching.max_batch_size : std::min(preferred.front(), batching.max_batch_size);
}

/// How many of `waiting` rows are scored together: as many as the greatest preferred size that they fill, else all.
int64_t BatchRows(const BatchingOptions& batching, int64_t waiting) {
  const auto& preferred = batching.preferred_batch_sizes;
  const auto above = std::upper_bound(preferred.begin(), preferred.end(), waiting);
  const int64_t rows = above == preferred.begin() ? waiting : *std::prev(above);
  return std::min(rows, batching.max_batch_size);
}

absl::Status Expired() {
  return absl::DeadlineExceededError("the time that the request gives was over before it was scored");
}

/// OK while the job's answer is still wanted.
absl::Status CheckWanted(const Job& job, Clock::time_point now) {
  if (job.cancelled()) return absl::CancelledError("the client has given the request up");
  return now >= job.deadline ? Expired() : absl::OkStatus();
}

/// When and for how long a batch was scored.
struct Times {
  Clock::time_point taken;  // out of the queue
  nanoseconds compute{0};
};

void Fail(Job& job, const absl::Status& status) {
  job.servable->statistics().AddFailure(Clock::now() - job.arrival);
  job.Send(status);
}

/// Answers jobs that left their line because nobody wanted them.
void FailAll(std::span<const std::unique_ptr<Job>> dropped) {
  for (const auto& job : dropped) Fail(*job, CheckWanted(*job, Clock::now()));
}

void Answer(Job& job, std::span<const double> scores, const Times& times, bool first_of_batch) {
  if (const absl::Status encoded = job.Encode(scores); !encoded.ok()) return Fail(job, encoded);
  job.servable->statistics().AddQueued(
      job.num_rows(),
      {.whole = Clock::now() - job.arrival, .queue = times.taken - job.arrival, .compute = times.compute},
      first_of_batch);
  job.Send(absl::OkStatus());
}

/// Scores rows in pieces. A `job` whose answer is no longer wanted ends between two of them.
absl::Status ScorePieces(const Servable& servable, std::span<const column::Value> values, const Job* job,
                         std::span<double> scores) {
  thread_local RowScratch scratch;
  const size_t columns = servable.inputs().size();
  const auto width = static_cast<size_t>(servable.model().num_outputs());
  const size_t rows = values.size() / columns;
  for (size_t begin = 0; begin < rows; begin += kPieceRows) {
    if (begin > 0 && job != nullptr) TRY(CheckWanted(*job, Clock::now()));
    const size_t count = std::min<size_t>(kPieceRows, rows - begin);
    TRY(ScoreRows(servable, values.subspan(begin * columns, count * columns), scratch,
                  scores.subspan(begin * width, count * width)));
  }
  return absl::OkStatus();
}

/// Scores one job and answers it.
void ScoreAlone(Job& job) {
  Times times{Clock::now()};
  std::vector<double> scores(static_cast<size_t>(job.num_rows() * job.servable->model().num_outputs()));
  const absl::Status scored = ScorePieces(*job.servable, job.values(), &job, scores);
  if (!scored.ok()) return Fail(job, scored);
  times.compute = Clock::now() - times.taken;
  job.servable->row_cost().Observe(job.num_rows(), times.compute);
  Answer(job, scores, times, /*first_of_batch=*/true);
}

/// Scores the rows of several jobs of one servable with one call and answers them. False, with nothing done, where the
/// call fails: it may be for the rows of one of them.
bool ScoreTogether(std::span<const std::unique_ptr<Job>> jobs) {
  thread_local std::vector<column::Value> values;
  thread_local std::vector<double> scores;
  Times times{Clock::now()};
  const Servable& servable = *jobs.front()->servable;
  values.clear();
  for (const auto& job : jobs) values.insert(values.end(), job->values().begin(), job->values().end());
  const auto width = static_cast<size_t>(servable.model().num_outputs());
  const size_t rows = values.size() / servable.inputs().size();
  scores.resize(rows * width);
  if (!ScorePieces(servable, values, nullptr, scores).ok()) return false;
  times.compute = Clock::now() - times.taken;
  servable.row_cost().Observe(static_cast<int64_t>(rows), times.compute);
  std::span<const double> left = scores;
  for (const auto& job : jobs) {
    const size_t count = static_cast<size_t>(job->num_rows()) * width;
    Answer(*job, left.first(count), times, job == jobs.front());
    left = left.subspan(count);
  }
  return true;
}

}  // namespace

absl::Status CheckQueuedRows(const Servable& servable, int64_t num_rows) {
  if (num_rows <= kMaxQueuedValues / std::ssize(servable.inputs())) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(
                      fmt::format("{} rows of {} columns are more than the queue of model '{}' takes in one request",
                                  FormatCount(num_rows), servable.inputs().size(), servable.name())),
                  "send fewer rows at once");
}

Clock::time_point QueuedDeadline(const Servable& servable, Clock::time_point received,
                                 std::chrono::microseconds timeout) {
  return DeadlineOf(received, timeout.count() > 0 ? timeout : servable.options().batching.default_timeout);
}

WorkQueue::WorkQueue(const Options& options)
    : options_(options), num_workers_(options.num_workers > 0 ? options.num_workers : NumCores()) {
  for (size_t i = 0; i < num_workers_; ++i) workers_.emplace_back([this] { Work(); });
}

WorkQueue::~WorkQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  for (auto& [servable, line] : lines_) {
    for (auto& [priority, level] : line.by_priority) {
      for (const auto& job : level.jobs) Fail(*job, absl::UnavailableError("the server is stopping"));
    }
  }
}

WorkQueue::Totals WorkQueue::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

nanoseconds WorkQueue::ExpectedWait(const Servable& servable, uint64_t priority) const {
  const auto own = lines_.find(&servable);
  if (own == lines_.end()) return nanoseconds(0);
  int64_t ahead = 0;
  for (const auto& [level, jobs] : own->second.by_priority) ahead += level <= priority ? jobs.rows : 0;
  nanoseconds all{0};
  int64_t lines = 0;
  for (const auto& [other, line] : lines_) {
    if (line.jobs == 0) continue;
    all += CostOf(*other, line.rows);
    ++lines;
  }
  // The lines share the workers, and none waits for more than all that there is.
  return std::min(CostOf(servable, ahead) * lines, all) / static_cast<int64_t>(num_workers_);
}

absl::Status WorkQueue::Room(const Servable& servable, Clock::time_point deadline, uint64_t priority) const {
  const nanoseconds wait = ExpectedWait(servable, priority);
  if (stopping_) return absl::UnavailableError("the server is stopping");
  const Clock::time_point now = Clock::now();
  if (now >= deadline) return Expired();
  if (totals_.waiting + running_ >= options_.max_jobs) {
    return Overloaded(fmt::format("the server has {} requests to work on, as many as it takes", options_.max_jobs),
                      wait);
  }
  const int64_t max_size = servable.options().batching.max_queue_size;
  const auto line = lines_.find(&servable);
  if (max_size > 0 && line != lines_.end() && line->second.jobs >= max_size) {
    return Overloaded(fmt::format("model '{}' has {} requests waiting, its max_queue_size", servable.name(), max_size),
                      wait);
  }
  const bool too_late = now + wait >= deadline;
  if (wait <= options_.max_wait && !too_late) return absl::OkStatus();
  return Overloaded(
      fmt::format("model '{}' is overloaded: the request would wait for about {} ms, and {}", servable.name(),
                  std::chrono::ceil<std::chrono::milliseconds>(wait).count(),
                  too_late ? std::string("gives less") : fmt::format("the limit is {} ms", options_.max_wait.count())),
      wait);
}

/// Room, once jobs that nobody wants any more have left the lines. Counts a refusal.
absl::Status WorkQueue::MakeRoom(const Servable& servable, Clock::time_point deadline, uint64_t priority,
                                 Batch& dropped) {
  absl::Status room = Room(servable, deadline, priority);
  if (room.ok()) return room;
  if (const Clock::time_point now = Clock::now(); now >= next_sweep_) {
    DropUnwanted(now, dropped);
    next_sweep_ = now + kSweepEvery;
    if (!dropped.empty()) room = Room(servable, deadline, priority);
  }
  if (!room.ok()) ++totals_.refused;
  return room;
}

void WorkQueue::DropUnwanted(Clock::time_point now, Batch& dropped) {
  for (auto& [servable, line] : lines_) {
    for (auto level = line.by_priority.begin(); level != line.by_priority.end();) {
      std::deque<std::unique_ptr<Job>> kept;
      for (std::unique_ptr<Job>& job : level->second.jobs) {
        const absl::Status wanted = CheckWanted(*job, now);
        if (wanted.ok()) {
          kept.push_back(std::move(job));
          continue;
        }
        Forget(*job, wanted, line, level->second);
        dropped.push_back(std::move(job));
      }
      level->second.jobs = std::move(kept);
      level = level->second.jobs.empty() ? line.by_priority.erase(level) : std::next(level);
    }
  }
}

/// Takes a job that is about to leave its line out of the counts.
void WorkQueue::Forget(const Job& job, const absl::Status& wanted, Line& line, Level& level) {
  --line.jobs;
  --totals_.waiting;
  line.rows -= job.num_rows();
  level.rows -= job.num_rows();
  totals_.cancelled += absl::IsCancelled(wanted) ? 1 : 0;
  totals_.expired += absl::IsDeadlineExceeded(wanted) ? 1 : 0;
}

absl::Status WorkQueue::CheckRoom(const Servable& servable, Clock::time_point deadline, uint64_t priority) {
  Batch dropped;
  std::unique_lock lock(mutex_);
  absl::Status room = MakeRoom(servable, deadline, priority, dropped);
  lock.unlock();
  FailAll(dropped);
  return room;
}

void WorkQueue::Add(std::unique_ptr<Job> job) {
  Batch dropped;
  std::unique_lock lock(mutex_);
  const absl::Status room = MakeRoom(*job->servable, job->deadline, job->priority, dropped);
  if (!room.ok()) {
    lock.unlock();
    FailAll(dropped);
    return Fail(*job, room);
  }
  auto [line, is_new] = lines_.try_emplace(job->servable.get());
  if (is_new) line->second.used = virtual_time_;
  Level& level = line->second.by_priority[job->priority];
  ++line->second.jobs;
  line->second.rows += job->num_rows();
  level.rows += job->num_rows();
  level.jobs.push_back(std::move(job));
  ++totals_.taken;
  ++totals_.waiting;
  lock.unlock();
  changed_.notify_one();
  FailAll(dropped);
}

void WorkQueue::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const Clock::time_point now = Clock::now();
    Clock::time_point look_again = Clock::time_point::max();
    const auto line = NextLine(now, look_again);
    if (!line.has_value()) {
      look_again == Clock::time_point::max() ? changed_.wait(lock) : void(changed_.wait_until(lock, look_again));
      continue;
    }
    Batch dropped;
    Batch batch = TakeBatch((*line)->second, now, dropped);
    running_ += std::ssize(batch);
    totals_.batches += batch.empty() ? 0 : 1;
    if ((*line)->second.jobs > 0) changed_.notify_one();
    lock.unlock();
    FailAll(dropped);
    if (batch.size() == 1 || (!batch.empty() && !ScoreTogether(batch))) {
      for (const auto& job : batch) ScoreAlone(*job);
    }
    const int64_t done = std::ssize(batch);
    batch.clear();
    dropped.clear();
    lock.lock();
    running_ -= done;
  }
}

/// The line to serve now. Where there is none, `look_again` says when there may be one.
std::optional<WorkQueue::Lines::iterator> WorkQueue::NextLine(Clock::time_point now, Clock::time_point& look_again) {
  std::optional<Lines::iterator> next;
  for (auto line = lines_.begin(); line != lines_.end();) {
    const Line& queued = line->second;
    if (queued.jobs == 0) {
      // Kept until the others have had as much: a line that is empty at times must not get more than its share.
      line = totals_.waiting == 0 || queued.used <= virtual_time_ ? lines_.erase(line) : std::next(line);
      continue;
    }
    const BatchingOptions& batching = line->first->options().batching;
    Clock::time_point ready = now;
    if (queued.rows < RowsThatSuffice(batching)) {
      ready = Clock::time_point::max();
      for (const auto& [priority, level] : queued.by_priority) ready = std::min(ready, level.jobs.front()->arrival);
      ready += batching.max_queue_delay;
    }
    if (ready > now) {
      look_again = std::min(look_again, ready);
    } else if (!next.has_value() || queued.used < (*next)->second.used) {
      next = line;
    }
    ++line;
  }
  return next;
}

WorkQueue::Batch WorkQueue::TakeBatch(Line& line, Clock::time_point now, Batch& dropped) {
  const Servable& servable = *line.by_priority.begin()->second.jobs.front()->servable;
  const int64_t most = BatchRows(servable.options().batching, line.rows);
  Batch batch;
  int64_t rows = 0;
  while (line.jobs > 0) {
    const auto level = line.by_priority.begin();
    std::unique_ptr<Job>& job = level->second.jobs.front();
    const absl::Status wanted = CheckWanted(*job, now);
    const int64_t job_rows = job->num_rows();
    if (wanted.ok() && !batch.empty() && rows + job_rows > most) break;
    Forget(*job, wanted, line, level->second);
    rows += wanted.ok() ? job_rows : 0;
    (wanted.ok() ? batch : dropped).push_back(std::move(job));
    level->second.jobs.pop_front();
    if (level->second.jobs.empty()) line.by_priority.erase(level);
  }
  virtual_time_ = std::max(virtual_time_, line.used);
  line.used = virtual_time_ + static_cast<double>(CostOf(servable, rows).count());
  return batch;
}

}  // namespace roost::serving
