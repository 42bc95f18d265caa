#include "base/json_members.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost {
namespace {

TEST(JsonMembers, WhatIsNoTextIsEmpty) {
  const Json object{{"a", "b"}, {"n", 1}};
  EXPECT_EQ(TextMember(object, "a"), "b");
  EXPECT_EQ(TextMember(object, "n"), "");
  EXPECT_EQ(TextMember(object, "x"), "");
  EXPECT_EQ(TextMember(Json(), "a"), "");
  EXPECT_EQ(TextMember(Json("a"), "a"), "");
  EXPECT_EQ(TextMember(Json::array({"a"}), "a"), "");
}

TEST(JsonMembers, NoNumberIsNull) {
  EXPECT_EQ(ToLine(OrNull(std::nullopt)), "null");
  EXPECT_EQ(ToLine(OrNull(0.5)), "0.5");
}

}  // namespace
}  // namespace roost
