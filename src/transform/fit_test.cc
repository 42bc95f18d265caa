#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "transform/test_data.h"
#include "transform/transform.h"

namespace roost::transform {
namespace {

using testing::ElementsAre;

Transform FitOk(std::vector<FeatureSpec> features, const profile::ProfileSummary& summary = FlightsSummary()) {
  auto transform = FitSummary(features, summary);
  EXPECT_TRUE(transform.ok()) << transform.status();
  return *std::move(transform);
}

absl::Status FitError(FeatureSpec feature, const profile::ProfileSummary& summary = FlightsSummary()) {
  return FitSummary({std::move(feature)}, summary).status();
}

profile::ProfileSummary OneColumn(profile::ColumnSummary column) {
  return {.rows = column.rows, .columns = {std::move(column)}};
}

std::vector<std::string> Names(const Transform& transform) {
  std::vector<std::string> names;
  for (int32_t i = 0; i < transform.num_features(); ++i) names.push_back(transform.FeatureName(i));
  return names;
}

TEST(Fit, InputsComeOnceByFirstUse) {
  const Transform transform = FitOk(FlightsFeatures());
  EXPECT_THAT(std::vector(transform.inputs().begin(), transform.inputs().end()),
              ElementsAre(InputColumn{"date", column::Kind::kTime}, InputColumn{"distance", column::Kind::kNumber},
                          InputColumn{"origin", column::Kind::kText}, InputColumn{"destination", column::Kind::kText}));
  EXPECT_EQ(transform.num_features(), 25 + 8 + 13 + 11 + 1 + (4 + 3 + 1) + (2 + 1 + 1));
}

TEST(Fit, NamesOfNumbers) {
  EXPECT_THAT(Names(FitOk({{.column = "distance", .use = Operation::kStandardize}})), ElementsAre("distance"));
  EXPECT_THAT(Names(FitOk({{.column = "distance", .use = Operation::kBucketize, .buckets = 4}})),
              ElementsAre("distance < 600", "distance in [600, 1100)", "distance in [1100, 1600)", "distance >= 1600",
                          "distance missing"));
}

TEST(Fit, NamesOfWords) {
  EXPECT_THAT(Names(FitOk({{.column = "origin", .use = Operation::kOneHot, .top = 2, .unknown_buckets = 2}})),
              ElementsAre("origin=SFO", "origin=LAX", "origin unknown 0", "origin unknown 1", "origin missing"));
}

TEST(Fit, NamesOfTimes) {
  const auto hours = Names(FitOk({{.column = "date", .use = Operation::kHour}}));
  EXPECT_EQ(hours[7], "date hour=7");
  EXPECT_EQ(hours[24], "date hour missing");
  EXPECT_THAT(
      Names(FitOk({{.column = "date", .use = Operation::kWeekday}})),
      ElementsAre("date weekday=Monday", "date weekday=Tuesday", "date weekday=Wednesday", "date weekday=Thursday",
                  "date weekday=Friday", "date weekday=Saturday", "date weekday=Sunday", "date weekday missing"));
  const auto months = Names(FitOk({{.column = "date", .use = Operation::kMonth}}));
  EXPECT_EQ(months[0], "date month=January");
  EXPECT_EQ(months[11], "date month=December");
  EXPECT_EQ(months[12], "date month missing");
}

TEST(Fit, NamesAreDistinct) {
  std::vector<std::string> names = Names(FitOk(FlightsFeatures()));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Fit, BordersAreNearestPercentilesWithoutEmptyBuckets) {
  profile::ColumnSummary column = NumberColumn("x", 0, 10, 1, 1);
  auto& percentiles = column.number->percentiles;
  // 60 % zeros, 30 % ones, and a tail: thirds are at the 33rd (0, the minimum: no border) and 67th percentile (1).
  for (int q = 0; q <= 100; ++q) percentiles[q] = q <= 60 ? 0 : q <= 90 ? 1 : 10;
  EXPECT_THAT(Names(FitOk({{.column = "x", .use = Operation::kBucketize, .buckets = 3}}, OneColumn(column))),
              ElementsAre("x < 1", "x >= 1", "x missing"));
  EXPECT_THAT(Names(FitOk({{.column = "x", .use = Operation::kBucketize, .buckets = 100}}, OneColumn(column))),
              ElementsAre("x < 1", "x in [1, 10)", "x >= 10", "x missing"));
}

TEST(Fit, WordsAreTheMostFrequentThatComeOftenEnough) {
  EXPECT_THAT(Names(FitOk({{.column = "origin", .use = Operation::kOneHot, .min_count = 150}})),
              ElementsAre("origin=SFO", "origin=LAX", "origin=JFK", "origin unknown 0", "origin missing"));
}

TEST(Fit, WordsThatAreNotUtf8AreUnknown) {
  const auto summary = OneColumn(TextColumn("x", {{"\xff", 5}, {"a", 4}}));
  EXPECT_THAT(Names(FitOk({{.column = "x", .use = Operation::kOneHot}}, summary)),
              ElementsAre("x=a", "x unknown 0", "x missing"));
}

TEST(FitError, AColumnNameThatIsNotUtf8IsRefused) {
  EXPECT_EQ(
      FitError({.column = "\xff", .use = Operation::kStandardize}, OneColumn(NumberColumn("\xff", 0, 1, 0, 1))).code(),
      absl::StatusCode::kInvalidArgument);
}

TEST(Fit, BoolsAreNumbers) {
  profile::ColumnSummary column = NumberColumn("cancelled", 0, 1, 0.25, 0.4);
  column.type = column::Type::kBool;
  EXPECT_EQ(FitOk({{.column = "cancelled", .use = Operation::kStandardize}}, OneColumn(column)).num_features(), 1);
}

TEST(FitError, AnUnknownColumnIsNamedWithAHint) {
  const absl::Status status = FitError({.column = "distanc", .use = Operation::kStandardize});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(
      std::string(status.message()),
      "feature 1, standardize of column 'distanc': the data has no column 'distanc'; its columns are date, delay, "
      "distance, origin, destination");
  EXPECT_EQ(HintOf(status), "did you mean 'distance'?");
  EXPECT_EQ(HintOf(FitError({.column = "zzzzzzzz", .use = Operation::kStandardize})),
            "name a column of the training data");
}

TEST(FitError, AnOperationThatDoesNotSuitTheTypeNamesOneThatDoes) {
  const absl::Status status = FitError({.column = "origin", .use = Operation::kBucketize});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()),
            "feature 1, bucketize of column 'origin': takes a number, and the column holds a text");
  EXPECT_EQ(HintOf(status), "use one_hot, ordinal, hash or tokens for a text column");
  EXPECT_EQ(HintOf(FitError({.column = "distance", .use = Operation::kHour})),
            "use number, standardize, min_max, bucketize, polynomial or one_hot for a number column");
  EXPECT_EQ(HintOf(FitError({.column = "date", .use = Operation::kOneHot})),
            "use hour, weekday, month, day, cyclic or age for a time column");
  profile::ColumnSummary binary = TextColumn("x", {{"a", 1}});
  binary.type = column::Type::kBinary;
  binary.type_text = "binary";
  EXPECT_EQ(std::string(FitError({.column = "x", .use = Operation::kOneHot}, OneColumn(binary)).message()),
            "feature 1, one_hot of column 'x': the column 'x' holds binary");
}

