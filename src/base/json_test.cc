#include "base/json.h"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost {
namespace {

TEST(Json, KeepsOrderAndBits) {
  Json json;
  json["zebra"] = 0.1 + 0.2;
  json["ant"] = std::numeric_limits<double>::denorm_min();
  const Json read = *ParseJson(ToLine(json), "test");
  EXPECT_EQ(ToLine(read), ToLine(json));
  EXPECT_EQ(read["zebra"].get<double>(), 0.1 + 0.2);
  EXPECT_EQ(read["ant"].get<double>(), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(read.begin().key(), "zebra");
}

TEST(Json, TellsWhatIsNotJson) {
  const absl::Status status = ParseJson("{\"a\": ", "model.json").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("model.json: not JSON"), std::string::npos) << status;
}

TEST(Json, WrongBytesAreReplaced) { EXPECT_EQ(ToLine(Json(std::string("a\xff"))), "\"a\xEF\xBF\xBD\""); }

}  // namespace
}  // namespace roost
