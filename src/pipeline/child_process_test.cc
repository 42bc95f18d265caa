#include "pipeline/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "pipeline/process_session.h"

namespace roost::pipeline {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ChildProcessTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  ProgramCall Shell(const std::string& script) const {
    return {{"/bin/sh", "-c", script}, folder_, {"PATH=/usr/bin:/bin"}};
  }

  static ProcessEnd WaitFor(ChildProcess& child) {
    for (;;) {
      if (const auto end = child.Poll()) return *end;
      usleep(1000);
    }
  }

  /// What the program writes to stdout; it must end well.
  std::string OutputOf(const ProgramCall& call) const {
    auto child = ChildProcess::Start(call);
    EXPECT_TRUE(child.ok()) << child.status();
    if (!child.ok()) return "";
    std::string text;
    char buffer[4096];
    for (pollfd waiting{child->out(), POLLIN, 0}; poll(&waiting, 1, 20'000) > 0;) {
      const ssize_t got = read(child->out(), buffer, sizeof buffer);
      if (got <= 0) break;
      text.append(buffer, static_cast<size_t>(got));
    }
    const ProcessEnd end = WaitFor(*child);
    EXPECT_EQ(end.exit_code, 0);
    EXPECT_EQ(end.signal, 0);
    return text;
  }

  std::string Script(const std::string& name, const std::string& text, mode_t mode) const {
    std::ofstream(folder_ + "/" + name) << text;
    chmod((folder_ + "/" + name).c_str(), mode);
    return folder_ + "/" + name;
  }

  static absl::Status StatusOf(const ProgramCall& call) { return ChildProcess::Start(call).status(); }

  const std::string folder_ = testing::TempDir() + "child-process-" + std::to_string(getpid());
};

TEST_F(ChildProcessTest, RunsInItsFolderWithItsEnvironmentAndNoMore) {
  ProgramCall call = Shell("pwd; env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | sort; cat");
  call.environment.push_back("DEPTH=3");
  EXPECT_EQ(OutputOf(call), std::filesystem::canonical(folder_).string() + "\nDEPTH=3\nPATH=/usr/bin:/bin\n");
}

TEST_F(ChildProcessTest, NoShellLooksAtTheArguments) {
  EXPECT_EQ(OutputOf({{"echo", "$HOME; `id` *", "b"}, folder_, {}}), "$HOME; `id` * b\n");
}

TEST_F(ChildProcessTest, InheritsNoDescriptor) {
  const int secret = open("/etc/passwd", O_RDONLY);  // not marked close-on-exec, as a library might leave it
  ASSERT_GE(secret, 0);
  EXPECT_EQ(OutputOf(Shell("ls /proc/self/fd | tr '\\n' ' '")), "0 1 2 3 ") << "3 is what ls reads the folder with";
  close(secret);
}

TEST_F(ChildProcessTest, HasDefaultSignalsAndNoneBlocked) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto* handler = signal(SIGPIPE, SIG_IGN);
  // Whoever started this test may have had 32 and 33 ignored (the bits of 180000000): they are the C library's own,
  // which lets nobody change them and takes them back when the new program makes its first thread.
  EXPECT_THAT(OutputOf({{"grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"}, folder_, {}}),
              AnyOf("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n",
                    "SigBlk:\t0000000000000000\nSigIgn:\t0000000180000000\n"));
  signal(SIGPIPE, handler);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_F(ChildProcessTest, TellsHowItEnded) {
  auto three = ChildProcess::Start(Shell("exit 3"));
  ASSERT_TRUE(three.ok());
  EXPECT_EQ(WaitFor(*three).exit_code, 3);
  auto killed = ChildProcess::Start(Shell("kill -SEGV $$"));
  ASSERT_TRUE(killed.ok());
  EXPECT_EQ(WaitFor(*killed).signal, SIGSEGV);
  EXPECT_EQ(WaitFor(*killed).signal, SIGSEGV) << "it may be asked again";
}

TEST_F(ChildProcessTest, ItsChildrenEndWithIt) {
  auto child = ChildProcess::Start(Shell("sleep 1000 & sleep 1000 & exit 0"));
  ASSERT_TRUE(child.ok());
  const pid_t session = child->session();
  WaitFor(*child);
  EXPECT_THAT(ProcessesOf(session), IsEmpty());
}

TEST_F(ChildProcessTest, NothingOutlivesTheObject) {
  pid_t session = 0;
  {
    auto child = ChildProcess::Start(Shell("trap '' TERM; sleep 1000 & sleep 1000"));
    ASSERT_TRUE(child.ok());
    session = child->session();
    for (int i = 0; i < 1000 && ProcessesOf(session).size() < 3; ++i) usleep(5000);
    ASSERT_THAT(ProcessesOf(session), SizeIs(3));
    child->Terminate();
  }
  EXPECT_THAT(ProcessesOf(session), IsEmpty());
}

TEST_F(ChildProcessTest, EndsWithTheProgramThatStartedIt) {
  const std::string note = folder_ + "/session";
  const pid_t parent = fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    const auto child = ChildProcess::Start(Shell("exec sleep 1000"));
    std::ofstream(note) << (child.ok() ? child->session() : 0) << std::endl;
    raise(SIGKILL);
  }
  int state = 0;
  waitpid(parent, &state, 0);
  pid_t session = 0;
  std::ifstream(note) >> session;
  ASSERT_GT(session, 0);
  for (int i = 0; i < 1000 && !ProcessesOf(session).empty(); ++i) usleep(5000);
  EXPECT_THAT(ProcessesOf(session), IsEmpty());
}

