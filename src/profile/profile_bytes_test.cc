#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "column/builder.h"
#include "profile/profile.h"

namespace roost::profile {
namespace {

using ::testing::HasSubstr;

Profile SmallProfile() {
  const column::OwnedBatch batch = column::BatchBuilder()
                                       .Numbers("distance", {1.5, -2e300, std::nullopt, 0.0})
                                       .Integers("delay", {-3, 7, std::nullopt, 1'000'000})
                                       .Texts("origin", {"SFO", std::nullopt, "", "OAK"})
                                       .Times("date", {0, 988'724'700'000'000, std::nullopt, 1})
                                       .Build();
  Profile profile;
  EXPECT_TRUE(profile.Add(batch.view()).ok());
  return profile;
}

// The bytes with a checksum that fits: what a hostile writer would send.
std::string WithChecksum(std::string bytes) {
  bytes.resize(bytes.size() - sizeof(uint32_t));
  AppendFixed(bytes, Crc32c(bytes));
  return bytes;
}

TEST(ProfileBytes, WhatWasWrittenIsReadBack) {
  const Profile profile = SmallProfile();
  auto parsed = Profile::Parse(profile.Serialize());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->Serialize(), profile.Serialize());
  // And can be added to as before.
  ASSERT_TRUE(parsed->Merge(profile).ok());
  EXPECT_EQ(parsed->rows(), 8);
  EXPECT_EQ(Profile::Parse(Profile().Serialize())->rows(), 0);
}

TEST(ProfileBytes, EveryCutIsRefused) {
  const std::string bytes = SmallProfile().Serialize();
  for (size_t length = 0; length < bytes.size(); ++length) {
    std::string cut = bytes.substr(0, length);
    ASSERT_EQ(Profile::Parse(cut).status().code(), absl::StatusCode::kDataLoss) << length;
    if (length < 16) continue;
    ASSERT_EQ(Profile::Parse(WithChecksum(cut)).status().code(), absl::StatusCode::kDataLoss) << length;
  }
  EXPECT_EQ(Profile::Parse(bytes + "x").status().code(), absl::StatusCode::kDataLoss);
}

TEST(ProfileBytes, EveryFlippedBitIsRefused) {
  std::string bytes = SmallProfile().Serialize();
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    ASSERT_EQ(Profile::Parse(bytes).status().code(), absl::StatusCode::kDataLoss) << bit;
    bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
  }
}

TEST(ProfileBytes, WrongBytesUnderARightChecksumNeverCrash) {
  const Profile profile = SmallProfile();
  const std::string bytes = profile.Serialize();
  std::mt19937 random(1);
  int read = 0;
  for (int round = 0; round < 4'000; ++round) {
    std::string wrong = bytes;
    for (uint32_t i = 0; i < 1 + random() % 3; ++i) wrong[random() % wrong.size()] = static_cast<char>(random());
    auto parsed = Profile::Parse(WithChecksum(std::move(wrong)));
    if (!parsed.ok()) continue;
    ++read;
    static_cast<void>(parsed->Summarize());
    static_cast<void>(parsed->Merge(profile));
    static_cast<void>(parsed->Serialize());
  }
  EXPECT_GT(read, 0);  // or else this test tests nothing
}

TEST(ProfileBytes, ANewerFormatIsNotCalledDamaged) {
  std::string bytes = SmallProfile().Serialize();
  bytes[4] = 9;
  const absl::Status status = Profile::Parse(WithChecksum(bytes)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("format version 9"));
  EXPECT_NE(HintOf(status), "");
}

TEST(ProfileBytes, TheFormatStaysAsItIs) {
  // Other bytes are another format: then raise the version in profile.cc and keep reading the old one.
  const std::string bytes = SmallProfile().Serialize();
  EXPECT_EQ(bytes.size(), 439u);
  EXPECT_EQ(Crc32c(std::string_view(bytes).substr(0, bytes.size() - sizeof(uint32_t))), 850'634'838u);
}

}  // namespace
}  // namespace roost::profile