TEST(FitError, ParametersOutOfRangeNameTheRange) {
  const auto message = [](FeatureSpec spec) { return std::string(FitError(std::move(spec)).message()); };
  EXPECT_EQ(message({.column = "distance", .use = Operation::kBucketize, .buckets = 1}),
            "feature 1, bucketize of column 'distance': buckets must be 2 to 100, not 1");
  EXPECT_EQ(message({.column = "distance", .use = Operation::kBucketize, .buckets = 101}),
            "feature 1, bucketize of column 'distance': buckets must be 2 to 100, not 101");
  EXPECT_EQ(message({.column = "origin", .use = Operation::kOneHot, .top = 100'001}),
            "feature 1, one_hot of column 'origin': top must be 1 to 100,000, not 100,001");
  EXPECT_EQ(message({.column = "origin", .use = Operation::kOneHot, .min_count = 0}),
            "feature 1, one_hot of column 'origin': min_count must be at least 1, not 0");
  EXPECT_EQ(message({.column = "origin", .use = Operation::kOneHot, .unknown_buckets = 0}),
            "feature 1, one_hot of column 'origin': unknown_buckets must be 1 to 1,000, not 0");
}

TEST(FitError, NothingToLearnFromIsRefused) {
  profile::ColumnSummary nulls = TimeColumn("x");
  nulls.missing = nulls.rows;
  EXPECT_EQ(std::string(FitError({.column = "x", .use = Operation::kHour}, OneColumn(nulls)).message()),
            "feature 1, hour of column 'x': the column has no value to learn from");
  profile::ColumnSummary nan = NumberColumn("x", 0, 1, 0, 1);
  nan.number = profile::NumberSummary{.nan = 1'000};
  for (const Operation use : {Operation::kStandardize, Operation::kBucketize}) {
    EXPECT_EQ(FitError({.column = "x", .use = use}, OneColumn(nan)).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(std::string(FitError({.column = "origin", .use = Operation::kOneHot, .min_count = 1'000}).message()),
            "feature 1, one_hot of column 'origin': no word came at least 1,000 times");
}

TEST(FitError, OneBucketIsRefused) {
  const absl::Status status =
      FitError({.column = "x", .use = Operation::kBucketize}, OneColumn(NumberColumn("x", 7, 7, 7, 0)));
  EXPECT_EQ(std::string(status.message()),
            "feature 1, bucketize of column 'x': all values fall into one bucket: no quantile border lies between the "
            "smallest value, 7, and the largest, 7");
}

TEST(FitError, MomentsThatOverflowAreRefused) {
  const double infinity = std::numeric_limits<double>::infinity();
  const absl::Status status = FitError({.column = "x", .use = Operation::kStandardize},
                                       OneColumn(NumberColumn("x", -1e308, 1e308, 0, infinity)));
  EXPECT_EQ(std::string(status.message()),
            "feature 1, standardize of column 'x': mean 0 and standard deviation inf are not both finite");
}

TEST(FitError, NoFeatureAndTheSameFeatureTwiceAreRefused) {
  const auto summary = FlightsSummary();
  EXPECT_EQ(std::string(FitSummary({}, summary).status().message()),
            "a model needs 1 to 1000 declared features, not 0");
  const std::vector<FeatureSpec> twice = {{.column = "distance", .use = Operation::kBucketize, .buckets = 4},
                                          {.column = "distance", .use = Operation::kBucketize, .buckets = 8}};
  EXPECT_EQ(std::string(FitSummary(twice, summary).status().message()),
            "feature 2, bucketize of column 'distance': is declared twice");
}

}  // namespace
}  // namespace roost::transform
