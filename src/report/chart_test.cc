#include "report/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/intervals.h"

namespace roost::report {
namespace {

using evaluate::Estimate;
using evaluate::Tendency;
using ::testing::DoubleNear;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pointwise;

TEST(RoundNumbers, AreStepsOfOneTwoOrFive) {
  EXPECT_THAT(RoundNumbers(0, 1, 5), Pointwise(DoubleNear(1e-12), {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}));
  EXPECT_THAT(RoundNumbers(-0.3, 0.13, 4), Pointwise(DoubleNear(1e-12), {-0.2, 0.0}));
  EXPECT_THAT(RoundNumbers(0, 37'000, 4), Pointwise(DoubleNear(1e-6), {0.0, 1e4, 2e4, 3e4}));
  EXPECT_THAT(RoundNumbers(1, 1, 5), IsEmpty());
  EXPECT_THAT(RoundNumbers(2, 1, 5), IsEmpty());
}

TEST(Chart, PointsLieWhereTheAxesPutThem) {
  const Chart chart{.caption_html = "<b>two</b>",
                    .label = "a label",
                    .x = {.name = "across"},
                    .y = {.name = "up", .high = 2},
                    .lines = {{"now", {{0, 0}, {1, 2}, {5, -5}}, true}},
                    .upright = 0.5};
  const std::string html = ChartFigure(chart);
  // The axes run from (52, 208) to (328, 8); what is beyond them lies on their ends.
  EXPECT_THAT(html, HasSubstr("d=\"M52 208L328 8L328 208\""));
  EXPECT_THAT(html, HasSubstr("<circle class=now cx=328 cy=8 r=\"3\"/>"));
  EXPECT_THAT(html, HasSubstr("class=mark d=\"M190 8V208\""));
  EXPECT_THAT(html, HasSubstr("aria-label=\"a label\""));
  EXPECT_THAT(html, HasSubstr("<figcaption><b>two</b></figcaption>"));
  EXPECT_THAT(html, HasSubstr(">across</text>"));
  EXPECT_THAT(html, HasSubstr(">1.5</text>"));
}

TEST(Chart, IsNothingWithoutALine) {
  EXPECT_EQ(ChartFigure({.lines = {{"ideal", {{0, 0}, {1, 1}}}, {"now", {{0.5, 0.5}}}}}), "");
  EXPECT_THAT(ChartFigure({.lines = {{"now", {{0, 0}, {1, 1}}}}, .is_small = true}), HasSubstr("chart small"));
}

TEST(Intervals, LieOnTheSharedAxis) {
  Extent extent;
  EXPECT_TRUE(extent.is_empty());
  extent.Add(0.0);
  extent.Add(std::optional<double>());
  extent.Add(10.0);
  EXPECT_EQ(extent.low(), 0);
  EXPECT_EQ(extent.high(), 10);
  EXPECT_EQ(extent.At(5), 50);
  EXPECT_EQ(extent.At(-100), extent.At(0));
  const Estimate estimate{5, 1, 1e9};
  const std::string drawing = EstimatesDrawing(extent, {estimate}, {3.0, 10.0}, 0.95);
  EXPECT_THAT(drawing, HasSubstr("<path class=now d=\"M31.2 8H68.8\"/>"));  // 5 +- 1.96 of 10 on 96
  EXPECT_THAT(drawing, HasSubstr("<path class=\"now tick\" d=\"M50 5v6\"/>"));
  EXPECT_THAT(drawing, HasSubstr("<path class=dummy d=\"M98 0v16\"/>"));
  EXPECT_THAT(drawing, HasSubstr("<path class=linear d=\"M30.8 0v16\"/>"));
  EXPECT_THAT(EstimatesDrawing(extent, {estimate, estimate}, {}, 0.95), HasSubstr("class=\"other tick\""));
  EXPECT_EQ(EstimatesDrawing(extent, {Estimate()}, {std::nullopt}, 0.95), "");
}

TEST(Intervals, ADifferenceStandsBesideZero) {
  Extent extent;
  extent.Add(0.0);
  extent.Add(Estimate{2, 0.5, 1e9}, 0.95);
  const std::string drawing = DifferenceDrawing(extent, {2, 0.5, 1e9}, Tendency::kWorse, 0.95);
  EXPECT_THAT(drawing, HasSubstr("<path class=zero d=\"M2 0v16\"/>"));
  EXPECT_THAT(drawing, HasSubstr("class=worse"));
  EXPECT_THAT(DifferenceDrawing(extent, {2, std::nullopt, 0}, Tendency::kUnclear, 0.95), Not(HasSubstr("class=now")));
  EXPECT_EQ(DifferenceDrawing(extent, {}, Tendency::kUnclear, 0.95), "");
}

TEST(Intervals, AnAxisOfOneValueHasItInTheMiddle) {
  Extent extent;
  extent.Add(3.0);
  EXPECT_EQ(extent.At(3), 50);
}

}  // namespace
}  // namespace roost::report
