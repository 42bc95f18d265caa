#include "pipeline/external_trainer.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"

namespace roost::pipeline {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

/// Runs small real programs as trainers.
class ExternalTrainerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(project_);
    folder_.emplace(*WorkFolder::Open(project_ + "/work", "training"));
    for (const std::string& part : {folder_->TrainPart(0), folder_->EvaluatePart(0)}) std::ofstream(part) << "rows";
    ASSERT_TRUE(folder_->WriteConfig({.model = "churn", .task = "binary", .columns = {{"age", "number"}}}, {}).ok());
    request_.folder = project_;
    request_.work_folder = folder_->path();
    request_.limits = {.seconds = 60, .grace_seconds = 20};
  }

  void TearDown() override {
    folder_.reset();
    std::filesystem::remove_all(project_);
  }

  absl::StatusOr<ExternalTrainerResult> Run() {
    Context context{.pool = &pool_};
    context.cancellation = &cancellation_;
    return RunExternalTrainer(request_, context);
  }

  absl::StatusOr<ExternalTrainerResult> RunShell(const std::string& script) {
    request_.command = {"/bin/sh", "-c", script};
    return Run();
  }

  absl::StatusOr<ExternalTrainerResult> RunPython(const std::string& script) {
    std::ofstream(project_ + "/train.py") << script;
    request_.command = {"python3", "train.py"};
    return Run();
  }

  static std::string Message(const absl::StatusOr<ExternalTrainerResult>& result) {
    return result.ok() ? "" : std::string(result.status().message());
  }

  std::string FileText(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_->path() + "/" + name, std::ios::binary).rdbuf();
    return text.str();
  }

  /// Cancels when the trainer has written `file` into its folder.
  std::jthread CancelAfter(const std::string& file) {
    return std::jthread([this, file] {
      for (int i = 0; i < 4000 && FileText(file).empty(); ++i) usleep(5000);
      cancellation_.Cancel();
    });
  }

  static constexpr const char* kLeaveModel = "echo model > $ROOST_WORK/output/model.onnx\n";

  const std::string project_ = testing::TempDir() + "external-trainer-" + std::to_string(getpid());
  std::optional<WorkFolder> folder_;
  ExternalTrainerRequest request_;
  ThreadPool pool_{2};
  Cancellation cancellation_;
};

TEST_F(ExternalTrainerTest, AModelIsMade) {
  std::vector<int64_t> steps;
  std::vector<std::string> messages;
  request_.on_event = [&](const TrainerEvent& event) {
    if (const auto* progress = std::get_if<TrainerProgress>(&event)) steps.push_back(progress->step);
    if (const auto* message = std::get_if<TrainerMessage>(&event)) messages.push_back(message->text);
  };
  const auto result = RunPython(R"(
import json, os, sys, time
work = os.environ["ROOST_WORK"]
config = json.load(open(work + "/config.json"))
assert config["contract"] == 1 and os.path.exists(os.path.join(work, config["paths"]["train"][0]))
print(json.dumps({"message": "hello"}))
for step in (1, 2):
    print(json.dumps({"progress": {"step": step, "steps": 2, "loss": 1 / step}}))
    time.sleep(0.1)
print(json.dumps({"metric": {"name": "auc", "value": 0.75}}))
print("something else")
print("a warning", file=sys.stderr)
open(work + "/output/model.onnx", "w").write("model")
open(work + "/output/sample.json", "w").write('{"predictions": [[0.5]]}')
)");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->done);
  EXPECT_EQ(result->output.model, folder_->Output() + "/model.onnx");
  EXPECT_EQ(result->output.sample->values, std::vector<double>{0.5});
  EXPECT_THAT(result->metrics, Contains(Pair("auc", 0.75)));
  EXPECT_EQ(steps, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(messages, std::vector<std::string>{"hello"});
  EXPECT_THAT(result->log, AllOf(HasSubstr("something else"), HasSubstr("a warning"), Not(HasSubstr("progress"))));
  EXPECT_THAT(FileText("log.txt"), HasSubstr("a warning"));
  EXPECT_GE(result->seconds, 0.2);
  EXPECT_GT(result->peak_memory_bytes, 1 << 20);
}

TEST_F(ExternalTrainerTest, ProgressReachesTheContext) {
  std::vector<int64_t> totals;
  Context context{.pool = &pool_};
  context.progress = [&totals](const ProgressUpdate& update) { totals.push_back(update.total); };
  request_.command = {"/bin/sh", "-c",
                      std::string("echo '{\"progress\": {\"step\": 1, \"steps\": 7}}'\n") + kLeaveModel};
  ASSERT_TRUE(RunExternalTrainer(request_, context).ok());
  EXPECT_EQ(totals, std::vector<int64_t>{7});
}

TEST_F(ExternalTrainerTest, TheEnvironmentIsClean) {
  setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  setenv("LC_TIME", "C", 1);
  request_.variables = {{"DEPTH", "3"}, {"TZ", "Asia/Tokyo"}};
  const auto result = RunShell(std::string("env; cat\n") + kLeaveModel);
  unsetenv("AWS_SECRET_ACCESS_KEY");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->log, Not(HasSubstr("AWS")));
  for (const char* line : {"DEPTH=3", "TZ=Asia/Tokyo", "LC_TIME=C", "OMP_NUM_THREADS=", "PYTHONUNBUFFERED=1"}) {
    EXPECT_THAT("\n" + result->log, HasSubstr(std::string("\n") + line));
  }
  request_.variables = {{"A=B", "3"}};
  EXPECT_THAT(Message(Run()), HasSubstr("no name of an environment variable"));
}

