// What is learned from the rows themselves, as their profile does not say it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "column/builder.h"
#include "profile/profile.h"
#include "transform/test_data.h"
#include "transform/transform.h"

namespace roost::transform {
namespace {

using column::BatchBuilder;
using column::OwnedBatch;
using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<Transform> FitRows(const OwnedBatch& rows, const TransformSpec& spec) {
  Threads threads(2);
  profile::Profile profile;
  EXPECT_TRUE(profile.Add(rows.view()).ok());
  const profile::ProfileSummary summary = profile.Summarize();
  const std::vector<column::BatchView> batches = {rows.view()};
  return Transform::Fit(spec, {summary, batches}, threads.context);
}

std::vector<std::string> Names(const Transform& transform) {
  std::vector<std::string> names;
  for (int32_t i = 0; i < transform.num_features(); ++i) names.push_back(transform.FeatureName(i));
  return names;
}

FeatureVector Apply(const Transform& transform, std::vector<column::Value> row) {
  FeatureVector features;
  transform.ApplyRow(row, features);
  return features;
}

// scikit-learn's TfidfVectorizer(ngram_range=(1, 2), min_df=2, token_pattern=r"\w+") defines the same: idf is
// ln((1 + n) / (1 + df)) + 1, and rows have the length 1.
TEST(FitRows, TfIdfOfWordsAndTheirRuns) {
  const OwnedBatch rows =
      BatchBuilder()
          .Texts("text", {"the cat sat on the mat", "The dog sat", "cats and dogs", "the cat the cat"})
          .Build();
  const auto transform = FitRows(rows, {{},
                                        {{.column = "text",
                                          .use = Operation::kTokens,
                                          .min_count = 2,
                                          .ngrams = 2,
                                          .weight = TokenWeight::kTfIdf,
                                          .unit_length = true}}});
  ASSERT_TRUE(transform.ok()) << transform.status();
  EXPECT_THAT(Names(*transform), ElementsAre("text: the", "text: cat", "text: sat", "text: the cat"));
  const double the = 1.2231435513142097;    // ln(5 / 4) + 1
  const double other = 1.5108256237659907;  // ln(5 / 3) + 1
  const FeatureVector features = Apply(*transform, {std::string_view("the cat the cat")});
  EXPECT_THAT(features.indices, ElementsAre(0, 1, 3));
  const double length = std::sqrt(4 * the * the + 8 * other * other);
  EXPECT_DOUBLE_EQ(features.values[0], 2 * the / length);
  EXPECT_DOUBLE_EQ(features.values[1], 2 * other / length);
  EXPECT_DOUBLE_EQ(features.values[2], 2 * other / length);
  EXPECT_TRUE(Apply(*transform, {std::string_view("nothing known")}).indices.empty());
}

TEST(FitRows, CrossesListsAndNumbersAsWords) {
  BatchBuilder builder;
  builder.Texts("a", {"x", "x", "y", std::nullopt}).Numbers("n", {1, 1, 0.5, 2});
  builder.Lists("tags", {2, 0, std::nullopt, 1}, BatchBuilder().Texts("", {"red", "red", "blue"}).Build());
  const auto transform = FitRows(builder.Build(), {{},
                                                   {{.columns = {"a", "n"}, .use = Operation::kCross},
                                                    {.column = "n", .use = Operation::kOneHot, .top = 1},
                                                    {.column = "tags", .use = Operation::kMultiHot},
                                                    {.column = "tags", .use = Operation::kListCount}}});
  ASSERT_TRUE(transform.ok()) << transform.status();
  EXPECT_THAT(Names(*transform),
              ElementsAre("a, n=x, 1", "a, n=y, 0.5", "a, n unknown 0", "a, n missing", "n=1", "n unknown 0",
                          "n missing", "tags=blue", "tags=red", "tags unknown 0", "tags missing", "tags count"));
  const std::vector<std::string_view> tags = {"red", "green", "red"};
  const FeatureVector features = Apply(*transform, {std::string_view("y"), 0.5, std::span(tags)});
  EXPECT_THAT(features.indices, ElementsAre(1, 5, 8, 9, 11));
  // The lists that are there have 2, 0 and 1 elements: mean 1, variance 2 / 3.
  EXPECT_DOUBLE_EQ(features.values.back(), 2 / std::sqrt(2.0 / 3));
}

// Mean, deviation, range and borders are those of the logarithms.
TEST(FitRows, TheLogarithmComesBeforeWhatIsLearned) {
  const OwnedBatch rows = BatchBuilder().Numbers("x", {0, std::exp(1.0) - 1, std::exp(2.0) - 1, std::nullopt}).Build();
  const auto transform = FitRows(rows, {{},
                                        {{.column = "x", .use = Operation::kStandardize, .log = true},
                                         {.column = "x", .use = Operation::kMinMax, .log = true},
                                         {.column = "x", .use = Operation::kBucketize, .log = true, .buckets = 2}}});
  ASSERT_TRUE(transform.ok()) << transform.status();
  // 0, 1 and 2: mean 1, variance 2 / 3.
  const FeatureVector features = Apply(*transform, {std::exp(2.0) - 1});
  EXPECT_NEAR(features.values[0], 1 / std::sqrt(2.0 / 3), 1e-12);
  EXPECT_NEAR(features.values[1], 1, 1e-12);
  EXPECT_THAT(transform->FeatureName(2), testing::StartsWith("x < "));
  EXPECT_EQ(features.indices[2], 3);
  EXPECT_EQ(Apply(*transform, {0.0}).indices[2], 2);
}

TEST(FitRows, StepsAndDerivedColumns) {
  const OwnedBatch rows = BatchBuilder().Numbers("x", {0, 1, 3, 100, std::nullopt}).Build();
  const auto transform = FitRows(rows, {{{.name = "twice", .expression = "x * 2"}},
                                        {{.column = "x",
                                          .use = Operation::kNumber,
                                          .impute = Impute::kMean,
                                          .clip_high = 3,
                                          .log = true,
                                          .indicator = true},
                                         {.column = "twice", .use = Operation::kMinMax}}});
  ASSERT_TRUE(transform.ok()) << transform.status();
  FeatureVector features = Apply(*transform, {1.0});
  EXPECT_THAT(features.values, ElementsAre(std::log1p(1.0), 0.0, 0.01));
  // The mean, 26, is clipped; a missing number has no min_max.
  features = Apply(*transform, {column::Value()});
  EXPECT_THAT(features.values, ElementsAre(std::log1p(3.0), 1.0));
  // Below the least of training is as that.
  EXPECT_THAT(Apply(*transform, {-5.0}).values, ElementsAre(0.0, 0.0, 0.0));
}

TEST(FitRowsError, SaysWhatTheValuesCannotCarry) {
  const OwnedBatch rows = BatchBuilder().Numbers("x", {-1, 5}).Texts("t", {"a", "b"}).Build();
  const auto error = [&rows](FeatureSpec spec) {
    const absl::Status status = FitRows(rows, {{}, {std::move(spec)}}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  EXPECT_EQ(
      error({.column = "x", .use = Operation::kNumber, .log = true}),
      "feature 1, number of column 'x': log is ln(1 + value), which no value at or below -1 has; the least is -1");
  EXPECT_EQ(error({.column = "t", .use = Operation::kTokens, .min_count = 2}),
            "feature 1, tokens of column 't': no word came at least 2 times");
  EXPECT_THAT(error({.column = "t", .use = Operation::kOneHot, .log = true}), HasSubstr("has no number that"));
  EXPECT_THAT(error({.column = "t", .use = Operation::kOneHot, .indicator = true}), HasSubstr("takes no indicator"));
  EXPECT_THAT(error({.column = "x"}), HasSubstr("no operation is named"));
}

TEST(FitRowsError, TheProfileAloneDoesNotDoForWhatIsLearnedFromRows) {
  const absl::Status status = FitSummary({{.column = "origin", .use = Operation::kTokens}}, FlightsSummary()).status();
  EXPECT_EQ(std::string(status.message()),
            "feature 1, tokens of column 'origin': it is learned from the rows themselves, and there are none");
}

}  // namespace
}  // namespace roost::transform
