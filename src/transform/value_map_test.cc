#include "transform/value_map.h"

#include <gtest/gtest.h>

#include "transform/test_data.h"

namespace roost::transform {
namespace {

Transform Fitted(double mean, double deviation, std::vector<profile::ValueCount> words) {
  const profile::ProfileSummary summary{
      .rows = 1'000,
      .columns = {NumberColumn("distance", 100, 2'100, mean, deviation), TextColumn("origin", std::move(words))}};
  const std::vector<FeatureSpec> features{{.column = "distance", .use = Operation::kStandardize},
                                          {.column = "distance", .use = Operation::kNumber},
                                          {.column = "origin", .use = Operation::kOrdinal}};
  auto transform = FitSummary(features, summary);
  EXPECT_TRUE(transform.ok()) << transform.status();
  return *std::move(transform);
}

double ValueOf(const Transform& transform, int32_t feature, double distance, std::string_view origin) {
  const std::vector<column::Value> row{distance, origin};
  FeatureVector entries;
  transform.ApplyRow(row, entries);
  for (size_t i = 0; i < entries.indices.size(); ++i) {
    if (entries.indices[i] == feature) return entries.values[i];
  }
  return -1;
}

TEST(ValueMap, TheValuesOfARowFollowFromThoseItHadBefore) {
  const Transform from = Fitted(700, 512.5, {{"SFO", 500}, {"LAX", 300}, {"JFK", 200}});
  const Transform to = Fitted(650, 400, {{"JFK", 600}, {"SFO", 300}, {"ATL", 100}});
  const std::vector<ValueMap> maps = MapValues(from, to);
  ASSERT_EQ(maps.size(), 3u);
  for (const ValueMap& map : maps) {
    for (const auto& [distance, origin] : {std::pair(123.0, "SFO"), std::pair(1'999.0, "JFK")}) {
      const double before = ValueOf(from, map.from, distance, origin);
      const double now = ValueOf(to, map.to, distance, origin);
      if (to.IsCategory(map.to)) {
        EXPECT_EQ(map.categories.at(static_cast<size_t>(before)), now);
      } else {
        EXPECT_NEAR(map.scale * before + map.shift, now, 1e-12);
      }
    }
  }
  EXPECT_EQ(maps.back().categories, (std::vector<int32_t>{1, -1, 0})) << "LAX is gone";
}

TEST(ValueMap, ATransformIsMappedToItself) {
  const Transform transform = Fitted(700, 512.5, {{"SFO", 500}, {"LAX", 300}});
  for (const ValueMap& map : MapValues(transform, transform)) {
    EXPECT_EQ(map.from, map.to);
    EXPECT_EQ(map.scale, 1);
    EXPECT_EQ(map.shift, 0);
  }
}

}  // namespace
}  // namespace roost::transform
