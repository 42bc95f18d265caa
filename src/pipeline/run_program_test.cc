#include "pipeline/run_program.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::pipeline {
namespace {

using testing::HasSubstr;

ProgramCall Shell(const std::string& script, std::string input = "") {
  return {{"/bin/sh", "-c", script}, testing::TempDir(), {"PATH=/usr/bin:/bin"}, std::move(input)};
}

TEST(RunProgram, TheInputIsReadWholeAndTheEndIsTold) {
  const std::string file = testing::TempDir() + "/run_program_input";
  const std::string input(200'000, 'x');  // more than a pipe holds
  ASSERT_TRUE(RunProgram(Shell("cat > run_program_input", input), absl::Minutes(1), {}).ok());
  std::ifstream read(file);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(read), {}), input);
  std::filesystem::remove(file);
}

TEST(RunProgram, WithoutInputStdinIsEmpty) {
  EXPECT_TRUE(RunProgram(Shell("test -z \"$(cat)\""), absl::Minutes(1), {}).ok());
}

TEST(RunProgram, AFailureIsToldWithTheLastLine) {
  const absl::Status status = RunProgram(Shell("echo first >&2; echo no such room >&2; exit 3"), absl::Minutes(1), {});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::string(status.message()), "/bin/sh ended with exit code 3: no such room");
  EXPECT_THAT(std::string(RunProgram(Shell("kill -9 $$"), absl::Minutes(1), {}).message()), HasSubstr("signal 9"));
}

TEST(RunProgram, MuchOutputDoesNotStopIt) {
  EXPECT_TRUE(RunProgram(Shell("head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2"), absl::Minutes(1), {}).ok());
}

TEST(RunProgram, WhatItSaysIsKept) {
  const auto run = RunToItsEnd(Shell("echo out; exec 1>&-; sleep 0.1; echo err >&2; exit 3"), absl::Minutes(1), {});
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_TRUE(run->in_time);
  EXPECT_EQ(run->end.exit_code, 3);
  EXPECT_EQ(run->out, "out\n");
  EXPECT_EQ(run->err, "err\n");
  const auto much = RunToItsEnd(Shell("head -c 1000000 /dev/zero; echo end"), absl::Minutes(1), {});
  EXPECT_EQ(much->out.size(), size_t{64} << 10);
  EXPECT_TRUE(much->out.ends_with("end\n"));
  EXPECT_FALSE(RunToItsEnd(Shell("echo begun; sleep 1000"), absl::Milliseconds(50), {})->in_time);
}

TEST(RunProgram, WhatDoesNotEndIsKilled) {
  const absl::Status late = RunProgram(Shell("exec 1>&- 2>&-; sleep 1000"), absl::Milliseconds(50), {});
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded) << late;
  EXPECT_EQ(RunProgram({{"no-such-program"}, testing::TempDir(), {}, ""}, absl::Minutes(1), {}).code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace roost::pipeline
