#include "transform/trace.h"

#include <gtest/gtest.h>

#include "transform/test_data.h"
#include "transform/transform.h"

namespace roost::transform {
namespace {

TEST(Trace, ShowsEachStepAndTheEntriesOfTheRow) {
  const Transform transform =
      *FitSummary({{.column = "distance", .use = Operation::kStandardize, .impute = Impute::kMean},
                   {.column = "origin", .use = Operation::kOneHot}},
                  FlightsSummary());
  const std::vector<column::Value> row = {column::Value(), std::string_view("LAX")};
  const std::vector<TracedFeature> traced = transform.Trace(row);
  ASSERT_EQ(traced.size(), 2u);
  EXPECT_EQ(traced[0].operation, "standardize");
  EXPECT_EQ(traced[0].inputs[0].value, "missing");
  ASSERT_EQ(traced[0].steps.size(), 2u);
  EXPECT_EQ(traced[0].steps[0].what, "imputed");
  EXPECT_EQ(traced[0].steps[0].value, "700");
  EXPECT_EQ(traced[0].steps[1].value, "0");
  EXPECT_EQ(traced[1].entries[0].name, "origin=LAX");
  FeatureVector features;
  transform.ApplyRow(row, features);
  size_t entry = 0;
  for (const TracedFeature& feature : traced) {
    for (const TracedFeature::Entry& one : feature.entries) {
      EXPECT_EQ(one.index, features.indices[entry]);
      EXPECT_EQ(one.value, features.values[entry++]);
    }
  }
  EXPECT_EQ(entry, features.indices.size());
}

}  // namespace
}  // namespace roost::transform
