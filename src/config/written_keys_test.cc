#include "config/written_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(WrittenKeys, EveryValueHasItsWay) {
  const auto keys = WrittenKeys(R"(project: flights  # a name
model:
  trainer: {l2: 1.0}
  features:
    - {column: date, use: hour}
    - column: "1"
serve:
)",
                                "roost.yaml");
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_THAT(*keys, ElementsAre(Pair("model.features[0].column", "date"), Pair("model.features[0].use", "hour"),
                                 Pair("model.features[1].column", "\"1\""), Pair("model.trainer.l2", "1.0"),
                                 Pair("project", "flights"), Pair("serve", "")));
}

TEST(WrittenKeys, LayoutMakesNoDifference) {
  EXPECT_EQ(*WrittenKeys("a: {b: 1, c: [x, y]}\n", "f"),
            *WrittenKeys("# why\na:\n  c:\n    - x\n    - y\n  b: 1\n", "f"));
}

TEST(WrittenKeys, NothingHasNoKeys) {
  EXPECT_THAT(*WrittenKeys("", "f"), IsEmpty());
  EXPECT_THAT(*WrittenKeys("just a text\n", "f"), IsEmpty());
}

TEST(WrittenKeys, WhatIsNoYamlIsRefused) {
  EXPECT_EQ(WrittenKeys("a: [\n", "roost.yaml").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace roost::config
