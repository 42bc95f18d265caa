#include "pipeline/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace roost::pipeline {
namespace {

StepKey KeyWith(const std::string& data) {
  return {.step = Step::kTrain, .configuration = {{"model.label", "late"}}, .inputs = {{"data", {"", data}}}};
}

TEST(Steps, NamesComeBack) {
  for (const Step step : kAllSteps) EXPECT_EQ(*ParseStep(StepName(step)), step);
  for (const StepState state : {StepState::kDone, StepState::kRefused, StepState::kSkipped, StepState::kWaits,
                                StepState::kToDo, StepState::kNotDone}) {
    EXPECT_EQ(StateOfName(StateName(state)), state);
  }
  EXPECT_EQ(StateOfName("finished"), std::nullopt);
  EXPECT_EQ(HintOf(ParseStep("trains").status()), "did you mean 'train'?");
  EXPECT_EQ(HintOf(ParseStep("x").status()), "the steps are ingest, validate, assert, train, evaluate, gate, release");
}

TEST(Steps, ASelectionIsOfOneOrOfAll) {
  for (const Step step : kAllSteps) {
    EXPECT_TRUE(IsSelected({}, step));
    EXPECT_FALSE(IsDoneAnew({}, step));
    EXPECT_EQ(IsSelected({.only = Step::kTrain}, step), step == Step::kTrain);
    EXPECT_TRUE(IsSelected({.from = Step::kTrain}, step));
    EXPECT_EQ(IsDoneAnew({.from = Step::kTrain}, step), step >= Step::kTrain);
  }
}

TEST(Decide, WhatIsKnownIsTaken) {
  EXPECT_EQ(Decide({.key = KeyWith("a"), .known = 3, .last = KeyWith("b")}), (Decision{true, "as in run 3"}));
}

TEST(Decide, WhatIsGoneIsMadeAnew) {
  EXPECT_EQ(Decide({.key = KeyWith("a"), .known = 3, .gone = "late@1 is gone"}), (Decision{false, "late@1 is gone"}));
}

TEST(Decide, WhatIsNewIsExplainedByTheLastRun) {
  EXPECT_EQ(Decide({.key = KeyWith("a")}), (Decision{false, "for the first time"}));
  EXPECT_EQ(Decide({.key = KeyWith("a"), .last = KeyWith("b")}),
            (Decision{false, "data changed, configuration the same"}));
}

TEST(Decide, WhatIsAskedForIsDone) {
  EXPECT_EQ(Decide({.key = KeyWith("a"), .known = 3, .anew = true}), (Decision{false, "asked for with --from"}));
}

TEST(Decide, NothingIsDoneWhereAllIsSettled) {
  EXPECT_EQ(Decide({.key = KeyWith("a"), .anew = true, .settled = "it is so"}), (Decision{true, "it is so"}));
}

TEST(Decide, InputsThatAreNotThereYetDecideNothing) {
  EXPECT_EQ(Decide({.last = KeyWith("b"), .anew = true}), (Decision{false, "takes what a step before it is to make"}));
}

TEST(DecideRelease, ABlessedVersionReplacesTheChampion) {
  EXPECT_TRUE(DecideRelease({.model = "late@2", .has_champion = true}).promote);
}

TEST(DecideRelease, AFirstOneWaitsForAPerson) {
  EXPECT_EQ(DecideRelease({.model = "late@1"}),
            (ReleaseDecision{false, "there is no champion that late@1 was held against, so a person releases it"}));
}

TEST(DecideRelease, OneThatNobodyJudgedWaitsForAPerson) {
  EXPECT_EQ(DecideRelease({.model = "late@1", .gate = StepState::kSkipped, .has_champion = true}),
            (ReleaseDecision{false, "roost.yaml has no gate, so a person releases late@1"}));
}

TEST(DecideRelease, OneThatWasTakenBackStaysBack) {
  const ReleaseDecision decision =
      DecideRelease({.model = "late@2", .has_champion = true, .left_as_champion = "2024-05-01T00:00:00Z"});
  EXPECT_EQ(decision,
            (ReleaseDecision{false, "late@2 was champion until 2024-05-01T00:00:00Z, so a person brings it back"}));
}

TEST(DecideRelease, OneThatTheGateCouldNotJudgeWaitsForAPerson) {
  EXPECT_EQ(DecideRelease({.model = "late@2", .gate = StepState::kWaits, .has_champion = true}),
            (ReleaseDecision{false,
                             "there are no rows on which late@2 can be held against the champion, so a person "
                             "releases it"}));
}

TEST(DecideRelease, OneThatIsHeldWaitsForAPerson) {
  EXPECT_EQ(DecideRelease({.model = "late@2", .has_champion = true, .hold = "it is Friday"}),
            (ReleaseDecision{false, "it is Friday"}));
}

}  // namespace
}  // namespace roost::pipeline
