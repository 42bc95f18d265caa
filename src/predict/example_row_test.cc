#include "predict/example_row.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "predict/three_classes.h"
#include "transform/test_data.h"

namespace roost::predict {
namespace {

Json ExampleOf(const std::vector<transform::FeatureSpec>& features) {
  transform::Transform transform = *transform::FitSummary(features, transform::FlightsSummary());
  const int32_t num_features = transform.num_features();
  return ExampleRow(*ScoringModel::Make(std::move(transform), std::make_shared<ThreeClasses>(num_features),
                                        Task::kClasses, {"a", "b", "c"}));
}

TEST(ExampleRow, ShowsWhatTheTransformLearned) {
  using enum transform::Operation;
  EXPECT_EQ(ToLine(ExampleOf({{.column = "distance", .use = kStandardize},
                              {.column = "delay", .use = kMinMax},
                              {.column = "origin", .use = kOneHot},
                              {.column = "date", .use = kHour}})),
            R"({"distance":700,"delay":50,"origin":"SFO","date":"2001-05-01T13:45:00Z"})");
}

TEST(ExampleRow, ShowsPlainValuesWhereNothingWasLearned) {
  using enum transform::Operation;
  EXPECT_EQ(ToLine(ExampleOf({{.column = "distance", .use = kNumber}, {.column = "origin", .use = kHash}})),
            R"({"distance":1,"origin":"a"})");
}

}  // namespace
}  // namespace roost::predict
