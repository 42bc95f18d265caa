#include "schema/feature_skew.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/builder.h"
#include "profile/testing.h"

namespace roost::schema {
namespace {

using column::BatchBuilder;
using column::BatchView;
using column::OwnedBatch;
using profile::TestColumn;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

FeatureSkew SkewOf(const BatchView& training, const BatchView& serving, FeatureSkewOptions options) {
  auto finder = FeatureSkewFinder::Make(training, serving, std::move(options));
  EXPECT_TRUE(finder.ok()) << finder.status();
  if (!finder.ok()) return {};
  EXPECT_TRUE(finder->AddTraining(training).ok());
  EXPECT_TRUE(finder->AddServing(serving).ok());
  return finder->Finish();
}

// A single column "x" under keys 0, 1, 2, ...
FeatureSkew SkewOf(const TestColumn& training, const TestColumn& serving, std::optional<int> round_digits = {}) {
  std::vector<int64_t> keys(training.View().length());
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<int64_t>(i);
  const TestColumn key("id", "l", keys);
  const auto rows = static_cast<int64_t>(keys.size());
  return SkewOf(BatchView(rows, {key.View(), training.View()}), BatchView(rows, {key.View(), serving.View()}),
                {.keys = {"id"}, .round_digits = round_digits});
}

std::string Counts(const ColumnSkew& column) {
  return column.column + ": " + std::to_string(column.equal) + " equal, " + std::to_string(column.different) +
         " different, " + std::to_string(column.only_training) + " only in training, " +
         std::to_string(column.only_serving) + " only in serving";
}

MATCHER_P3(Confusion, training, serving, rows, "") {
  return arg.training == training && arg.serving == serving && arg.rows == rows;
}

TEST(FeatureSkew, CountsWhatIsEqualDifferentAndOnOneSide) {
  BatchBuilder builder;
  const OwnedBatch training =
      builder.Texts("id", {"a", "b", "c", "d", "e"}).Numbers("x", {1, 2, 3, std::nullopt, std::nullopt}).Build();
  const OwnedBatch serving =
      builder.Texts("id", {"e", "d", "c", "b", "a"}).Numbers("x", {std::nullopt, 4, std::nullopt, 2.5, 1}).Build();
  const FeatureSkew skew = SkewOf(training.view(), serving.view(), {.keys = {"id"}});
  EXPECT_EQ(skew.joined, 5);
  EXPECT_EQ(skew.skewed, 3);
  ASSERT_EQ(skew.columns.size(), 1);
  EXPECT_EQ(Counts(skew.columns[0]), "x: 2 equal, 1 different, 1 only in training, 1 only in serving");
  EXPECT_THAT(skew.columns[0].confusions,
              ElementsAre(Confusion(std::nullopt, "4", 1), Confusion("2", "2.5", 1), Confusion("3", std::nullopt, 1)));
}

TEST(FeatureSkew, CountsKeysWithoutPartnerRepeatedAndMissing) {
  BatchBuilder builder;
  // "a" joins; "b" is only here; "c" is repeated here, "d" on both sides, "e" there.
  const OwnedBatch training = builder.Texts("id", {"a", "b", "c", "c", "d", "d", "e", std::nullopt})
                                  .Integers("x", {1, 1, 1, 1, 1, 1, 1, 1})
                                  .Build();
  const OwnedBatch serving = builder.Texts("id", {"e", "e", "e", "d", "d", "c", "a", "f", "g", "g"})
                                 .Integers("x", {1, 1, 1, 1, 1, 1, 2, 1, 1, 1})
                                 .Build();
  const FeatureSkew skew = SkewOf(training.view(), serving.view(), {.keys = {"id"}});
  EXPECT_EQ(skew.training_rows, 8);
  EXPECT_EQ(skew.serving_rows, 10);
  EXPECT_EQ(skew.training_without_key, 1);
  EXPECT_EQ(skew.serving_without_key, 0);
  EXPECT_EQ(skew.joined, 1);
  EXPECT_EQ(skew.only_training, 1);
  EXPECT_EQ(skew.only_serving, 1);
  EXPECT_EQ(skew.repeated_training, 2);
  EXPECT_EQ(skew.repeated_serving, 3);
  EXPECT_EQ(Counts(skew.columns[0]), "x: 0 equal, 1 different, 0 only in training, 0 only in serving");
}

TEST(FeatureSkew, JoinsOnSeveralKeys) {
  BatchBuilder builder;
  const OwnedBatch training =
      builder.Texts("user", {"ab", "a"}).Texts("item", {"c", "bc"}).Integers("x", {1, 2}).Build();
  const OwnedBatch serving =
      builder.Texts("item", {"bc", "c"}).Integers("x", {2, 3}).Texts("user", {"a", "ab"}).Build();
  const FeatureSkew skew = SkewOf(training.view(), serving.view(), {.keys = {"user", "item"}});
  EXPECT_EQ(skew.joined, 2);
  EXPECT_EQ(Counts(skew.columns[0]), "x: 1 equal, 1 different, 0 only in training, 0 only in serving");
  ASSERT_EQ(skew.samples.size(), 1);
  EXPECT_THAT(skew.samples[0].key, ElementsAre("ab", "c"));
  ASSERT_EQ(skew.samples[0].differences.size(), 1);
  EXPECT_EQ(skew.samples[0].differences[0].column, "x");
  EXPECT_THAT(skew.samples[0].differences[0].training, Optional(std::string("1")));
  EXPECT_THAT(skew.samples[0].differences[0].serving, Optional(std::string("3")));
}

TEST(FeatureSkew, TakesAColumnThatOneSideLacksForMissing) {
  BatchBuilder builder;
  const OwnedBatch training = builder.Integers("id", {1, 2}).Integers("x", {1, std::nullopt}).Build();
  const OwnedBatch serving = builder.Integers("id", {1, 2}).Integers("y", {1, 2}).Build();
  const FeatureSkew skew = SkewOf(training.view(), serving.view(), {.keys = {"id"}});
  ASSERT_EQ(skew.columns.size(), 2);
  EXPECT_EQ(Counts(skew.columns[0]), "x: 1 equal, 0 different, 1 only in training, 0 only in serving");
  EXPECT_EQ(Counts(skew.columns[1]), "y: 0 equal, 0 different, 0 only in training, 2 only in serving");
}

TEST(FeatureSkew, ComparesValuesAndNotTypes) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const TestColumn whole("x", "l", std::vector<int64_t>{5, 0, -7, 1LL << 60});
  EXPECT_EQ(SkewOf(whole, TestColumn("x", "g", std::vector<double>{5, -0.0, -7, 0x1p60})).skewed, 0);
  EXPECT_EQ(SkewOf(whole, TestColumn("x", "l", std::vector<int64_t>{5, 0, -7, (1LL << 60) + 1})).skewed, 1);
  EXPECT_EQ(SkewOf(TestColumn("x", "c", std::vector<int8_t>{-1, 1}), TestColumn("x", "s", std::vector<int16_t>{-1, 1}))
                .skewed,
            0);
  EXPECT_EQ(SkewOf(TestColumn("x", "L", std::vector<uint64_t>{1ULL << 63, 3}),
                   TestColumn("x", "g", std::vector<double>{0x1p63, 3}))
                .skewed,
            0);
  EXPECT_EQ(SkewOf(TestColumn::Bools("x", {true, false}), TestColumn("x", "l", std::vector<int64_t>{1, 0})).skewed, 0);
  EXPECT_EQ(
      SkewOf(TestColumn("x", "g", std::vector<double>{nan, 1}), TestColumn("x", "g", std::vector<double>{-nan, 2}))
          .skewed,
      1);
  // A day and its beginning.
  EXPECT_EQ(SkewOf(TestColumn("x", "tdD", std::vector<int32_t>{1, 2}),
                   TestColumn("x", "tsn:", std::vector<int64_t>{86'400'000'000'000, 3}))
                .skewed,
            1);
  const TestColumn texts = TestColumn::Texts("x", "u", {"5", "b", "5"});
  EXPECT_EQ(SkewOf(texts, TestColumn::Texts("x", "z", {"5", "b", "5"})).skewed, 0);
  EXPECT_EQ(SkewOf(texts, TestColumn::Dictionary("x", {1, 0, 1}, TestColumn::Texts("", "u", {"b", "5"}))).skewed, 0);
  EXPECT_EQ(SkewOf(texts, TestColumn("x", "l", std::vector<int64_t>{5, 6, 5})).skewed, 3);
}

TEST(FeatureSkew, RoundsFractionsWhereAsked) {
  const TestColumn wide("x", "g", std::vector<double>{0.1, -2.25, 1e300, 3.14159});
  const TestColumn narrow("x", "f", std::vector<float>{0.1F, -2.25F, std::numeric_limits<float>::infinity(), 3.1416F});
  EXPECT_EQ(Counts(SkewOf(wide, narrow).columns[0]), "x: 1 equal, 3 different, 0 only in training, 0 only in serving");
  EXPECT_EQ(Counts(SkewOf(wide, narrow, 6).columns[0]),
            "x: 2 equal, 2 different, 0 only in training, 0 only in serving");
  EXPECT_EQ(Counts(SkewOf(wide, narrow, 3).columns[0]),
            "x: 3 equal, 1 different, 0 only in training, 0 only in serving");
}

TEST(FeatureSkew, ComparesLongTextsWhole) {
  const std::string text(1000, 'x');
  const TestColumn training = TestColumn::Texts("x", "u", {text + "a", text, std::string(64, 'y'), ""});
  const TestColumn serving = TestColumn::Texts("x", "u", {text + "b", text, std::string(65, 'y'), ""});
  const FeatureSkew skew = SkewOf(training, serving);
  EXPECT_EQ(Counts(skew.columns[0]), "x: 2 equal, 2 different, 0 only in training, 0 only in serving");
  const std::string shown = std::string(32, 'x') + "...";
  EXPECT_THAT(
      skew.columns[0].confusions,
      ElementsAre(Confusion(shown, shown, 1), Confusion(std::string(64, 'y'), std::string(32, 'y') + "...", 1)));
}

TEST(FeatureSkew, NamesTheMostFrequentConfusions) {
  std::vector<std::optional<std::string>> training, serving;
  for (int i = 0; i < 100; ++i) {
    training.emplace_back(i < 50 ? "US" : i < 80 ? "DE" : "FR");
    serving.emplace_back(i < 30 ? "us" : i < 50 ? "US" : i < 70 ? "de" : i < 80 ? "DE" : "F" + std::to_string(i));
  }
  const FeatureSkew skew = SkewOf(TestColumn::Texts("x", "u", training), TestColumn::Texts("x", "u", serving));
  ASSERT_EQ(skew.columns[0].confusions.size(), 10);
  EXPECT_THAT(skew.columns[0].confusions[0], Confusion("US", "us", 30));
  EXPECT_THAT(skew.columns[0].confusions[1], Confusion("DE", "de", 20));
  EXPECT_THAT(skew.columns[0].confusions[2].training, Optional(std::string("FR")));
  EXPECT_EQ(skew.samples.size(), 10);
}

TEST(FeatureSkew, ShowsValuesAsPeopleKnowThem) {
  const FeatureSkew bools = SkewOf(TestColumn::Bools("x", {true}), TestColumn::Bools("x", {false}));
  EXPECT_THAT(bools.columns[0].confusions, ElementsAre(Confusion("true", "false", 1)));
  const FeatureSkew times = SkewOf(TestColumn("x", "tsu:UTC", std::vector<int64_t>{0}),
                                   TestColumn("x", "tsu:UTC", std::vector<int64_t>{1'500'000}));
  EXPECT_THAT(times.columns[0].confusions, ElementsAre(Confusion("1970-01-01T00:00:00Z", "1970-01-01T00:00:01.5Z", 1)));
  const FeatureSkew numbers = SkewOf(TestColumn("x", "g", std::vector<double>{0.1}),
                                     TestColumn("x", "L", std::vector<uint64_t>{std::numeric_limits<uint64_t>::max()}));
  EXPECT_THAT(numbers.columns[0].confusions, ElementsAre(Confusion("0.1", "18446744073709551615", 1)));
}

TEST(FeatureSkew, TellsWhichColumnsItCannotRead) {
  const TestColumn key("id", "l", std::vector<int64_t>{1});
  const TestColumn list = TestColumn::Opaque("tags", "w:4", 1);
  const BatchView batch(1, {key.View(), list.View()});
  const FeatureSkew skew = SkewOf(batch, batch, {.keys = {"id"}});
  EXPECT_THAT(skew.not_compared, ElementsAre("tags"));
  EXPECT_THAT(skew.columns, IsEmpty());
  EXPECT_THAT(FeatureSkewFinder::Make(batch, batch, {.keys = {"tags"}}).status().message(),
              HasSubstr("column 'tags' cannot be a key"));
}

TEST(FeatureSkew, RefusesKeysThatCannotJoin) {
  BatchBuilder builder;
  const OwnedBatch training = builder.Integers("id", {1}).Integers("x", {1}).Build();
  const OwnedBatch serving = builder.Texts("id", {"1"}).Integers("x", {1}).Integers("user", {1}).Build();
  const auto message = [&](FeatureSkewOptions options) {
    const absl::Status status = FeatureSkewFinder::Make(training.view(), serving.view(), std::move(options)).status();
    return std::string(status.message());
  };
  EXPECT_THAT(message({}), HasSubstr("cannot be joined without a key"));
  EXPECT_THAT(message({.keys = {"id"}}),
              HasSubstr("key 'id' is a number in training and a text in serving: no row could have a partner"));
  EXPECT_THAT(message({.keys = {"user"}}), HasSubstr("no column 'user' in the data; its columns are id, x"));
  EXPECT_THAT(message({.keys = {"user"}}), HasSubstr("in training"));
  EXPECT_THAT(message({.keys = {"x"}, .round_digits = 16}), HasSubstr("rounded to 0 to 15 digits, got 16"));
}

TEST(FeatureSkew, RefusesABatchThatLacksAColumn) {
  BatchBuilder builder;
  const OwnedBatch whole = builder.Integers("id", {1}).Integers("x", {1}).Build();
  const OwnedBatch less = builder.Integers("id", {2}).Build();
  auto finder = FeatureSkewFinder::Make(whole.view(), whole.view(), {.keys = {"id"}});
  ASSERT_TRUE(finder.ok());
  EXPECT_THAT(finder->AddServing(less.view()).message(),
              HasSubstr("column 'x' of serving is missing in this batch and was int64 in the first one"));
  EXPECT_EQ(finder->Finish().serving_rows, 0);
}

}  // namespace
}  // namespace roost::schema
