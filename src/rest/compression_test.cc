#include "rest/compression.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::rest {
namespace {

using testing::HasSubstr;

constexpr size_t kRoom = 1 << 22;

std::string Generated(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) text.push_back(static_cast<char>('a' + random() % 8));
  return text;
}

TEST(Compression, WhatIsCompressedComesBack) {
  for (const size_t size : {0u, 1u, 1'000u, 65'536u, 2'000'000u}) {
    const std::string body = Generated(size, 1);
    for (const Coding coding : {Coding::kGzip, Coding::kDeflate, Coding::kIdentity}) {
      const auto again = Decompress(Compress(body, coding), coding, kRoom);
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_TRUE(*again == body) << size;
    }
  }
}

TEST(Compression, DeflateMayLackItsHead) {
  const std::string bytes = Compress("[1,2,3]", Coding::kDeflate);
  const std::string raw = bytes.substr(2, bytes.size() - 6);  // without zlib's two bytes and its checksum of four
  EXPECT_EQ(*Decompress(raw, Coding::kDeflate, kRoom), "[1,2,3]");
}

TEST(Compression, MembersOfGzipFollowEachOther) {
  EXPECT_EQ(*Decompress(Compress("[1,", Coding::kGzip) + Compress("2]", Coding::kGzip), Coding::kGzip, kRoom), "[1,2]");
}

TEST(Compression, ABodyMayBeAsLongAsTheLimitAndNoLonger) {
  const std::string bytes = Compress(std::string(100'000, 'x'), Coding::kGzip);
  EXPECT_TRUE(Decompress(bytes, Coding::kGzip, 100'000).ok());
  EXPECT_EQ(Decompress(bytes, Coding::kGzip, 99'999).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Decompress(bytes, Coding::kGzip, 0).status().code(), absl::StatusCode::kOutOfRange);
  const std::string members = bytes + bytes;
  EXPECT_EQ(Decompress(members, Coding::kGzip, 150'000).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(Compression, DamagedBodiesAreRefused) {
  const std::string body = Generated(5'000, 2);
  for (const Coding coding : {Coding::kGzip, Coding::kDeflate}) {
    const std::string bytes = Compress(body, coding);
    for (size_t size = 0; size < bytes.size(); size += 7) {
      EXPECT_EQ(Decompress(bytes.substr(0, size), coding, kRoom).status().code(), absl::StatusCode::kInvalidArgument);
    }
    std::mt19937 random(3);
    for (int round = 0; round < 2'000; ++round) {
      std::string spoilt = bytes;
      spoilt[random() % spoilt.size()] ^= static_cast<char>(1 + random() % 255);
      const auto read = Decompress(spoilt, coding, kRoom);
      EXPECT_TRUE(read.ok() || read.status().code() == absl::StatusCode::kInvalidArgument) << read.status();
    }
  }
  EXPECT_THAT(
      std::string(Decompress(Compress("a", Coding::kDeflate) + "b", Coding::kDeflate, kRoom).status().message()),
      HasSubstr("bytes follow"));
}

TEST(Compression, NamesOfCodings) {
  EXPECT_EQ(*ParseCoding(""), Coding::kIdentity);
  EXPECT_EQ(*ParseCoding(" GZIP "), Coding::kGzip);
  EXPECT_EQ(*ParseCoding("deflate"), Coding::kDeflate);
  for (const char* name : {"br", "gzip, gzip", "zstd"}) EXPECT_FALSE(ParseCoding(name).ok()) << name;
}

TEST(Compression, TheClientChoosesTheCoding) {
  EXPECT_EQ(ChooseCoding(""), Coding::kIdentity);
  EXPECT_EQ(ChooseCoding("br, zstd, *"), Coding::kIdentity);
  EXPECT_EQ(ChooseCoding("deflate, gzip;q=0.3"), Coding::kGzip);
  EXPECT_EQ(ChooseCoding("gzip;q=0, deflate"), Coding::kDeflate);
  EXPECT_EQ(ChooseCoding("gzip; q=0.000"), Coding::kIdentity);
  EXPECT_EQ(ChooseCoding(",,;;q=,"), Coding::kIdentity);
}

}  // namespace
}  // namespace roost::rest