TEST_F(ExternalTrainerTest, ACommandThatIsNotThere) {
  request_.command = {"pyton", "train.py"};
  const auto result = Run();
  EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(result), HasSubstr("the trainer cannot be started: there is no program 'pyton'"));
}

TEST_F(ExternalTrainerTest, AnExitCodeIsToldWithTheLastLines) {
  const auto result = RunPython("print('reading rows')\nraise ValueError('no column age')\n");
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(result), AllOf(HasSubstr("'python3 train.py': it ended with exit code 1"),
                                     HasSubstr("It wrote last:"), EndsWith("ValueError: no column age")));
  EXPECT_THAT(HintOf(result.status()), HasSubstr("log.txt"));
}

TEST_F(ExternalTrainerTest, ACrashIsToldByItsSignal) {
  EXPECT_THAT(Message(RunShell("kill -SEGV $$")), HasSubstr("it was ended by SIGSEGV (Segmentation fault)"));
  EXPECT_THAT(Message(RunShell("kill -KILL $$")), HasSubstr("SIGKILL (killed, perhaps because the machine"));
}

TEST_F(ExternalTrainerTest, NoModelOrAnEmptyOneOrALinkIsRefused) {
  EXPECT_THAT(Message(RunShell("echo done")), HasSubstr("left no output/model.onnx"));
  EXPECT_THAT(Message(RunShell(": > $ROOST_WORK/output/model.onnx")), HasSubstr("empty output/model.onnx"));
  EXPECT_THAT(Message(RunShell("rm $ROOST_WORK/output/*; ln -s /etc/passwd $ROOST_WORK/output/model.onnx")),
              HasSubstr("symbolic link"));
  request_.limits.model_bytes = 3;
  EXPECT_EQ(RunShell(std::string("rm $ROOST_WORK/output/*\n") + kLeaveModel).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(ExternalTrainerTest, AHangEndsAtTheLimit) {
  request_.limits = {.seconds = 0.3, .grace_seconds = 0.2};
  const auto begun = std::chrono::steady_clock::now();
  const auto result = RunShell("trap '' TERM; echo waiting; while :; do sleep 1; done");
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(Message(result),
              AllOf(HasSubstr("longer than its limit of 300 ms and was stopped by force"), EndsWith("waiting")));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
}

TEST_F(ExternalTrainerTest, ATrainerThatEndsWellInItsGraceIsDone) {
  request_.limits.seconds = 1;
  const auto result = RunPython(R"(
import os, signal, sys
def leave(*_):
    open(os.environ["ROOST_WORK"] + "/output/model.onnx", "w").write("as good as it got")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
signal.pause()
)");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->done);
}

TEST_F(ExternalTrainerTest, ACheckpointIsNoModelYet) {
  const auto result = RunShell("echo 3 > $ROOST_WORK/checkpoint/step; exit 75");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->done);
  EXPECT_EQ(result->output.model, "");
}

TEST_F(ExternalTrainerTest, AnInterruptedTrainingGoesOnWhereItStopped) {
  const std::string train = R"(
import os, signal, sys, time
work = os.environ["ROOST_WORK"]
stopped = []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
state = work + "/checkpoint/step"
step = int(open(state).read()) if os.path.exists(state) else 0
begun = step
while step < 5 or not begun:
    step += 1
    open(work + "/checkpoint/alive", "w").write("yes")
    time.sleep(0.05)
    if stopped:
        open(state, "w").write(str(step))
        sys.exit(75)
open(work + "/output/model.onnx", "w").write(f"from {begun}")
)";
  {
    const std::jthread canceller = CancelAfter("checkpoint/alive");
    const auto result = RunPython(train);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled);
    EXPECT_THAT(Message(result), HasSubstr("left a checkpoint"));
    EXPECT_THAT(HintOf(result.status()), HasSubstr("goes on from the checkpoint"));
  }
  folder_.reset();
  folder_.emplace(*WorkFolder::Open(project_ + "/work", "training"));
  EXPECT_TRUE(folder_->resumes());
  Context context{.pool = &pool_};
  const auto result = RunExternalTrainer(request_, context);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(FileText("output/model.onnx"), Not(EndsWith("from 0")));
}

