#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "column/builder.h"
#include "profile/profile.h"
#include "profile/testing.h"

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

// What the version of the program before wrote of four rows: date, delay, distance, origin.
std::string BytesOfVersion1() {
  constexpr std::string_view kHex =
      "525052460100040504646174650c74696d657374616d705b735d12000400000000000088dc433a8303000000000000000000"
      "c0fd8e3b6e8303000000000000000000c03019d5280d0e0000000000000000000010fe1fe1e9e9e8d725495c310000000000"
      "000000000000000480a0e4bdc8cec1030180acf1dbcacec103018080fcfebfd1c1030180f7f7b8c7dbc1030104fe0c04d502"
      "03e9040164020564656c617905696e7436340501030001000000fdffffffffffffffffffffffffffffff40420f0000000000"
      "000000000000000044420f000000000000000000000000003a10a5d4e80000000000000000000000000000000000000003ff"
      "f91f0180894001cf440103bc0c014301f411010864697374616e636507666c6f617436340b010301010000009c7500883ce4"
      "47fe000000000000f83f02ff0300000000000018000000000000000000000000000000000000000000400200000000000000"
      "000000e407648aff77c31be8ffffffffffffffffff10f707f6157efdfba5505cce3a020000000000000000000003836a01fc"
      "913f01fffd1f0103e40d03880d01b40105066f726967696e06737472696e670c0100000303090102034f414b010353464f02"
      "27f41062";
  std::string bytes;
  for (size_t i = 0; i < kHex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(kHex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

TEST(ProfileBytes, OfTheVersionBeforeAreRead) {
  auto profile = Profile::Parse(BytesOfVersion1());
  ASSERT_TRUE(profile.ok()) << profile.status();
  const ProfileSummary summary = profile->Summarize();
  EXPECT_EQ(summary.rows, 4);
  EXPECT_EQ(summary.Find("delay")->missing, 1);
  EXPECT_EQ(*summary.Find("delay")->number->max, 1'000'000);
  EXPECT_EQ(*summary.Find("distance")->number->min, -2e300);
  EXPECT_EQ(summary.Find("origin")->text->top[0], (ValueCount{"SFO", 2}));
  // What it did not keep is not there; what it did merges with what is counted now.
  EXPECT_FALSE(summary.Find("delay")->number->order.has_value());
  ASSERT_TRUE(profile->Merge(*profile).ok());
  EXPECT_EQ(profile->Summarize().Find("origin")->text->top[0], (ValueCount{"SFO", 4}));
  EXPECT_TRUE(Profile::Parse(profile->Serialize()).ok());
}

// But for the ends of an order (OrderState.OfTheFormatBeforeIsRead) version 2 is the same.
TEST(ProfileBytes, OfVersion2AreRead) {
  Profile texts;
  ASSERT_TRUE(texts.Add(column::BatchBuilder().Texts("x", {"a", std::nullopt, "b"}).Build().view()).ok());
  std::string bytes = texts.Serialize();
  ASSERT_EQ(bytes[4], 3);
  bytes[4] = 2;
  const auto parsed = Profile::Parse(WithChecksum(bytes));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->Serialize(), texts.Serialize());
}

TEST(ProfileBytes, ANewerFormatIsNotCalledDamaged) {
  std::string bytes = SmallProfile().Serialize();
  bytes[4] = 9;
  const absl::Status status = Profile::Parse(WithChecksum(bytes)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("format version 9"));
  EXPECT_NE(HintOf(status), "");
}

TEST(ProfileBytes, ThatSayTheSameTypeAndHoldAnotherDoNotMerge) {
  Profile texts;
  ASSERT_TRUE(texts.Add(column::BatchView(1, {TestColumn::Texts("x", "u", {"a"}).View()})).ok());
  Profile binary;
  ASSERT_TRUE(binary.Add(column::BatchView(1, {TestColumn::Texts("x", "z", {"a"}).View()})).ok());
  std::string bytes = texts.Serialize();
  bytes.replace(bytes.find("string"), 6, "binary");
  auto lying = Profile::Parse(WithChecksum(bytes));
  ASSERT_TRUE(lying.ok()) << lying.status();
  const absl::Status status = lying->Merge(binary);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("column 'x' has statistics of another kind here"));
}

TEST(ProfileBytes, TheFormatStaysAsItIs) {
  // Other bytes are another format: then raise the version in profile.cc and keep reading the old one.
  const std::string bytes = SmallProfile().Serialize();
  EXPECT_EQ(bytes.size(), 881u);
  EXPECT_EQ(Crc32c(std::string_view(bytes).substr(0, bytes.size() - sizeof(uint32_t))), 3'272'178'038u);
}

}  // namespace
}  // namespace roost::profile
