#include "profile/slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "column/builder.h"
#include "profile/testing.h"

namespace roost::profile {
namespace {

using column::BatchBuilder;
using column::OwnedBatch;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

OwnedBatch Flights() {
  return BatchBuilder()
      .Texts("origin", {"SFO", "OAK", "SFO", std::nullopt, "OAK"})
      .Integers("month", {5, 5, 6, 6, 5})
      .Numbers("delay", {0, 20, 60, -3, 14.5})
      .Build();
}

std::vector<std::pair<std::string, int64_t>> SlicesOf(std::string_view spec) {
  const auto parsed = ParseSliceSpec(spec);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  SlicedProfile profile({*parsed});
  const absl::Status added = profile.Add(Flights().view());
  EXPECT_TRUE(added.ok()) << added;
  std::vector<std::pair<std::string, int64_t>> slices;
  for (const SliceSummary& slice : profile.Summarize().slices) slices.emplace_back(slice.slice, slice.profile.rows);
  return slices;
}

TEST(Slices, AreCutByEachValue) {
  EXPECT_THAT(SlicesOf("origin"),
              ElementsAre(std::pair("origin is missing", 1), std::pair("origin=OAK", 2), std::pair("origin=SFO", 2)));
}

TEST(Slices, AreCutByOneValueOrByPairs) {
  EXPECT_THAT(SlicesOf("origin=SFO"), ElementsAre(std::pair("origin=SFO", 2)));
  EXPECT_THAT(SlicesOf("origin=OAK,month"), ElementsAre(std::pair("origin=OAK, month=5", 2)));
  EXPECT_THAT(SlicesOf("month=6,origin"),
              ElementsAre(std::pair("month=6, origin is missing", 1), std::pair("month=6, origin=SFO", 1)));
}

TEST(Slices, AreCutByRangesOfWhichTheLastTakesItsEndIn) {
  EXPECT_THAT(SlicesOf("delay:0|15|60"),
              ElementsAre(std::pair("delay in [0, 15)", 2), std::pair("delay in [15, 60]", 2)));
}

TEST(Slices, HaveTheStatisticsOfTheirRows) {
  SlicedProfile profile({*ParseSliceSpec("origin=OAK")});
  ASSERT_TRUE(profile.Add(Flights().view()).ok());
  ASSERT_TRUE(profile.Add(Flights().view()).ok());
  const ProfileSummary summary = profile.Summarize();
  EXPECT_EQ(summary.rows, 10);
  ASSERT_EQ(summary.slices.size(), 1u);
  EXPECT_EQ(summary.slices[0].profile.rows, 4);
  EXPECT_EQ(*summary.slices[0].profile.Find("delay")->number->mean, 17.25);
}

TEST(Slices, MergeAsProfilesDo) {
  const std::vector<SliceSpec> specs{*ParseSliceSpec("origin"), *ParseSliceSpec("month")};
  SlicedProfile whole(specs);
  SlicedProfile left(specs);
  SlicedProfile right(specs);
  ASSERT_TRUE(whole.Add(Flights().view()).ok());
  ASSERT_TRUE(whole.Add(Flights().view()).ok());
  ASSERT_TRUE(left.Add(Flights().view()).ok());
  ASSERT_TRUE(right.Add(Flights().view()).ok());
  ASSERT_TRUE(left.Merge(right).ok());
  const ProfileSummary expected = whole.Summarize();
  const ProfileSummary merged = left.Summarize();
  ASSERT_EQ(merged.slices.size(), expected.slices.size());
  for (size_t i = 0; i < merged.slices.size(); ++i) {
    EXPECT_EQ(merged.slices[i].slice, expected.slices[i].slice);
    EXPECT_EQ(merged.slices[i].profile.rows, expected.slices[i].profile.rows);
  }
}

TEST(Slices, OfNumbersAreNamedToTheLastDigit) {
  const TestColumn great("id", "l", std::vector<int64_t>{9'007'199'254'740'993, 9'007'199'254'740'992});
  const TestColumn unsigned_one("u", "L", std::vector<uint64_t>{18'446'744'073'709'551'615u, 0});
  const TestColumn narrow("f", "f", std::vector<float>{0.1F, 0.1F});
  SlicedProfile profile({*ParseSliceSpec("id"), *ParseSliceSpec("u"), *ParseSliceSpec("f")});
  ASSERT_TRUE(profile.Add(column::BatchView(2, {great.View(), unsigned_one.View(), narrow.View()})).ok());
  std::vector<std::string> names;
  for (const SliceSummary& slice : profile.Summarize().slices) names.push_back(slice.slice);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("id=9007199254740992", "id=9007199254740993", "u=0",
                                                     "u=18446744073709551615", "f=0.1"));
}

TEST(Slices, OfOneNameAreOne) {
  const OwnedBatch batch =
      BatchBuilder().Texts("a", {"1, b=2", "1"}).Texts("b", {"3", "2, b=3"}).Integers("n", {10, 20}).Build();
  SlicedProfile profile({*ParseSliceSpec("a,b")});
  ASSERT_TRUE(profile.Add(batch.view()).ok());
  const ProfileSummary summary = profile.Summarize();
  ASSERT_EQ(summary.slices.size(), 1u);
  EXPECT_EQ(summary.slices[0].slice, "a=1, b=2, b=3");
  EXPECT_EQ(summary.slices[0].profile.Find("n")->number->mean, 15);
}

TEST(Slices, OfTooManyValuesAreRefused) {
  std::vector<std::optional<int64_t>> ids;
  for (int64_t i = 0; i < 2'000; ++i) ids.emplace_back(i);
  const OwnedBatch batch = BatchBuilder().Integers("id", ids).Build();
  SlicedProfile profile({*ParseSliceSpec("id")});
  const absl::Status status = profile.Add(batch.view());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("column 'id' has more than 1000 values"));
  EXPECT_NE(HintOf(status), "");
}

TEST(Slices, ThatCannotBeReadAreErrorsThatNameThePart) {
  for (const char* spec : {"", "origin,", "=x", "delay:", "delay:1", "delay:2|1", "delay:a|b", "delay:0|inf"}) {
    EXPECT_EQ(ParseSliceSpec(spec).status().code(), absl::StatusCode::kInvalidArgument) << spec;
  }
  SlicedProfile no_column({*ParseSliceSpec("carrier")});
  EXPECT_EQ(no_column.Add(Flights().view()).code(), absl::StatusCode::kNotFound);
  SlicedProfile no_number({*ParseSliceSpec("origin:1|2")});
  EXPECT_EQ(no_number.Add(Flights().view()).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace roost::profile
