#include "serving/work_queue.h"

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/rows.h"
#include "serving/tensor_job.h"
#include "serving/test_model.h"

namespace roost::serving {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

using Servables = std::shared_ptr<const Servable>;

Servables MakeServable(const std::string& name, BatchingOptions batching = {}, std::chrono::nanoseconds cost = {}) {
  ServingOptions options{.execution = Execution::kWorkers, .batching = std::move(batching)};
  auto servable = *Servable::Parse(name, 1, TestModelJson(), "", std::move(options));
  servable->row_cost().Begin(cost);
  return servable;
}

/// What became of jobs, in the order in which they were answered.
class Outcomes {
 public:
  struct Outcome {
    std::string name;
    absl::Status status;
    std::vector<double> scores;
  };

  void Add(Outcome outcome) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(outcome));
    changed_.notify_all();
  }
  std::vector<Outcome> Wait(size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), [&] { return all_.size() >= count; }))
        << all_.size() << " of " << count;
    return all_;
  }
  std::vector<std::string> Names(size_t count) {
    std::vector<std::string> names;
    for (const Outcome& outcome : Wait(count)) names.push_back(outcome.name);
    return names;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Outcome> all_;
};

class TestJob : public Job {
 public:
  TestJob(std::string name, Servables the_servable, Outcomes& outcomes, int rows = 1, double first_distance = 100)
      : Job(std::move(the_servable)), name_(std::move(name)), outcomes_(outcomes) {
    for (int i = 0; i < rows; ++i) {
      values_.insert(values_.end(), {first_distance + i, std::string_view("SFO"), int64_t{3'600'000'000} * i});
    }
  }

  std::span<const column::Value> values() const override { return values_; }
  bool cancelled() const override { return gone.load(); }
  absl::Status Encode(std::span<const double> scores) override {
    if (before_encode) before_encode();
    scores_.assign(scores.begin(), scores.end());
    return absl::OkStatus();
  }
  void Send(const absl::Status& status) override { outcomes_.Add({name_, status, scores_}); }

  std::atomic<bool> gone{false};
  std::function<void()> before_encode;

 private:
  const std::string name_;
  Outcomes& outcomes_;
  std::vector<column::Value> values_;
  std::vector<double> scores_;
};

/// A queue of one worker, which is held up by a job until Open.
class WorkQueueTest : public testing::Test {
 protected:
  explicit WorkQueueTest(WorkQueue::Options options = {.num_workers = 1}) : queue_(options) {}
  ~WorkQueueTest() override { Open(); }

  void Hold() {
    auto job = std::make_unique<TestJob>("held", MakeServable("held"), outcomes_);
    job->before_encode = [this] {
      holds_ = true;
      holds_.notify_all();
      open_.wait(false);
    };
    queue_.Add(std::move(job));
    holds_.wait(false);
  }
  void Open() {
    open_ = true;
    open_.notify_all();
  }
  TestJob* Add(std::string name, const Servables& servable, uint64_t priority = kDefaultPriority, int rows = 1,
               Clock::time_point deadline = Clock::time_point::max(), double distance = 100) {
    auto job = std::make_unique<TestJob>(std::move(name), servable, outcomes_, rows, distance);
    TestJob* const added = job.get();
    job->priority = priority;
    job->deadline = deadline;
    queue_.Add(std::move(job));
    return added;
  }

  Outcomes outcomes_;
  std::atomic<bool> holds_{false}, open_{false};
  WorkQueue queue_;
};

TEST_F(WorkQueueTest, WhatWaitsIsScoredTogetherAndAnsweredToTheBit) {
  const Servables model = MakeServable("model");
  Hold();
  for (int i = 0; i < 5; ++i) {
    Add(std::to_string(i), model, kDefaultPriority, 1 + i, Clock::time_point::max(), 100.5 * i);
  }
  Open();
  const auto outcomes = outcomes_.Wait(6);
  EXPECT_EQ(queue_.totals().batches, 2);
  const Statistics::Totals totals = model->statistics().Sum();
  EXPECT_EQ(totals.execution_count, 1);
  EXPECT_EQ(totals.inference_count, 15);
  EXPECT_EQ(totals.success.count, 5);
  EXPECT_EQ(totals.queue.count, 5);
  EXPECT_GT(totals.queue.nanoseconds, 0);
  EXPECT_GE(totals.success.nanoseconds, totals.queue.nanoseconds + totals.compute.nanoseconds);
  for (int i = 0; i < 5; ++i) {
    const Outcomes::Outcome& outcome = outcomes[static_cast<size_t>(i) + 1];
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.name, std::to_string(i));
    const TestJob alone("", model, outcomes_, 1 + i, 100.5 * i);
    std::vector<double> scores(static_cast<size_t>(1 + i));
    RowScratch scratch;
    ASSERT_TRUE(ScoreRows(*model, alone.values(), scratch, scores).ok());
    EXPECT_EQ(std::memcmp(scores.data(), outcome.scores.data(), scores.size() * sizeof(double)), 0);
  }
}

TEST_F(WorkQueueTest, ABatchHasAsManyRowsAsItMayAndJobsStayWhole) {
  const Servables model = MakeServable("model", {.max_batch_size = 4});
  Hold();
  const std::vector<int> rows = {1, 2, 2, 9, 1};  // 1+2, 2, 9 alone, 1
  for (size_t i = 0; i < rows.size(); ++i) Add(std::to_string(i), model, kDefaultPriority, rows[i]);
  Open();
  EXPECT_THAT(outcomes_.Names(6), ElementsAre("held", "0", "1", "2", "3", "4"));
  EXPECT_EQ(model->statistics().Sum().execution_count, 4);
}

TEST_F(WorkQueueTest, WithoutBatchesEachJobIsScoredAlone) {
  const Servables model = MakeServable("model", {.max_batch_size = 1});
  Hold();
  for (int i = 0; i < 3; ++i) Add(std::to_string(i), model);
  Open();
  outcomes_.Wait(4);
  EXPECT_EQ(model->statistics().Sum().execution_count, 3);
}

TEST_F(WorkQueueTest, AJobWithoutRowsIsAnsweredToo) {
  Add("empty", MakeServable("model"), kDefaultPriority, 0);
  const auto outcomes = outcomes_.Wait(1);
  EXPECT_TRUE(outcomes[0].status.ok()) << outcomes[0].status;
  EXPECT_TRUE(outcomes[0].scores.empty());
}

TEST_F(WorkQueueTest, WhatNobodyWaitsForIsNotScored) {
  const Servables model = MakeServable("model");
  Hold();
  Add("late", model, kDefaultPriority, 1, Clock::now() + milliseconds(10));
  Add("gone", model)->gone = true;
  Add("kept", model);
  std::this_thread::sleep_for(milliseconds(15));
  Open();
  for (const Outcomes::Outcome& outcome : outcomes_.Wait(4)) {
    const absl::StatusCode code = outcome.status.code();
    EXPECT_EQ(code, outcome.name == "late"   ? absl::StatusCode::kDeadlineExceeded
                    : outcome.name == "gone" ? absl::StatusCode::kCancelled
                                             : absl::StatusCode::kOk)
        << outcome.name;
  }
  const WorkQueue::Totals totals = queue_.totals();
  EXPECT_EQ(totals.expired, 1);
  EXPECT_EQ(totals.cancelled, 1);
  EXPECT_EQ(totals.waiting, 0);
  EXPECT_EQ(model->statistics().Sum().inference_count, 1);
  EXPECT_EQ(model->statistics().Sum().failure.count, 2);
}

TEST_F(WorkQueueTest, AHigherPriorityComesFirst) {
  const Servables model = MakeServable("model", {.max_batch_size = 1});
  Hold();
  Add("usual", model);
  Add("low", model, 9);
  Add("high", model, 1);
  Add("high too", model, 1);
  Open();
  EXPECT_THAT(outcomes_.Names(5), ElementsAre("held", "high", "high too", "usual", "low"));
}

TEST_F(WorkQueueTest, AFloodOfOneModelDoesNotHoldUpAnother) {
  const BatchingOptions alone{.max_batch_size = 1};
  const Servables flooded = MakeServable("flooded", alone, milliseconds(1));
  const Servables other = MakeServable("other", alone, milliseconds(1));
  Hold();
  for (int i = 0; i < 50; ++i) Add("flood", flooded);
  for (int i = 0; i < 5; ++i) Add("other", other);
  Open();
  const std::vector<std::string> names = outcomes_.Names(56);
  size_t last = 0;
  for (size_t i = 0; i < names.size(); ++i) last = names[i] == "other" ? i : last;
  EXPECT_LE(last, 20U) << "the 5 jobs of the other model take turns with the flood";
}

TEST_F(WorkQueueTest, TheLineOfAModelIsBounded) {
  const Servables model = MakeServable("model", {.max_queue_size = 2});
  Hold();
  for (const char* name : {"first", "second", "third"}) Add(name, model);
  const auto refused = outcomes_.Wait(1);  // at once
  EXPECT_EQ(refused[0].name, "third");
  EXPECT_EQ(refused[0].status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(refused[0].status.message()), HasSubstr("2 requests waiting, its max_queue_size"));
  EXPECT_EQ(RetryAfterSeconds(refused[0].status), 1);
  EXPECT_EQ(queue_.totals().refused, 1);
  EXPECT_EQ(queue_.totals().waiting, 2);
}

TEST_F(WorkQueueTest, WhatNobodyWaitsForTakesNoRoom) {
  const Servables model = MakeServable("model", {}, milliseconds(10));
  Hold();
  std::vector<TestJob*> jobs;
  for (int i = 0; i < 11; ++i) jobs.push_back(Add("gone", model));
  for (TestJob* job : jobs) job->gone = true;
  Add("new", model);
  EXPECT_THAT(outcomes_.Names(11), testing::Each("gone")) << "at once, though the worker is held up";
  EXPECT_EQ(queue_.totals().cancelled, 11);
  EXPECT_EQ(queue_.totals().waiting, 1);
  EXPECT_EQ(queue_.totals().refused, 0);
  Open();
  const auto outcomes = outcomes_.Wait(13);
  EXPECT_EQ(outcomes.back().name, "new");
  EXPECT_TRUE(outcomes.back().status.ok()) << outcomes.back().status;
}

TEST_F(WorkQueueTest, WhatWouldWaitTooLongIsRefusedAtOnce) {
  const Servables model = MakeServable("model", {}, milliseconds(10));
  const Clock::time_point never = Clock::time_point::max();
  Hold();
  int taken = 0;
  for (; taken < 50 && queue_.CheckRoom(*model, never, kDefaultPriority).ok(); ++taken) Add("", model);
  EXPECT_EQ(taken, 11) << "rows of 10 ms before a limit of 100 ms";
  const absl::Status refused = queue_.CheckRoom(*model, never, kDefaultPriority);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("would wait for about 110 ms, and the limit is 100 ms"));
  EXPECT_TRUE(queue_.CheckRoom(*model, never, 1).ok()) << "what is more urgent overtakes";
  EXPECT_TRUE(queue_.CheckRoom(*MakeServable("other"), never, kDefaultPriority).ok());
}

TEST_F(WorkQueueTest, WhatCannotBeDoneInItsTimeIsRefusedAtOnce) {
  const Servables model = MakeServable("model", {}, milliseconds(20));
  Hold();
  for (int i = 0; i < 3; ++i) Add("", model);
  const auto in = [](int ms) { return Clock::now() + milliseconds(ms); };
  EXPECT_TRUE(queue_.CheckRoom(*model, in(90), kDefaultPriority).ok());
  const absl::Status refused = queue_.CheckRoom(*model, in(50), kDefaultPriority);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("wait for about 60 ms, and gives less"));
  EXPECT_TRUE(RetryAfterSeconds(refused).has_value());
  EXPECT_EQ(queue_.CheckRoom(*model, in(-1), kDefaultPriority).code(), absl::StatusCode::kDeadlineExceeded);
}

