#include "serving/version_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::serving {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'000'000);

// Versions whose identities are "a" and so on where nothing else is said.
std::vector<ListedVersion> Listed(const std::vector<int64_t>& numbers, const std::string& identity = "a") {
  std::vector<ListedVersion> versions;
  for (const int64_t number : numbers) versions.push_back({number, identity});
  return versions;
}

std::vector<int64_t> Numbers(const std::vector<ListedVersion>& versions) {
  std::vector<int64_t> numbers;
  for (const ListedVersion& version : versions) numbers.push_back(version.version);
  return numbers;
}

TEST(VersionPolicy, SaysWhichVersionsAreWanted) {
  const ListedModel model{.versions = Listed({1, 2, 5, 9}), .aliases = {{"champion", 2}, {"next", 9}, {"lost", 4}}};
  struct Case {
    VersionPolicy policy;
    std::vector<int64_t> wanted, absent;
  };
  const std::vector<Case> cases = {
      {{}, {}, {}},
      {{.latest = 1}, {9}, {}},
      {{.latest = 2}, {5, 9}, {}},
      {{.latest = 100}, {1, 2, 5, 9}, {}},
      {{.all = true}, {1, 2, 5, 9}, {}},
      {{.versions = {5, 1}}, {1, 5}, {}},
      {{.versions = {1, 3, 8}}, {1}, {3, 8}},
      {{.aliases = {"champion"}}, {2}, {}},
      {{.aliases = {"champion", "next"}}, {2, 9}, {}},
      {{.aliases = {"lost"}}, {}, {4}},
      {{.aliases = {"unknown"}}, {}, {}},
      {{.latest = 1, .versions = {1}, .aliases = {"champion", "next"}}, {1, 2, 9}, {}},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    const DesiredVersions desired = DesiredOf(model, cases[i].policy);
    EXPECT_EQ(Numbers(desired.versions), cases[i].wanted) << "case " << i;
    EXPECT_EQ(desired.absent, cases[i].absent) << "case " << i;
  }
  EXPECT_THAT(DesiredOf({}, {.latest = 3}).versions, IsEmpty());
}

TEST(VersionPolicy, ARetiredVersionIsWantedOnlyByItsName) {
  ListedModel model{.versions = Listed({1, 2, 5, 9}), .aliases = {{"champion", 5}}};
  model.versions[2].retired = model.versions[3].retired = true;
  EXPECT_THAT(Numbers(DesiredOf(model, {.latest = 1}).versions), ElementsAre(2));
  EXPECT_THAT(Numbers(DesiredOf(model, {.latest = 9}).versions), ElementsAre(1, 2));
  EXPECT_THAT(Numbers(DesiredOf(model, {.all = true}).versions), ElementsAre(1, 2));
  EXPECT_THAT(Numbers(DesiredOf(model, {.versions = {9}, .aliases = {"champion"}}).versions), ElementsAre(5, 9));
  for (ListedVersion& version : model.versions) version.retired = true;
  EXPECT_THAT(DesiredOf(model, {.latest = 1, .all = true}).versions, IsEmpty());
}

TEST(VersionPlan, LoadsWhatIsWantedTheHighestFirst) {
  EXPECT_EQ(PlanVersions(Listed({1, 4, 6}), {}, kNow), (VersionPlan{.load = Listed({6, 4, 1})}));
  EXPECT_EQ(PlanVersions(Listed({1, 4}), {{4, {.loaded = "a"}}}, kNow), (VersionPlan{.load = Listed({1})}));
  EXPECT_EQ(PlanVersions(Listed({4}, "b"), {{4, {.loaded = "a"}}}, kNow), (VersionPlan{.load = Listed({4}, "b")}))
      << "its package is another now";
  EXPECT_EQ(PlanVersions(Listed({4}), {{4, {.loaded = "a"}}}, kNow), VersionPlan());
}

TEST(VersionPlan, WhatIsLoadedStaysUntilWhatIsWantedIs) {
  const HeldVersion loaded{.loaded = "a"};
  const HeldVersion broken{.failed = "a", .retry_at = kNow + absl::Seconds(5)};
  struct Case {
    std::vector<int64_t> wanted;
    std::map<int64_t, HeldVersion> held;
    std::vector<int64_t> drop;
  };
  const std::vector<Case> cases = {
      {{2}, {{1, loaded}}, {}},                               // 2 is to be loaded first
      {{2}, {{1, loaded}, {2, loaded}}, {1}},                 //
      {{2}, {{1, loaded}, {2, broken}}, {}},                  // 1 answers for it
      {{3}, {{1, loaded}, {2, loaded}, {3, broken}}, {1}},    // one stays, the highest
      {{2, 3}, {{1, loaded}, {2, loaded}, {3, broken}}, {}},  // as many as are wanted
      {{2, 3}, {{0, loaded}, {1, loaded}, {2, loaded}, {3, broken}}, {0}},
      {{}, {{1, loaded}, {2, loaded}}, {1, 2}},  // the model is not wanted at all
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(PlanVersions(Listed(cases[i].wanted), cases[i].held, kNow).drop, cases[i].drop) << "case " << i;
  }
}

TEST(VersionPlan, WhatFailedIsTriedAgainWhenItIsAnotherOrItsTimeHasCome) {
  const std::map<int64_t, HeldVersion> held = {{4, {.failed = "a", .retry_at = kNow}}};
  EXPECT_THAT(PlanVersions(Listed({4}), held, kNow - absl::Nanoseconds(1)).load, IsEmpty());
  EXPECT_THAT(Numbers(PlanVersions(Listed({4}), held, kNow).load), ElementsAre(4));
  EXPECT_THAT(Numbers(PlanVersions(Listed({4}, "b"), held, kNow - absl::Hours(1)).load), ElementsAre(4));
  EXPECT_THAT(PlanVersions({}, held, kNow).forget, ElementsAre(4));
  const std::map<int64_t, HeldVersion> both = {
      {4, {.loaded = "a", .failed = "b", .retry_at = kNow + absl::Seconds(1)}}};
  EXPECT_THAT(PlanVersions(Listed({4}, "b"), both, kNow).load, IsEmpty()) << "the older package goes on serving";
}

}  // namespace
}  // namespace roost::serving
