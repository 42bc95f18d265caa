#include "base/bytes.h"

#include <limits>

#include <gtest/gtest.h>

namespace roost {
namespace {

TEST(Bytes, WhatWasAppendedIsRead) {
  std::string bytes;
  AppendFixed(bytes, 1.5);
  AppendFixed<int32_t>(bytes, -7);
  for (const uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, std::numeric_limits<uint64_t>::max()}) {
    AppendVarint(bytes, value);
  }
  AppendString(bytes, "roost");
  ByteReader reader(bytes);
  EXPECT_EQ(*reader.Fixed<double>(), 1.5);
  EXPECT_EQ(*reader.Fixed<int32_t>(), -7);
  for (const uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, std::numeric_limits<uint64_t>::max()}) {
    EXPECT_EQ(*reader.Varint(), value);
  }
  EXPECT_EQ(*reader.String(), "roost");
  EXPECT_TRUE(reader.done());
}

TEST(Bytes, ReadingPastTheEndIsDataLossAndNamesThePlace) {
  ByteReader reader("abc");
  EXPECT_EQ(reader.Fixed<int64_t>().status(), absl::DataLossError("cut short: 8 bytes wanted at byte 0 of 3"));
  EXPECT_EQ(ByteReader("\xff").Varint().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ByteReader(std::string(11, '\xff')).Varint().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ByteReader("\x05"
                       "ab")
                .String()
                .status()
                .code(),
            absl::StatusCode::kDataLoss);
}

TEST(Bytes, ANumberHasOneSpelling) {
  EXPECT_EQ(ByteReader(std::string_view("\x80\x00", 2)).Varint().status(),
            absl::DataLossError("a number with a needless byte ends at byte 2"));
  EXPECT_EQ(*ByteReader(std::string_view("\x00", 1)).Varint(), 0u);
  EXPECT_EQ(*ByteReader("\x80\x01").Varint(), 128u);
}

TEST(Bytes, ZigZagKeepsEveryNumber) {
  for (const int64_t value : {int64_t{0}, int64_t{-1}, int64_t{1}, std::numeric_limits<int64_t>::min(),
                              std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(UnZigZag(ZigZag(value)), value);
  }
  EXPECT_EQ(ZigZag(-2), 3u);
}

TEST(Crc32c, AnswersOfTheStandard) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);            // the check value of CRC-32C
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);  // RFC 3720, appendix B.4
  EXPECT_EQ(Crc32c("6789", Crc32c("12345")), Crc32c("123456789"));
}

}  // namespace
}  // namespace roost