class SmallQueueTest : public WorkQueueTest {
 protected:
  SmallQueueTest() : WorkQueueTest({.num_workers = 1, .max_jobs = 3}) {}
};

TEST_F(SmallQueueTest, AllModelsTogetherAreBounded) {
  Hold();
  Add("a", MakeServable("a"));
  Add("b", MakeServable("b"));
  Add("c", MakeServable("c"));
  const auto refused = outcomes_.Wait(1);
  EXPECT_EQ(refused[0].name, "c");
  EXPECT_THAT(std::string(refused[0].status.message()), HasSubstr("3 requests to work on, as many as it takes"));
}

TEST_F(WorkQueueTest, ADelayWaitsForOthers) {
  const Servables model = MakeServable("model", {.max_queue_delay = milliseconds(100)});
  const Clock::time_point begin = Clock::now();
  Add("first", model);
  std::this_thread::sleep_for(milliseconds(10));
  Add("second", model);
  outcomes_.Wait(2);
  EXPECT_GE(Clock::now() - begin, milliseconds(100));
  EXPECT_EQ(model->statistics().Sum().execution_count, 1);
}

TEST_F(WorkQueueTest, APreferredSizeGoesAtOnce) {
  const BatchingOptions batching{.preferred_batch_sizes = {2, 4}, .max_queue_delay = std::chrono::seconds(30)};
  const Servables model = MakeServable("model", batching);
  Hold();
  for (int i = 0; i < 5; ++i) Add(std::to_string(i), model);
  Open();
  EXPECT_THAT(outcomes_.Names(5), ElementsAre("held", "0", "1", "2", "3"));
  EXPECT_EQ(model->statistics().Sum().execution_count, 1) << "4 rows";
  Add("5", model);
  outcomes_.Wait(7);
  EXPECT_EQ(model->statistics().Sum().execution_count, 2) << "2 rows";
}

