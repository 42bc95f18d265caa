#include "api/linear_baseline.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost::api {
namespace {

TEST(LinearBaseline, WhyThereIsNoneIsKept) {
  const LinearBaseline none{.model = std::nullopt, .absent = "no column is of use"};
  const auto read = LinearBaseline::FromJson(none.ToJson());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->model.has_value());
  EXPECT_EQ(read->absent, "no column is of use");
}

TEST(LinearBaseline, OtherJsonIsRefused) {
  for (const Json& json : {Json(nullptr), Json(3), Json::array(), Json{{"absent", 3}}, Json{{"version", 99}}}) {
    EXPECT_EQ(LinearBaseline::FromJson(json).status().code(), absl::StatusCode::kInvalidArgument) << json.dump();
  }
}

}  // namespace
}  // namespace roost::api
