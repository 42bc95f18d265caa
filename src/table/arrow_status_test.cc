#include "table/arrow_status.h"

#include <cerrno>

#include <arrow/util/io_util.h>
#include <gtest/gtest.h>

namespace roost::table {
namespace {

absl::StatusOr<int> Half(int number) {
  TRY_ARROW(number < 0 ? arrow::Status::IndexError("negative") : arrow::Status::OK());
  TRY_ARROW_ASSIGN(const int half, number % 2 == 0 ? arrow::Result<int>(number / 2) : arrow::Status::Invalid("odd"));
  return half;
}

TEST(ArrowStatus, MacrosReturnTheValueOrTheStatus) {
  EXPECT_EQ(*Half(8), 4);
  EXPECT_EQ(Half(7).status(), absl::InvalidArgumentError("odd"));
  EXPECT_EQ(Half(-1).status(), absl::InvalidArgumentError("negative"));
}

TEST(ArrowStatus, CodesTellWhoseFaultItIs) {
  EXPECT_TRUE(FromArrow(arrow::Status::OK()).ok());
  EXPECT_EQ(FromArrow(arrow::Status::KeyError("k")).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FromArrow(arrow::Status::TypeError("k")).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FromArrow(arrow::Status::OutOfMemory("m")).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FromArrow(arrow::Status::CapacityError("m")).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FromArrow(arrow::Status::Cancelled("c")).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(FromArrow(arrow::Status::NotImplemented("n")).code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(FromArrow(arrow::Status::IOError("cut off")).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(FromArrow(arrow::Status::UnknownError("u")).code(), absl::StatusCode::kInternal);
}

TEST(ArrowStatus, AnIoErrorHasTheCodeOfItsErrno) {
  const auto of = [](int error_number) {
    return FromArrow(arrow::internal::IOErrorFromErrno(error_number, "Failed to open 'a.csv'"));
  };
  EXPECT_EQ(of(ENOENT).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(of(EACCES).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(of(ENOSPC).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(of(ENOSPC).message(), "Failed to open 'a.csv': No space left on device");
}

TEST(ArrowStatus, ABrokenPipeIsRecognised) {
  EXPECT_TRUE(IsBrokenPipe(FromArrow(arrow::internal::IOErrorFromErrno(EPIPE, "write"))));
  EXPECT_FALSE(IsBrokenPipe(FromArrow(arrow::internal::IOErrorFromErrno(EIO, "write"))));
  EXPECT_FALSE(IsBrokenPipe(absl::OkStatus()));
}

TEST(ArrowStatus, OurOwnStatusPassesThroughArrowWhole) {
  const absl::Status ours = WithHint(absl::NotFoundError("flights@4: no such version"), "roost log flights");
  EXPECT_EQ(FromArrow(ToArrow(ours)), ours);
  EXPECT_EQ(HintOf(FromArrow(ToArrow(ours))), "roost log flights");
  EXPECT_TRUE(ToArrow(absl::CancelledError("interrupted")).IsCancelled());
  EXPECT_TRUE(ToArrow(absl::OkStatus()).ok());
}

TEST(ArrowStatus, AMessageIsOneLine) {
  EXPECT_EQ(FromArrow(arrow::Status::Invalid("first\nsecond\n")).message(), "first second");
}

}  // namespace
}  // namespace roost::table
