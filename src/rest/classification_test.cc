#include "rest/classification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::rest {
namespace {

using testing::ElementsAre;

serving::Tensor Output(std::vector<int64_t> shape, std::vector<double> values) {
  serving::Tensor tensor{.name = "p", .datatype = serving::Datatype::kFp64, .shape = std::move(shape)};
  for (const double value : values) tensor.Append(value);
  return tensor;
}

TEST(Classification, GreatestValuesFirstAndOfEqualOnesTheFirst) {
  const std::vector<std::string> labels{"a", "b", "c"};
  const auto classified = Classified(Output({2, 3}, {0.25, 0.5, 0.25, 0, 0, 1}), 2, labels);
  ASSERT_TRUE(classified.ok()) << classified.status();
  EXPECT_EQ(classified->shape, (std::vector<int64_t>{2, 2}));
  EXPECT_THAT(classified->texts, ElementsAre("0.5:1:b", "0.25:0:a", "1:2:c", "0:0:a"));
}

TEST(Classification, OfOneValueARowThereIsOneClass) {
  const auto classified = Classified(Output({2}, {0.25, 0.5}), 5, {});
  ASSERT_TRUE(classified.ok()) << classified.status();
  EXPECT_EQ(classified->shape, (std::vector<int64_t>{2, 1}));
  EXPECT_THAT(classified->texts, ElementsAre("0.25:0", "0.5:0"));
}

TEST(Classification, RefusesWhatIsNoNumberAndNoCount) {
  EXPECT_FALSE(Classified(Output({1}, {1}), 0, {}).ok());
  EXPECT_FALSE(Classified({.name = "class", .datatype = serving::Datatype::kBytes, .shape = {0}}, 1, {}).ok());
}

}  // namespace
}  // namespace roost::rest