TEST(WorkQueue, WhatWaitsAtTheEndIsRefusedAndWhatIsScoredIsAnswered) {
  Outcomes outcomes;
  std::atomic<bool> holds{false};
  {
    WorkQueue queue({.num_workers = 1});
    const Servables model = MakeServable("model");
    auto held = std::make_unique<TestJob>("held", model, outcomes);
    held->before_encode = [&holds] {
      holds = true;
      holds.notify_all();
      std::this_thread::sleep_for(milliseconds(50));
    };
    queue.Add(std::move(held));
    holds.wait(false);
    queue.Add(std::make_unique<TestJob>("waiting", model, outcomes));
  }
  const auto all = outcomes.Wait(2);
  EXPECT_EQ(all[0].name, "held");
  EXPECT_TRUE(all[0].status.ok());
  EXPECT_EQ(all[1].status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(all[1].status.message()), HasSubstr("stopping"));
}

TEST(WorkQueue, ManyThreadsAddAndEachJobIsAnsweredOnce) {
  constexpr int kThreads = 4, kJobs = 250;
  Outcomes outcomes;
  WorkQueue queue({.num_workers = 3, .max_wait = std::chrono::seconds(60)});
  const std::vector<Servables> models = {MakeServable("a"), MakeServable("b", {.max_batch_size = 3}),
                                         MakeServable("c", {.max_queue_delay = microseconds(200)})};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kJobs; ++i) {
        const int number = t * kJobs + i;
        queue.Add(std::make_unique<TestJob>(std::to_string(number), models[static_cast<size_t>(number) % 3], outcomes,
                                            1 + number % 4, number));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<bool> seen(kThreads * kJobs);
  for (const Outcomes::Outcome& outcome : outcomes.Wait(kThreads * kJobs)) {
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    const int number = std::stoi(outcome.name);
    EXPECT_FALSE(seen[static_cast<size_t>(number)]);
    seen[static_cast<size_t>(number)] = true;
    const TestJob alone("", models[0], outcomes, 1 + number % 4, number);
    std::vector<double> scores(static_cast<size_t>(1 + number % 4));
    RowScratch scratch;
    ASSERT_TRUE(ScoreRows(*models[0], alone.values(), scratch, scores).ok());
    EXPECT_EQ(outcome.scores, scores);
  }
  EXPECT_EQ(queue.totals().taken, kThreads * kJobs);
}

