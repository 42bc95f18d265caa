#include "registry/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost::registry {
namespace {

using testing::ElementsAre;

TEST(Records, MembersOfAnotherTypeAreNone) {
  const Json json{{"text", "a"}, {"number", 7}, {"fraction", 1.5}, {"null", nullptr}};
  EXPECT_EQ(TextMember(json, "text"), "a");
  EXPECT_EQ(TextMember(json, "number"), "");
  EXPECT_EQ(TextMember(json, "missing"), "");
  EXPECT_EQ(IntegerMember(json, "number"), 7);
  for (const char* name : {"text", "fraction", "null", "missing"}) EXPECT_EQ(IntegerMember(json, name), 0) << name;
}

TEST(Records, EachFolderIsAdoptedOnce) {
  std::vector<std::string> seen;
  const auto adopt = [&](const std::string& folder) -> absl::StatusOr<int64_t> {
    seen.push_back(folder);
    return static_cast<int64_t>(seen.size());
  };
  EXPECT_EQ(*AdoptFolders({"n/a/1", "n/a/2", "n/a/x/1", "n/b/1"}, "n", adopt), 1 + 2 + 3);
  EXPECT_THAT(seen, ElementsAre("a", "a/x", "b"));
  seen.clear();
  EXPECT_EQ(*AdoptFolders({"n/stray"}, "n", adopt), 1);
  EXPECT_THAT(seen, ElementsAre(""));
  EXPECT_EQ(*AdoptFolders({}, "n", adopt), 0);
}

TEST(Records, TheFirstErrorEnds) {
  int calls = 0;
  const auto refuse = [&](const std::string&) -> absl::StatusOr<int64_t> {
    ++calls;
    return absl::DataLossError("damaged");
  };
  EXPECT_TRUE(absl::IsDataLoss(AdoptFolders({"n/a/1", "n/b/1"}, "n", refuse).status()));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace roost::registry
