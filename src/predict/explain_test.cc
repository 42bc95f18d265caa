#include "predict/explain.h"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "predict/logistic.h"
#include "transform/test_data.h"

namespace roost::predict {
namespace {

using transform::Operation;
using transform::Transform;

// distance (standardized, mean 700, deviation 512.5); destination: LAX, SFO, unknown, missing.
Transform SmallTransform() {
  const std::vector<transform::FeatureSpec> features = {{.column = "distance", .use = Operation::kStandardize},
                                                        {.column = "destination", .use = Operation::kOneHot}};
  return *Transform::Fit(features, transform::FlightsSummary());
}

ScoringModel SmallModel() {
  return *ScoringModel::Make(SmallTransform(), *LogisticPredictor::Make(1, {2, 3, -5, 0, 7}));
}

TEST(Explain, ContributionsComeByFallingMagnitude) {
  const std::vector<column::Value> row = {1'212.5, std::string_view("SFO")};
  const auto contributions = Explain(SmallModel(), row);
  ASSERT_TRUE(contributions.ok()) << contributions.status();
  ASSERT_EQ(contributions->size(), 2u);
  const Contribution& first = contributions->front();
  EXPECT_EQ(first.feature, "destination=SFO");
  EXPECT_EQ(first.value, 1.0);
  EXPECT_EQ(first.weight, -5.0);
  EXPECT_EQ(first.contribution, -5.0);
  const Contribution& second = contributions->back();
  EXPECT_EQ(second.feature, "distance");
  EXPECT_EQ(second.value, 1.0);
  EXPECT_EQ(second.contribution, 2.0);
}

TEST(Explain, TogetherWithTheInterceptTheyAreTheMargin) {
  const ScoringModel model = SmallModel();
  for (const double distance : {-1e6, 0.0, 250.0, 4'000.0}) {
    const std::vector<column::Value> row = {distance, std::string_view("LAX")};
    double margin = 1;
    const auto contributions = *Explain(model, row);
    for (const Contribution& contribution : contributions) margin += contribution.contribution;
    transform::FeatureVector scratch;
    EXPECT_NEAR(1 / (1 + std::exp(-margin)), model.ScoreRow(row, scratch), 1e-12) << distance;
  }
}

TEST(Explain, FeaturesThatAreZeroAreLeftOut) {
  const std::vector<column::Value> row = {std::monostate(), std::monostate()};
  const auto contributions = *Explain(SmallModel(), row);
  ASSERT_EQ(contributions.size(), 1u);
  EXPECT_EQ(contributions.front().feature, "destination missing");
}

class Constant final : public Predictor {
 public:
  double Score(const transform::FeatureVector&) const override { return 0.5; }
  int32_t num_features() const override { return 5; }
  std::string kind() const override { return "constant"; }
  Json ToJson() const override { return {{"kind", "constant"}}; }
};

TEST(Explain, APredictorWithoutWeightsIsUnimplemented) {
  const ScoringModel model = *ScoringModel::Make(SmallTransform(), std::make_shared<Constant>());
  const std::vector<column::Value> row = {1.0, std::string_view("LAX")};
  EXPECT_EQ(Explain(model, row).status().code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace roost::predict