/// A job whose answer is kept.
class KeptJob final : public TensorJob {
 public:
  using TensorJob::TensorJob;
  bool cancelled() const override { return false; }
  absl::Status EncodeAnswer(InferResponse given) override {
    answer = std::move(given);
    return absl::OkStatus();
  }
  void Send(const absl::Status&) override {}

  InferResponse answer;
};

TEST(TensorJob, ItsValuesAreThoseOfTheTensorsAndItsAnswerIsInfers) {
  const Servables model = MakeServable("model");
  InferRequest request{.model_name = "model", .id = "7", .priority = 2};
  request.inputs = {
      {.name = "distance", .datatype = Datatype::kFp64, .shape = {2}},
      {.name = "origin", .datatype = Datatype::kBytes, .shape = {2}, .texts = {"SFO", "JFK"}},
      {.name = "date", .datatype = Datatype::kBytes, .shape = {2}, .texts = {"2001-05-01", "2001-05-02"}}};
  request.inputs[0].Append(100.0);
  request.inputs[0].Append(200.0);
  KeptJob job(model);
  ASSERT_TRUE(job.Bind(request).ok());
  EXPECT_EQ(job.num_rows(), 2);
  EXPECT_EQ(job.priority, 2);
  EXPECT_EQ(std::get<double>(job.values()[3]), 200.0);
  const std::vector<double> scores = {0.25, 0.75};
  ASSERT_TRUE(job.Encode(scores).ok());
  EXPECT_EQ(job.answer.id, "7");
  EXPECT_EQ(job.answer.outputs.front().At<double>(1), 0.75);
  EXPECT_EQ(job.Encode(std::vector<double>{0.25, std::nan("")}).code(), absl::StatusCode::kInternal);
  request.inputs.pop_back();
  EXPECT_EQ(KeptJob(model).Bind(request).code(), absl::StatusCode::kInvalidArgument);
}

