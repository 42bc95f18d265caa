#include "pipeline/span.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::pipeline {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum SpanState;

TEST(Span, StatesHaveNames) {
  for (const SpanState state : {kNew, kApart, kRunning, kDone, kRefused, kOld}) {
    EXPECT_EQ(SpanStateOfName(SpanStateName(state)), state);
  }
  EXPECT_EQ(SpanStateOfName("gone"), std::nullopt);
}

TEST(Span, AWindowHasWhatWasDoneAndWhatIsRun) {
  const std::vector<Span> spans{{"1", kDone}, {"2", kRefused}, {"3", kDone}, {"4", kOld}, {"5"}, {"6"}};
  EXPECT_THAT(WindowOf(spans, {"5"}, std::nullopt), ElementsAre("1", "3", "5"));
  EXPECT_THAT(WindowOf(spans, {"5", "6"}, std::nullopt), ElementsAre("1", "3", "5", "6"));
  EXPECT_THAT(WindowOf(spans, {}, std::nullopt), ElementsAre("1", "3"));
}

TEST(Span, ARollingWindowForgets) {
  const std::vector<Span> spans{{"1", kDone}, {"2", kDone}, {"3", kDone}, {"4"}};
  EXPECT_THAT(WindowOf(spans, {"4"}, 2), ElementsAre("3", "4"));
  EXPECT_THAT(WindowOf(spans, {"4"}, 9), ElementsAre("1", "2", "3", "4"));
}

TEST(Span, ASpanThatWasMendedTakesItsPlaceAgain) {
  const std::vector<Span> spans{{"1", kDone}, {"2"}, {"3", kDone}};
  EXPECT_THAT(WindowOf(spans, {"2"}, std::nullopt), ElementsAre("1", "2", "3"));
  EXPECT_THAT(WindowOf(spans, {"2"}, 1), ElementsAre("3")) << "it is too old";
}

TEST(Span, InABackfillWhatIsBehindIsNotThereYet) {
  const std::vector<Span> spans{{"1"},        {"2", kDone, true}, {"3", kNew, true}, {"4", kNew, true},
                                {"5", kDone}, {"6", kRefused}};
  EXPECT_THAT(WindowOf(spans, {"3"}, std::nullopt), ElementsAre("1", "2", "3"));
  EXPECT_THAT(WindowOf(spans, {"4"}, 2), ElementsAre("3", "4"));
}

TEST(Span, ABackfillReleasesNothingThatIsOlderThanWhatWasLearnedFrom) {
  const std::vector<Span> spans{{"1", kNew, true}, {"2", kDone}, {"3", kRefused}};
  EXPECT_FALSE(MayRelease(spans, {"1"}));
  EXPECT_TRUE(MayRelease(spans, {"2"}));
  EXPECT_TRUE(MayRelease(spans, {}));
  EXPECT_FALSE(MayRelease({{"1", kNew, true}, {.name = "2", .is_backfill = true, .was_run = true}}, {"1"}));
  EXPECT_TRUE(MayRelease({{"1", kNew, true}, {.name = "2", .is_backfill = true}}, {"1"}));
}

TEST(Span, ARangeHasBothEndsAndMayLackThem) {
  const std::vector<Span> spans{{"in/2013-01.csv"}, {"in/2013-02.csv"}, {"in/2013-03.csv"}};
  EXPECT_THAT(SpansIn(spans, "in/2013-02", "in/2013-03"), ElementsAre("in/2013-02.csv", "in/2013-03.csv"));
  EXPECT_THAT(SpansIn(spans, "", "in/2013-01.csv"), ElementsAre("in/2013-01.csv"));
  EXPECT_THAT(SpansIn(spans, "in/2013-03", ""), ElementsAre("in/2013-03.csv"));
  EXPECT_THAT(SpansIn(spans, "in/2014", ""), IsEmpty());
}

}  // namespace
}  // namespace roost::pipeline
