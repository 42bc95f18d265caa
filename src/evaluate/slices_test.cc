#include "evaluate/slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "base/status.h"
#include "column/builder.h"

namespace roost::evaluate {
namespace {

using column::BatchBuilder;
using column::BatchView;
using column::OwnedBatch;
using testing::ElementsAre;
using testing::HasSubstr;

SliceSet Cut(const OwnedBatch& batch, const std::vector<SliceSpec>& specs,
             const SliceOptions& options = {.min_rows = 1}) {
  return MakeSlices(std::span(&batch.view(), 1), specs, options).value();
}

std::string ErrorOf(const OwnedBatch& batch, const SliceSpec& spec, const SliceOptions& options = {.min_rows = 1}) {
  const absl::Status status = MakeSlices(std::span(&batch.view(), 1), std::span(&spec, 1), options).status();
  EXPECT_FALSE(status.ok());
  return std::string(status.message());
}

std::vector<std::string> NamesOf(const SliceSet& set) {
  std::vector<std::string> names;
  for (const Slice& slice : set.slices) names.push_back(slice.name);
  return names;
}

OwnedBatch Flights() {
  return BatchBuilder()
      .Texts("origin", {"SFO", "ATL", "SFO", std::nullopt, "ATL", "SFO", "ORD"})
      .Numbers("distance", {100, 500, 999.5, 1000, std::nullopt, 499, 2000})
      .Integers("stops", {0, 1, 0, 2, 0, 0, 0})
      .Times("departure", {0, 3'600'000'000, 86'400'000'000, 31 * int64_t{86'400'000'000}, 0, 0, std::nullopt})
      .Build();
}

TEST(MakeSlices, AllRowsAreOneSlice) {
  const SliceSet set = Cut(Flights(), {{}}, {.min_rows = 100});
  EXPECT_THAT(NamesOf(set), ElementsAre("all rows"));  // however few there are
  EXPECT_EQ(set.slices[0].rows, 7);
  EXPECT_THAT(set.RowsOf(0), ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST(MakeSlices, ValuesComeByFallingRows) {
  const SliceSet set = Cut(Flights(), {{{{.column = "origin"}}}});
  EXPECT_THAT(NamesOf(set), ElementsAre("origin=SFO", "origin=ATL", "origin is missing", "origin=ORD"));
  EXPECT_THAT(set.RowsOf(0), ElementsAre(0, 2, 5));
  EXPECT_THAT(set.RowsOf(2), ElementsAre(3));
  EXPECT_THAT(NamesOf(Cut(Flights(), {{{{.column = "stops"}}}})), ElementsAre("stops=0", "stops=1", "stops=2"));
}

TEST(MakeSlices, SmallOnesAndThoseBeyondTheMostAreNamedAsLeftOut) {
  const SliceSet set = Cut(Flights(), {{{{.column = "origin"}}}}, {.min_rows = 2, .max_values = 1});
  EXPECT_THAT(NamesOf(set), ElementsAre("origin=SFO"));
  ASSERT_EQ(set.left_out.size(), 3u);
  EXPECT_EQ(set.left_out[0].name, "origin=ATL");
  EXPECT_FALSE(set.left_out[0].too_few_rows);
  EXPECT_EQ(set.left_out[1].name, "origin is missing");
  EXPECT_EQ(set.left_out[1].rows, 1);
  EXPECT_TRUE(set.left_out[1].too_few_rows);
}

TEST(MakeSlices, OneValueIsASliceOrLeftOut) {
  const SliceSet set =
      Cut(Flights(), {{{{.column = "origin", .value = "ATL"}}}, {{{.column = "origin", .value = "JFK"}}}});
  EXPECT_THAT(NamesOf(set), ElementsAre("origin=ATL"));
  ASSERT_EQ(set.left_out.size(), 1u);
  EXPECT_EQ(set.left_out[0].name, "origin=JFK");
  EXPECT_EQ(set.left_out[0].rows, 0);
}

TEST(MakeSlices, RangesTakeInWhatLiesOnTheirLowerBorder) {
  const SliceSet set = Cut(Flights(), {{{{.column = "distance", .borders = {500, 1000}}}}});
  EXPECT_THAT(NamesOf(set),
              ElementsAre("distance < 500", "distance in [500, 1000)", "distance >= 1000", "distance is missing"));
  EXPECT_THAT(set.RowsOf(0), ElementsAre(0, 5));
  EXPECT_THAT(set.RowsOf(1), ElementsAre(1, 2));
  EXPECT_THAT(set.RowsOf(2), ElementsAre(3, 6));
  EXPECT_THAT(set.RowsOf(3), ElementsAre(4));
}

TEST(MakeSlices, QuantilesPartRowsInAboutEqualRanges) {
  std::vector<std::optional<double>> numbers;
  for (int i = 0; i < 100; ++i) numbers.emplace_back(99 - i);
  const SliceSet set = Cut(BatchBuilder().Numbers("x", numbers).Build(), {{{{.column = "x", .quantiles = 4}}}});
  EXPECT_THAT(NamesOf(set), ElementsAre("x < 25", "x in [25, 50)", "x in [50, 75)", "x >= 75"));
  for (const Slice& slice : set.slices) EXPECT_EQ(slice.rows, 25);
  const SliceSet equal =
      Cut(BatchBuilder().Numbers("x", {1, 1, 1, 1, 2}).Build(), {{{{.column = "x", .quantiles = 5}}}});
  EXPECT_THAT(NamesOf(equal), ElementsAre("x < 2", "x >= 2"));
}

TEST(MakeSlices, TimesAreCutByTheirParts) {
  const SliceSet months = Cut(Flights(), {{{{.column = "departure", .part = TimePart::kMonth}}}});
  EXPECT_THAT(NamesOf(months), ElementsAre("month(departure)=1", "month(departure)=2", "departure is missing"));
  EXPECT_EQ(months.left_out.size(), 10u);  // no row in them
  const SliceSet weekdays = Cut(Flights(), {{{{.column = "departure", .part = TimePart::kWeekday}}}});
  EXPECT_THAT(NamesOf(weekdays), ElementsAre("weekday(departure)=4", "weekday(departure)=5", "weekday(departure)=7",
                                             "departure is missing"));
  const SliceSet hours = Cut(Flights(), {{{{.column = "departure", .part = TimePart::kHour}}}});
  EXPECT_THAT(hours.RowsOf(1), ElementsAre(1));
}

TEST(MakeSlices, CrossesAreTheCombinationsThatOccur) {
  const SliceSet set =
      Cut(Flights(), {{{{.column = "origin"}, {.column = "distance", .borders = {500}}}}}, {.min_rows = 2});
  EXPECT_THAT(NamesOf(set), ElementsAre("origin=SFO & distance < 500"));
  EXPECT_THAT(set.RowsOf(0), ElementsAre(0, 5));
  EXPECT_EQ(set.left_out.size(), 5u);
}

// Slices of random columns, in as many groups as their cells need, are the rows that their names say.
TEST(MakeSlices, RowsAreThoseOfAPlainSearch) {
  std::mt19937_64 random(1);
  std::vector<SliceSpec> specs{{}};
  BatchBuilder builder;
  std::map<std::string, std::vector<std::string>> texts;
  for (const char* name : {"a", "b", "c", "d"}) {
    std::vector<std::optional<std::string>> values;
    for (int row = 0; row < 20'000; ++row) {
      values.emplace_back(std::to_string(random() % 30));
      texts[name].push_back(*values.back());
    }
    builder.Texts(name, std::move(values));
    specs.push_back({{{.column = name}}});
  }
  const OwnedBatch batch = builder.Build();
  const SliceSet set = Cut(batch, specs);
  EXPECT_EQ(set.slices.size(), 121u);
  EXPECT_GT(set.groups.size(), 1u);
  for (size_t slice = 1; slice < set.slices.size(); ++slice) {
    const std::string& name = set.slices[slice].name;
    std::vector<size_t> expected;
    for (size_t row = 0; row < set.num_rows; ++row) {
      if (texts[name.substr(0, 1)][row] == name.substr(2)) expected.push_back(row);
    }
    EXPECT_EQ(set.RowsOf(slice), expected) << name;
    EXPECT_EQ(set.slices[slice].rows, static_cast<int64_t>(expected.size()));
  }
}

TEST(MakeSlices, BatchesAreOneAfterTheOther) {
  const OwnedBatch first = Flights();
  const OwnedBatch second = BatchBuilder().Texts("origin", {"ATL", "JFK"}).Build();
  const BatchView batches[] = {first.view(), second.view()};
  const SliceSpec spec{{{.column = "origin"}}};
  const SliceSet set = MakeSlices(batches, std::span(&spec, 1), {.min_rows = 3}).value();
  EXPECT_THAT(NamesOf(set), ElementsAre("origin=ATL", "origin=SFO"));
  EXPECT_THAT(set.RowsOf(0), ElementsAre(1, 4, 7));
}

TEST(MakeSlices, NamesWhatIsWrong) {
  const OwnedBatch batch = Flights();
  EXPECT_THAT(ErrorOf(batch, {{{.column = "orgin"}}}), HasSubstr("orgin"));
  EXPECT_THAT(ErrorOf(batch, {{{.column = "departure"}}}), HasSubstr("'departure'"));
  EXPECT_THAT(ErrorOf(batch, {{{.column = "origin", .borders = {1}}}}), HasSubstr("cannot be cut by ranges"));
  EXPECT_THAT(ErrorOf(batch, {{{.column = "origin", .part = TimePart::kHour}}}), HasSubstr("parts of a time"));
  EXPECT_THAT(ErrorOf(batch, {{{.column = "distance", .borders = {2, 1}}}}), HasSubstr("ascend"));
  EXPECT_THAT(ErrorOf(batch, {{{.column = "distance", .borders = {2}, .quantiles = 3}}}), HasSubstr("not several"));
  EXPECT_THAT(ErrorOf(batch, {{{.column = "distance", .quantiles = 1}}}), HasSubstr("2 to 100"));
  EXPECT_THAT(ErrorOf(batch, {{{.column = "origin"}, {.column = "stops"}, {.column = "origin"}, {.column = "stops"}}}),
              HasSubstr("three at most"));
  EXPECT_THAT(ErrorOf(batch, {}, {.min_rows = 0}), HasSubstr("min_rows"));
  EXPECT_THAT(ErrorOf(batch, {}, {.max_values = 1001}), HasSubstr("max_values"));
  EXPECT_THAT(ErrorOf(BatchBuilder().Numbers("x", {}).Build(), {}), HasSubstr("no rows"));
}

}  // namespace
}  // namespace roost::evaluate