TEST(TensorJob, TooManyValuesAreRefused) {
  const absl::Status refused = CheckQueuedRows(*MakeServable("model"), kMaxQueuedValues / 3 + 1);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("1,398,102 rows of 3 columns are more"));
  EXPECT_TRUE(CheckQueuedRows(*MakeServable("model"), kMaxQueuedValues / 3).ok());
}

TEST(Overload, ATurnThatLastsTooLongRefusesWhatIsLeftOfIt) {
  const Clock::time_point begin = Clock::now();
  const Clock::time_point never = Clock::time_point::max();
  EXPECT_TRUE(CheckTurn(begin, begin + milliseconds(100), never, milliseconds(100)).ok());
  const absl::Status refused = CheckTurn(begin, begin + milliseconds(1'500), never, milliseconds(100));
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(RetryAfterSeconds(refused), 2);
  EXPECT_TRUE(CheckTurn({}, begin, never, milliseconds(100)).ok()) << "no server has read it";
  EXPECT_EQ(CheckTurn(begin, begin + microseconds(20), DeadlineOf(begin, microseconds(20)), milliseconds(100)).code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(DeadlineOf(begin, microseconds(0)), never);
  EXPECT_EQ(DeadlineOf(begin, microseconds::max()), never);
  EXPECT_EQ(RetryAfterSeconds(absl::UnavailableError("it is being loaded")), std::nullopt);
}

}  // namespace
}  // namespace roost::serving
