#include "transform/feature_map.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "column/builder.h"
#include "profile/profile.h"

namespace roost::transform {
namespace {

// Rows of one month: other months have other means, words and counts.
column::OwnedBatch Month(int month, size_t rows = 300) {
  std::mt19937 random(static_cast<uint32_t>(month));
  std::vector<std::optional<double>> distances, delays;
  std::vector<std::optional<std::string>> origins, remarks;
  std::vector<std::optional<int64_t>> times;
  for (size_t row = 0; row < rows; ++row) {
    distances.push_back(static_cast<double>(random() % 2'000) / 7 + 50 * month);
    delays.push_back(static_cast<double>(random() % 100) * (1 + 0.1 * month) - 20);
    origins.push_back("A" + std::to_string(random() % 5 + static_cast<uint32_t>(month)));
    remarks.push_back("w" + std::to_string(random() % (4 + static_cast<uint32_t>(month))) + " w0 late");
    times.push_back(static_cast<int64_t>(random()) * 1'000'000);
  }
  column::BatchBuilder builder;
  builder.Numbers("distance", distances).Numbers("delay", delays).Texts("origin", origins);
  return builder.Texts("remark", remarks).Times("date", times).Build();
}

Transform Fitted(const TransformSpec& spec, const column::OwnedBatch& batch) {
  ThreadPool pool(1);
  profile::Profile profile;
  EXPECT_TRUE(profile.Add(batch.view()).ok());
  const profile::ProfileSummary summary = profile.Summarize();
  const std::vector<column::BatchView> batches = {batch.view()};
  auto transform = Transform::Fit(spec, {.summary = summary, .batches = batches}, {.pool = &pool});
  EXPECT_TRUE(transform.ok()) << transform.status();
  return *std::move(transform);
}

Transform Fitted(std::vector<FeatureSpec> features, int month) {
  return Fitted({.derived = {}, .features = std::move(features)}, Month(month));
}

std::vector<FeatureSpec> AllKinds() {
  return {{.column = "distance", .use = Operation::kStandardize, .indicator = true},
          {.column = "distance", .use = Operation::kBucketize},
          {.column = "distance", .use = Operation::kMinMax},
          {.column = "delay", .use = Operation::kPolynomial, .degree = 3},
          {.column = "delay", .use = Operation::kNumber},
          {.column = "origin", .use = Operation::kOneHot, .unknown_buckets = 3},
          {.column = "origin", .use = Operation::kOrdinal},
          {.column = "origin", .use = Operation::kHash, .hash_buckets = 16},
          {.column = "remark", .use = Operation::kTokens, .weight = TokenWeight::kTfIdf},
          {.columns = {"origin", "remark"}, .use = Operation::kCross},
          {.column = "date", .use = Operation::kHour},
          {.column = "date", .use = Operation::kCyclic, .period = Period::kMonth},
          {.column = "date", .use = Operation::kAge, .since = "2000-01-01"}};
}

int32_t FeatureOf(const Transform& transform, const std::string& name) {
  for (int32_t feature = 0; feature < transform.num_features(); ++feature) {
    if (transform.FeatureName(feature) == name) return feature;
  }
  ADD_FAILURE() << "no feature " << name;
  return 0;
}

// The terms of a feature by the names of the old ones.
std::vector<std::pair<std::string, double>> TermsOf(const Transform& from, const Transform& to,
                                                    const std::string& name) {
  const FeatureMap map = MapFeatures(from, to);
  std::vector<std::pair<std::string, double>> terms;
  for (const WeightTerm& term : map.TermsOf(FeatureOf(to, name))) {
    terms.emplace_back(from.FeatureName(term.from), term.factor);
  }
  return terms;
}
using Terms = std::vector<std::pair<std::string, double>>;

std::vector<double> RandomWeights(int32_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> weights(static_cast<size_t>(count));
  for (double& weight : weights) weight = normal(random);
  return weights;
}

std::vector<double> Margins(const Transform& transform, const std::vector<double>& weights, double intercept,
                            const column::BatchView& batch) {
  ThreadPool pool(1);
  const auto rows = transform.ApplyBatch(batch, {.pool = &pool});
  EXPECT_TRUE(rows.ok()) << rows.status();
  std::vector<double> margins;
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    double margin = intercept;
    for (int64_t i = rows->starts[static_cast<size_t>(row)]; i < rows->starts[static_cast<size_t>(row) + 1]; ++i) {
      margin +=
          weights[static_cast<size_t>(rows->indices[static_cast<size_t>(i)])] * rows->values[static_cast<size_t>(i)];
    }
    margins.push_back(margin);
  }
  return margins;
}

// The scores of random weights over `from` are those of the mapped weights over `to`.
void ExpectSameScores(const Transform& from, const Transform& to, const column::BatchView& batch) {
  const std::vector<double> old = RandomWeights(from.num_features(), 5);
  const auto start = ApplyMap(MapFeatures(from, to), old, std::vector<double>{0.25});
  ASSERT_TRUE(start.ok()) << start.status();
  const std::vector<double> wanted = Margins(from, old, 0.25, batch);
  const std::vector<double> got = Margins(to, start->weights, start->intercepts.at(0), batch);
  for (size_t row = 0; row < wanted.size(); ++row)
    ASSERT_NEAR(got[row], wanted[row], 1e-12 * (1 + std::abs(wanted[row]))) << "row " << row;
}

TEST(FeatureMap, OfATransformToItselfIsTheIdentity) {
  const Transform transform = Fitted(AllKinds(), 1);
  const FeatureMap map = MapFeatures(transform, transform);
  for (int32_t feature = 0; feature < transform.num_features(); ++feature) {
    ASSERT_EQ(map.TermsOf(feature).size(), 1U) << transform.FeatureName(feature);
    EXPECT_EQ(map.TermsOf(feature)[0], (WeightTerm{feature, 1.0})) << transform.FeatureName(feature);
  }
  EXPECT_TRUE(map.intercept.empty());
  EXPECT_EQ(map.mapped, transform.num_features());
  EXPECT_EQ(map.approximate, 0);
  EXPECT_EQ(map.new_features, 0);
  EXPECT_EQ(map.dropped, 0);
  const std::vector<double> weights = RandomWeights(transform.num_features(), 1);
  const auto start = ApplyMap(map, weights, std::vector<double>{2.5});
  ASSERT_TRUE(start.ok()) << start.status();
  EXPECT_EQ(start->weights, weights);
  EXPECT_EQ(start->intercepts, std::vector<double>{2.5});
}

TEST(FeatureMap, OtherMeansAndDeviationsGiveTheSameScores) {
  for (const Operation use : {Operation::kStandardize, Operation::kNumber}) {
    const std::vector<FeatureSpec> features = {{.column = "distance", .use = use}, {.column = "delay", .use = use}};
    ExpectSameScores(Fitted(features, 1), Fitted(features, 4), Month(2).view());
  }
  const std::vector<FeatureSpec> others = {{.column = "date", .use = Operation::kAge, .since = "2000-01-01"},
                                           {.column = "date", .use = Operation::kHour},
                                           {.column = "delay", .use = Operation::kPolynomial, .degree = 4},
                                           {.column = "distance", .use = Operation::kStandardize, .log = true}};
  ExpectSameScores(Fitted(others, 1), Fitted(others, 4), Month(4).view());
  std::vector<FeatureSpec> higher = others;
  higher[2].degree = 5;
  ExpectSameScores(Fitted(others, 1), Fitted(higher, 4), Month(4).view());
}

TEST(FeatureMap, MinMaxIsExactWithinBothRanges) {
  const std::vector<FeatureSpec> features = {{.column = "distance", .use = Operation::kMinMax}};
  const Transform narrow = Fitted(features, 1);
  ExpectSameScores(narrow, Fitted({.derived = {}, .features = features}, Month(1, 3'000)), Month(1).view());
}

TEST(FeatureMap, RarerWordsOfTextsKeepTheirEffect) {
  const std::vector<FeatureSpec> features = {
      {.column = "remark", .use = Operation::kTokens, .min_count = 1, .weight = TokenWeight::kTfIdf}};
  ExpectSameScores(Fitted(features, 1), Fitted(features, 4), Month(1).view());  // whose words both know
}

TEST(FeatureMap, WordsAreFoundByNameAndNewOnesBeginWithZeroOrTheMean) {
  const std::vector<FeatureSpec> features = {{.column = "distance", .use = Operation::kStandardize},
                                             {.column = "origin", .use = Operation::kOneHot}};
  const Transform from = Fitted(features, 1);     // A1 to A5
  const Transform to = Fitted({features[1]}, 3);  // A3 to A7
  EXPECT_EQ(TermsOf(from, to, "origin=A4"), (Terms{{"origin=A4", 1.0}}));
  EXPECT_EQ(TermsOf(from, to, "origin=A7"), Terms{});
  EXPECT_EQ(TermsOf(from, to, "origin missing"), (Terms{{"origin missing", 1.0}}));
  EXPECT_EQ(TermsOf(from, to, "origin unknown 0"), (Terms{{"origin unknown 0", 1.0}}));
  const FeatureMap map = MapFeatures(from, to);
  EXPECT_EQ(map.mapped, 5);        // A3, A4, A5, unknown and missing
  EXPECT_EQ(map.new_features, 2);  // A6, A7
  EXPECT_EQ(map.dropped, 3);       // distance, A1, A2

  std::vector<double> old(static_cast<size_t>(from.num_features()), 0.0);
  for (int word = 1; word <= 5; ++word)
    old[static_cast<size_t>(FeatureOf(from, "origin=A" + std::to_string(word)))] = word;
  const auto mean = ApplyMap(MapFeatures(from, to, NewWords::kFieldMean), old, std::vector<double>{0});
  ASSERT_TRUE(mean.ok()) << mean.status();
  EXPECT_NEAR(mean->weights[static_cast<size_t>(FeatureOf(to, "origin=A7"))], 3, 1e-14);
  EXPECT_EQ(mean->weights[static_cast<size_t>(FeatureOf(to, "origin=A3"))], 3);
  const auto zero = ApplyMap(map, old, std::vector<double>{0});
  EXPECT_EQ(zero->weights[static_cast<size_t>(FeatureOf(to, "origin=A7"))], 0);
  EXPECT_EQ(zero->mapped, 5);
}

TEST(FeatureMap, HashesAreMappedOnlyWhereTheirNumberAgrees) {
  const auto with = [](int64_t unknown, int64_t hashes) {
    return Fitted({{.column = "origin", .use = Operation::kOneHot, .unknown_buckets = unknown},
                   {.column = "origin", .use = Operation::kHash, .hash_buckets = hashes}},
                  1);
  };
  const FeatureMap map = MapFeatures(with(2, 8), with(3, 9));
  EXPECT_EQ(map.mapped, 5 + 1 + 1);  // the words and the two of missing values
  EXPECT_EQ(map.new_features, 3 + 9);
  EXPECT_EQ(map.dropped, 2 + 8);
}

TEST(FeatureMap, OtherBucketsTakeTheOneThatHoldsTheirMiddle) {
  const auto with = [](std::vector<double> borders) {
    return Fitted({{.column = "distance", .use = Operation::kBucketize, .borders = std::move(borders)}}, 1);
  };
  const Transform from = with({100, 200, 300});
  const Transform to = with({100, 220, 240});
  EXPECT_EQ(TermsOf(from, to, "distance < 100"), (Terms{{"distance < 100", 1.0}}));
  EXPECT_EQ(TermsOf(from, to, "distance in [100, 220)"), (Terms{{"distance in [100, 200)", 1.0}}));
  EXPECT_EQ(TermsOf(from, to, "distance in [220, 240)"), (Terms{{"distance in [200, 300)", 1.0}}));
  EXPECT_EQ(TermsOf(from, to, "distance >= 240"), (Terms{{"distance in [200, 300)", 1.0}}));
  EXPECT_EQ(TermsOf(from, to, "distance missing"), (Terms{{"distance missing", 1.0}}));
  EXPECT_EQ(MapFeatures(from, to).approximate, 4);
  EXPECT_EQ(TermsOf(with({150}), with({120}), "distance >= 120"), (Terms{{"distance < 150", 1.0}}));
}

TEST(FeatureMap, NumbersOfOtherStepsAreApproximateOrNew) {
  const auto with = [](FeatureSpec spec) {
    spec.column = "distance";
    spec.use = Operation::kStandardize;
    return Fitted({spec}, 1);
  };
  const FeatureMap clipped = MapFeatures(with({}), with({.clip_high = 150.0}));
  EXPECT_EQ(clipped.mapped, 1);
  EXPECT_EQ(clipped.approximate, 1);
  EXPECT_EQ(MapFeatures(with({}), with({.log = true})).new_features, 1);
}

TEST(FeatureMap, DerivedColumnsAreToldByTheirExpression) {
  const auto with = [](const std::string& first, const std::string& name) {
    return Fitted({.derived = {{name, first}, {"twice", name + " * 2"}},
                   .features = {{.column = "twice", .use = Operation::kNumber}}},
                  Month(1));
  };
  EXPECT_EQ(MapFeatures(with("distance + 1", "more"), with("distance + 1", "more")).mapped, 1);
  EXPECT_EQ(MapFeatures(with("distance + 1", "more"), with("distance + 2", "more")).new_features, 1);
}

TEST(FeatureMap, ClassesAreFoundByName) {
  const std::vector<std::string> old_names = {"late", "early", "lost"};
  const std::vector<std::string> names = {"new", "lost", "late"};
  const std::vector<int32_t> classes = MapClasses(old_names, names);
  EXPECT_EQ(classes, (std::vector<int32_t>{-1, 2, 0}));
  const Transform transform = Fitted({{.column = "delay", .use = Operation::kNumber}}, 1);
  const FeatureMap map = MapFeatures(transform, transform);
  const std::vector<double> weights = {1, 2, 3}, intercepts = {10, 20, 30};
  const auto start = ApplyMap(map, weights, intercepts, classes);
  ASSERT_TRUE(start.ok()) << start.status();
  EXPECT_EQ(start->weights, (std::vector<double>{0, 3, 1}));
  EXPECT_EQ(start->intercepts, (std::vector<double>{0, 30, 10}));
  EXPECT_EQ(start->new_classes, 1);

  EXPECT_FALSE(ApplyMap(map, weights, std::vector<double>{1}).ok());
  EXPECT_FALSE(ApplyMap(map, {}, {}).ok());
  EXPECT_EQ(ApplyMap(map, weights, intercepts, std::vector<int32_t>{3}).status(),
            absl::InvalidArgumentError("a warm start from class 3 of 3 classes"));
}

}  // namespace
}  // namespace roost::transform
