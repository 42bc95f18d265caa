#include "grpc/framing.h"

#include <zlib.h>

#include <string>

#include <gtest/gtest.h>

#include "grpc/call_headers.h"
#include "grpc/status.h"

namespace roost::grpc {
namespace {

using absl::StatusCode;

std::string Prefixed(char flag, std::string_view message) {
  std::string frame(kPrefixBytes, '\0');
  WritePrefix(message.size(), frame.data());
  frame[0] = flag;
  return frame.append(message);
}

StatusCode CodeOfRead(std::string_view body, std::string_view encoding = "") {
  std::string storage;
  return ReadMessage(body, encoding, storage).status().code();
}

TEST(Framing, TheFirstMessageOfAStreamIsCutOff) {
  const std::string two = Prefixed(0, "first") + Prefixed(1, "");
  for (size_t size = 0; size < kPrefixBytes + 5; ++size) EXPECT_EQ(FrameBytes(two.substr(0, size)), 0u) << size;
  for (size_t size = kPrefixBytes + 5; size <= two.size(); ++size) {
    EXPECT_EQ(FrameBytes(two.substr(0, size)), kPrefixBytes + 5) << size;
  }
  EXPECT_EQ(FrameBytes(Prefixed(1, "")), kPrefixBytes);
  std::string too_long(kPrefixBytes + 1, '\0');
  WritePrefix(kMaxMessageBytes + 1, too_long.data());
  EXPECT_EQ(FrameBytes(too_long), kPrefixBytes) << "it is refused at once, not waited for";
  EXPECT_EQ(CodeOfRead(too_long.substr(0, kPrefixBytes)), StatusCode::kResourceExhausted);
}

TEST(Framing, ReadsWhatItWrites) {
  for (const size_t size : {0u, 1u, 255u, 256u, 65536u, 20'000'000u}) {
    const std::string message(size, 'm');
    std::string storage;
    const std::string frame = Prefixed(0, message);
    const auto read = ReadMessage(frame, "gzip", storage);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, message);
  }
  char prefix[kPrefixBytes];
  WritePrefix(0x01020304, prefix);
  EXPECT_EQ(std::string_view(prefix, kPrefixBytes), std::string_view("\0\1\2\3\4", 5));
}

TEST(Framing, TakesExactlyOneMessage) {
  const std::string frame = Prefixed(0, "message");
  for (size_t size = 0; size < frame.size(); ++size) {
    EXPECT_EQ(CodeOfRead(frame.substr(0, size)), StatusCode::kInvalidArgument) << size;
  }
  EXPECT_EQ(CodeOfRead(frame + frame), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOfRead(Prefixed(2, "message")), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOfRead(std::string_view("\0\xff\xff\xff\xff", 5)), StatusCode::kResourceExhausted);
}

TEST(Framing, DecompressesWhatIsCompressed) {
  const std::string message(100'000, 'm');
  std::string bytes(compressBound(message.size()), '\0');
  uLongf size = bytes.size();
  ASSERT_EQ(compress(reinterpret_cast<Bytef*>(bytes.data()), &size, reinterpret_cast<const Bytef*>(message.data()),
                     message.size()),
            Z_OK);
  bytes.resize(size);
  const std::string frame = Prefixed(1, bytes);
  std::string storage;
  const auto read = ReadMessage(frame, "deflate", storage);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, message);
  EXPECT_EQ(CodeOfRead(frame), StatusCode::kInternal);
  EXPECT_EQ(CodeOfRead(frame, "identity"), StatusCode::kInternal);
  EXPECT_EQ(CodeOfRead(frame, "snappy"), StatusCode::kUnimplemented);
  EXPECT_EQ(CodeOfRead(Prefixed(1, "message"), "gzip"), StatusCode::kInvalidArgument);
}

TEST(CallHeaders, TellGrpcFromOthers) {
  for (const char* type : {"application/grpc", "Application/gRPC", "application/grpc+proto",
                           "application/grpc; charset=utf-8", "application/grpc ;a=b"}) {
    EXPECT_TRUE(IsGrpcContentType(type)) << type;
  }
  for (const char* type :
       {"", "application/json", "application/grpc-web", "application/grpc+json", "application/grp"}) {
    EXPECT_FALSE(IsGrpcContentType(type)) << type;
  }
}

TEST(CallHeaders, ReadTimeouts) {
  EXPECT_EQ(*ParseTimeout("0n"), absl::ZeroDuration());
  EXPECT_EQ(*ParseTimeout("50m"), absl::Milliseconds(50));
  EXPECT_EQ(*ParseTimeout("2S"), absl::Seconds(2));
  EXPECT_EQ(*ParseTimeout("3M"), absl::Minutes(3));
  EXPECT_EQ(*ParseTimeout("7u"), absl::Microseconds(7));
  EXPECT_EQ(*ParseTimeout("99999999H"), absl::Hours(99'999'999));
  for (const char* text : {"", "S", "5", "5s", "123456789S", "-1S", "1.5S", "1 S", "1SS"}) {
    EXPECT_FALSE(ParseTimeout(text).ok()) << text;
  }
}

TEST(Status, CodesAreThoseOfGrpc) {
  // grpc/doc/statuscodes.md
  EXPECT_EQ(CodeOf(absl::OkStatus()), 0);
  EXPECT_EQ(CodeOf(absl::CancelledError("")), 1);
  EXPECT_EQ(CodeOf(absl::UnknownError("")), 2);
  EXPECT_EQ(CodeOf(absl::InvalidArgumentError("")), 3);
  EXPECT_EQ(CodeOf(absl::DeadlineExceededError("")), 4);
  EXPECT_EQ(CodeOf(absl::NotFoundError("")), 5);
  EXPECT_EQ(CodeOf(absl::AlreadyExistsError("")), 6);
  EXPECT_EQ(CodeOf(absl::PermissionDeniedError("")), 7);
  EXPECT_EQ(CodeOf(absl::ResourceExhaustedError("")), 8);
  EXPECT_EQ(CodeOf(absl::FailedPreconditionError("")), 9);
  EXPECT_EQ(CodeOf(absl::AbortedError("")), 10);
  EXPECT_EQ(CodeOf(absl::OutOfRangeError("")), 11);
  EXPECT_EQ(CodeOf(absl::UnimplementedError("")), 12);
  EXPECT_EQ(CodeOf(absl::InternalError("")), 13);
  EXPECT_EQ(CodeOf(absl::UnavailableError("")), 14);
  EXPECT_EQ(CodeOf(absl::DataLossError("")), 15);
  EXPECT_EQ(CodeOf(absl::UnauthenticatedError("")), 16);
}

TEST(Status, MessagesArePercentEncoded) {
  EXPECT_EQ(EncodeMessage("model 'a'"), "model 'a'");
  EXPECT_EQ(EncodeMessage("5 % \n\xc3\xa9\x7f"), "5 %25 %0A%C3%A9%7F");
}

}  // namespace
}  // namespace roost::grpc
