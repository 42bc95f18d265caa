#include "predict/explanation.h"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "predict/linear.h"
#include "predict/three_classes.h"
#include "predict/trees.h"
#include "transform/test_data.h"

namespace roost::predict {
namespace {

using transform::Transform;

Transform Flights() { return *transform::FitSummary(transform::FlightsFeatures(), transform::FlightsSummary()); }

/// A row of plain values in the order of the model's inputs.
std::vector<column::Value> RowFor(const ScoringModel& model) {
  std::vector<column::Value> row;
  for (const auto& input : model.inputs()) {
    switch (input.kind) {
      case column::Kind::kNumber: row.emplace_back(300.0); break;
      case column::Kind::kTime: row.emplace_back(int64_t{988'718'400'000'000}); break;
      default: row.emplace_back(std::string_view("SFO"));
    }
  }
  return row;
}

TEST(Explanation, ContributionsAndInterceptAddUpToTheMarginOfTheOutput) {
  Transform transform = Flights();
  std::vector<double> weights(static_cast<size_t>(transform.num_features()));
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = std::sin(static_cast<double>(i));
  const ScoringModel model =
      *ScoringModel::Make(std::move(transform), *LinearPredictor::Make(Link::kLogistic, {0.25}, weights));
  const auto explanation = Explain(model, RowFor(model));
  ASSERT_TRUE(explanation.ok()) << explanation.status();
  double sum = explanation->intercepts.at(0);
  double last = INFINITY;
  for (const Contribution& contribution : explanation->contributions) {
    const double adds = contribution.value * contribution.weights.at(0);
    sum += adds;
    EXPECT_LE(std::abs(adds), last);
    last = std::abs(adds);
  }
  EXPECT_NEAR(sum, explanation->margins.at(0), 1e-12);
  EXPECT_EQ(explanation->outputs.at(0), 1 / (1 + std::exp(-explanation->margins[0])));
  EXPECT_EQ(explanation->features.size(), transform::FlightsFeatures().size());
}

TEST(Explanation, OfTreesHasTheMargin) {
  Transform transform = Flights();
  const Tree tree{.nodes = {{.feature = 0, .value = 0.5F, .left = 1, .right = 2}, {.value = -1}, {.value = 2}}};
  auto trees = TreesPredictor::Make(
      {.task = Task::kBinary, .num_features = transform.num_features(), .base_margins = {0.5F}, .trees = {tree}});
  ASSERT_TRUE(trees.ok()) << trees.status();
  const ScoringModel model = *ScoringModel::Make(std::move(transform), *trees);
  const auto explanation = Explain(model, RowFor(model));
  ASSERT_TRUE(explanation.ok()) << explanation.status();
  EXPECT_TRUE(explanation->contributions.empty());
  EXPECT_NEAR(explanation->outputs.at(0), 1 / (1 + std::exp(-explanation->margins.at(0))), 1e-6);
}

TEST(Explanation, AsJsonNamesEveryStepAndOutput) {
  Transform transform = Flights();
  const int32_t features = transform.num_features();
  const ScoringModel model = *ScoringModel::Make(std::move(transform), std::make_shared<ThreeClasses>(features),
                                                 Task::kClasses, {"early", "on time", "late"});
  const auto explanation = Explain(model, RowFor(model));
  ASSERT_TRUE(explanation.ok()) << explanation.status();
  const Json json = ToJson(*explanation);
  EXPECT_EQ(json["outputs"]["probability of late"], explanation->outputs[2]);
  EXPECT_TRUE(json["margins"].empty());
  ASSERT_EQ(json["features"].size(), explanation->features.size());
  for (size_t i = 0; i < explanation->features.size(); ++i) {
    EXPECT_EQ(json["features"][i]["use"], explanation->features[i].operation);
    EXPECT_EQ(json["features"][i]["entries"].size(), explanation->features[i].entries.size());
    EXPECT_FALSE(json["features"][i]["inputs"].empty());
  }
}

}  // namespace
}  // namespace roost::predict
