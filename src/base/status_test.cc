#include "base/status.h"

#include <cerrno>

#include <gtest/gtest.h>

namespace roost {
namespace {

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return absl::InvalidArgumentError("odd");
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  TRY_ASSIGN(const int half, Half(value));
  TRY_ASSIGN(const int quarter, Half(half));
  return quarter;
}

TEST(Status, TryAssignReturnsTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status(), absl::InvalidArgumentError("odd"));
}

TEST(Status, AnnotateKeepsCodeAndHint) {
  const absl::Status status = Annotate(WithHint(absl::NotFoundError("no such file"), "check the path"), "a.csv");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "a.csv: no such file");
  EXPECT_EQ(HintOf(status), "check the path");
  EXPECT_TRUE(Annotate(absl::OkStatus(), "a.csv").ok());
}

TEST(Status, EveryCodeHasItsExitCode) {
  for (int code = 0; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "message");
    EXPECT_EQ(ExitCodeOf(status) == 0, status.ok()) << status;
    EXPECT_GE(HttpStatusOf(status), 200);
  }
}

TEST(Status, LimitsOfTheMachineExitWith14) {
  for (const int error_number : {ENOSPC, EADDRINUSE, EACCES}) {
    EXPECT_EQ(ExitCodeOf(ErrnoStatus(error_number, "work")), 14) << error_number;
  }
  EXPECT_EQ(ExitCodeOf(ErrnoStatus(ENOENT, "a.csv")), 2);
  for (const int error_number : {ENOSPC, EDQUOT}) {
    EXPECT_EQ(HintOf(ErrnoStatus(error_number, "work")), "Free some space there, then run the command again.");
  }
}

}  // namespace
}  // namespace roost