TEST_F(ExternalTrainerTest, InterruptedWithoutMercyWhereItDoesNotListen) {
  request_.limits.grace_seconds = 0.2;
  const std::jthread canceller = CancelAfter("checkpoint/alive");
  const auto result = RunShell("trap '' TERM; echo 1 > $ROOST_WORK/checkpoint/alive; while :; do sleep 1; done");
  EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(Message(result), HasSubstr("stopped by force"));
}

TEST_F(ExternalTrainerTest, MemoryIsLimitedOverAllProcesses) {
  request_.limits.memory_bytes = 150 << 20;
  const auto result = RunPython(R"(
import os, time
for _ in range(2):
    if os.fork() == 0:
        block = bytearray(100 << 20)  # each alone is below the limit
        time.sleep(1000)
time.sleep(1000)
)");
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Message(result), HasSubstr("more than its limit of 157 MB"));
}

TEST_F(ExternalTrainerTest, SharedMemoryCountsOnce) {
  request_.limits.memory_bytes = 150 << 20;
  const auto result = RunPython(R"(
import os, time
block = bytearray(b"x") * (100 << 20)
for _ in range(3):
    if os.fork() == 0:
        time.sleep(1000)  # resident in all of them, there once
time.sleep(1)
open(os.environ["ROOST_WORK"] + "/output/model.onnx", "w").write("model")
)");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(result->peak_memory_bytes, 90 << 20);
  EXPECT_LT(result->peak_memory_bytes, 150 << 20);
}

TEST_F(ExternalTrainerTest, GarbageIsNoHarm) {
  const auto result = RunPython(R"(
import os, sys
out = sys.stdout.buffer
out.write(bytes(range(256)) * 1000)
out.write(b'{"progress": \xff}\n{"progress": {"step": 1' + b"0" * 100000 + b'}}\n')
out.write(b'{"metric": {"name": "auc", "value": 1}}')  # no line feed
out.flush()
open(os.environ["ROOST_WORK"] + "/output/model.onnx", "w").write("model")
)");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->metrics, Contains(Pair("auc", 1.0)));
}

TEST_F(ExternalTrainerTest, AGigabyteOfOutputIsSurvivedInLittleMemory) {
  const auto result =
      RunShell(std::string("head -c 1000000 /dev/zero >&2; sleep 0.5; head -c 1000000000 /dev/zero; echo; echo end\n") +
               kLeaveModel);
  ASSERT_TRUE(result.ok()) << result.status();
  const std::string log = FileText("log.txt");  // not printed where this fails: it is long
  EXPECT_LT(log.size(), 3 << 20);
  EXPECT_TRUE(log.ends_with("\nend\n"));
  EXPECT_LE(result->log.size(), 64U << 10);
}

TEST_F(ExternalTrainerTest, EndlessOutputIsStoppedByTheLimits) {
  request_.limits = {.seconds = 0.5, .grace_seconds = 0.1};
  EXPECT_EQ(RunShell("trap '' TERM; while :; do cat /dev/zero; done").status().code(),
            absl::StatusCode::kDeadlineExceeded);
  cancellation_.Cancel();
  EXPECT_EQ(RunShell("yes").status().code(), absl::StatusCode::kCancelled);
}

TEST_F(ExternalTrainerTest, AProcessThatLeftTheSessionHoldsNobodyUp) {
  const auto begun = std::chrono::steady_clock::now();
  // It keeps the pipe and writes on; its own number is left for the test to end it.
  const auto result = RunPython(R"(
import os, subprocess
work = os.environ["ROOST_WORK"]
escaped = subprocess.Popen(["sleep", "1000"], start_new_session=True)
open(work + "/checkpoint/escaped", "w").write(str(escaped.pid))
open(work + "/output/model.onnx", "w").write("model")
)");
  kill(std::stoi(FileText("checkpoint/escaped")), SIGKILL);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
}

TEST_F(ExternalTrainerTest, ItsProcessesAreGoneAfterwards) {
  const auto result = RunShell(std::string("sleep 1000 & echo $! > $ROOST_WORK/checkpoint/child\n") + kLeaveModel);
  ASSERT_TRUE(result.ok()) << result.status();
  const pid_t child = std::stoi(FileText("checkpoint/child"));
  const std::string stat = "/proc/" + std::to_string(child) + "/stat";
  std::ostringstream text;
  text << std::ifstream(stat).rdbuf();
  EXPECT_TRUE(text.str().empty() || text.str().find(") Z ") != std::string::npos) << text.str();
}

}  // namespace
}  // namespace roost::pipeline