TEST_F(ChildProcessTest, ProgramsAreFoundAsOnPath) {
  Script("train", "#!/bin/sh\necho mine\n", 0755);
  EXPECT_EQ(OutputOf({{"train"}, folder_, {"PATH=/nowhere:" + folder_ + ":/bin"}}), "mine\n");
  EXPECT_EQ(OutputOf({{"./train"}, folder_, {"PATH=/bin"}}), "mine\n");
  EXPECT_EQ(OutputOf({{"train"}, folder_, {"PATH=."}}), "mine\n") << "PATH begins in the folder too";
}

TEST_F(ChildProcessTest, WhatCannotBeStartedIsTold) {
  EXPECT_EQ(StatusOf({{}, folder_, {}}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(StatusOf({{""}, folder_, {}}).code(), absl::StatusCode::kNotFound);
  const absl::Status missing = StatusOf({{"pyton"}, folder_, {"PATH=/usr/bin:/bin"}});
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("no program 'pyton' on PATH"));
  EXPECT_EQ(StatusOf({{"./pyton"}, folder_, {}}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(StatusOf({{"."}, folder_, {}}).code(), absl::StatusCode::kNotFound) << "a folder";
  EXPECT_EQ(StatusOf({{"true"}, folder_ + "/none", {"PATH=/bin"}}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(StatusOf({{"true", std::string("a\0b", 3)}, folder_, {"PATH=/bin"}}).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ChildProcessTest, WhatIsNoProgramIsTold) {
  const absl::Status refused = StatusOf({{Script("notes", "#!/bin/sh\n", 0644)}, folder_, {}});
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(HintOf(refused), HasSubstr("chmod +x"));
  const absl::Status bare = StatusOf({{Script("bare", "echo I am no program\n", 0755)}, folder_, {}});
  EXPECT_EQ(bare.code(), absl::StatusCode::kInvalidArgument) << "a shell must not be tried: " << bare;
  const absl::Status lost = StatusOf({{Script("lost", "#!/no/such/python\n", 0755)}, folder_, {}});
  EXPECT_EQ(lost.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(HintOf(lost), HasSubstr("first line"));
}

TEST(ProcessSession, MemoryIsThatOfAllItsProcesses) {
  // Two processes with 64 MiB each, which they touch. A shell becomes its last command, which therefore is no `sleep`.
  const std::string hold = "x=$(head -c 67108864 /dev/zero | tr '\\0' x); echo ready; sleep 1000; :";
  auto child = ChildProcess::Start({{"/bin/sh", "-c", "(" + hold + ") & " + hold}, "/tmp", {"PATH=/usr/bin:/bin"}});
  ASSERT_TRUE(child.ok());
  // Both say so when it stands still: two looks at it are of different moments.
  std::string said;
  char buffer[64];
  for (pollfd waiting{child->out(), POLLIN, 0}; said.size() < 12 && poll(&waiting, 1, 60'000) > 0;) {
    const ssize_t got = read(child->out(), buffer, sizeof buffer);
    if (got <= 0) break;
    said.append(buffer, static_cast<size_t>(got));
  }
  ASSERT_EQ(said, "ready\nready\n");
  const int64_t exact = ResidentMemoryOf(child->session(), 0);
  EXPECT_GE(exact, 128 << 20);
  EXPECT_LT(exact, 1 << 30);
  EXPECT_GE(ResidentMemoryOf(child->session(), INT64_MAX), ResidentMemoryOf(child->session(), 0));
}

TEST_F(ChildProcessTest, StdinHasWhatTheCallSays) {
  ProgramCall call = Shell("wc -c; cat");
  EXPECT_EQ(OutputOf(call), "0\n");
  call.input = "{\"run\": 7}";
  call.arguments[2] = "cat";
  EXPECT_EQ(OutputOf(call), call.input);
  call.input.assign(1 << 20, 'x');  // more than a pipe holds
  call.arguments[2] = "wc -c";
  EXPECT_EQ(OutputOf(call), "1048576\n");
}

}  // namespace
}  // namespace roost::pipeline
