#include "mlflow/call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::mlflow {
namespace {

using ::testing::ElementsAre;

TEST(Call, HasTheParametersOfItsQuery) {
  const auto call =
      ReadCall("GET", "/api/2.0/mlflow/model-versions/search", "filter=name%3D%27a+b%27&x&order_by=1&order_by=2", "");
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_TRUE(call->is_get());
  EXPECT_EQ(call->Text("filter"), "name='a b'");
  EXPECT_EQ(call->Text("x"), "");
  EXPECT_THAT(call->lists.at("order_by"), ElementsAre("1", "2"));
  EXPECT_EQ(*call->Required("filter"), "name='a b'");
  EXPECT_FALSE(call->Required("x").ok());
}

TEST(Call, HasTheMembersOfItsBody) {
  const auto call = ReadCall("POST", "/a%2Fb", "", R"({"name": "late", "version": 3, "stages": ["None"], "no": null})");
  ASSERT_TRUE(call.ok()) << call.status();
  EXPECT_EQ(call->path, "/a/b");
  EXPECT_EQ(call->Text("version"), "3");
  EXPECT_THAT(call->lists.at("stages"), ElementsAre("None"));
  EXPECT_EQ(call->Text("no"), "");
  EXPECT_EQ(*call->Integer("version", 1, 1, 9), 3);
  EXPECT_EQ(*call->Integer("max_results", 7, 1, 9), 7);
  EXPECT_FALSE(call->Integer("version", 1, 1, 2).ok());
  EXPECT_FALSE(call->Integer("name", 1, 1, 2).ok());
}

TEST(Call, RefusesWhatCannotBeRead) {
  EXPECT_FALSE(ReadCall("GET", "/%4", "", "").ok());
  EXPECT_FALSE(ReadCall("GET", "/", "a=%zz", "").ok());
  EXPECT_FALSE(ReadCall("POST", "/", "", "[1]").ok());
  EXPECT_FALSE(ReadCall("POST", "/", "", "{").ok());
}

}  // namespace
}  // namespace roost::mlflow
