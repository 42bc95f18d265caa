#include "report/evaluation_report.h"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/format.h"
#include "report/measured_for_test.h"

namespace roost::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const ReportOptions kOptions{.name = "late-flights@3", .subtitle = "4,000 rows of flights@1"};

std::string PageOf(const MeasuredForTest& measured) { return EvaluationReport(measured.view(), kOptions); }

size_t Count(const std::string& page, std::string_view text) {
  size_t count = 0;
  for (size_t at = page.find(text); at != std::string::npos; at = page.find(text, at + 1)) ++count;
  return count;
}

TEST(EvaluationReport, ShowsEveryFigureWithItsIntervalAndTheDummyBeside) {
  const MeasuredForTest measured = MeasuredLateFlights();
  const std::string page = PageOf(measured);
  for (size_t slice = 0; slice < measured.figures.size(); ++slice) {
    EXPECT_THAT(page, HasSubstr(FormatCount(measured.figures[slice].rows)));
    for (size_t metric = 0; metric < measured.metrics.size(); ++metric) {
      for (const auto& model : measured.figures[slice].models) {
        if (model[metric].value.has_value()) {
          EXPECT_TRUE(page.find(FormatNumber(*model[metric].value)) != std::string::npos) << slice << " " << metric;
        }
      }
      const evaluate::Estimate& difference = measured.figures[slice].differences[0][metric];
      if (const auto interval = difference.At(0.95); interval.has_value()) {
        EXPECT_THAT(page, HasSubstr(FormatNumber(interval->low) + " to " + FormatNumber(interval->high)));
      }
    }
  }
  for (const char* shown :
       {"Evaluation of late-flights@3", "compared with", "differences to <bdi>late-flights@1</bdi>",
        "differences to <bdi>dummy</bdi>", "class=better>better", "above, solid: <bdi>late-flights@3</bdi>",
        "below, dashed: <bdi>late-flights@2</bdi>", "a positive row scores above a negative one", "2 left out",
        "origin=HNL", "130, too many values"}) {
    EXPECT_TRUE(page.find(shown) != std::string::npos) << shown;
  }
}

TEST(EvaluationReport, ShowsDecisionsTheirThresholdsAndWhatTheyAreWorth) {
  const MeasuredForTest measured = MeasuredLateFlights();
  const std::string page = PageOf(measured);
  for (const char* shown : {"0.4 <small>model.threshold of its roost.yaml</small>", "0.4 <small>the default</small>",
                            "where acting breaks even<dd>0.2", "true positive<dd>4", "false positive<dd>-1",
                            "value of all rows", "best for these rows", "if only these rows are acted on",
                            "Value a row by decision threshold", "<th scope=row>10 %"}) {
    EXPECT_TRUE(page.find(shown) != std::string::npos) << shown;
  }
  const evaluate::Flips& flips = *measured.changes[0][0].flips;
  EXPECT_THAT(page, HasSubstr(fmt::format("<td>{} <small>", FormatCount(flips.changed()))));
  EXPECT_THAT(page, HasSubstr(fmt::format("<td>{}<td><svg", FormatCount(flips.lost))));
  EXPECT_THAT(page, HasSubstr(fmt::format("</svg><td>{}<td>", FormatCount(flips.gained))));
}

TEST(EvaluationReport, DrawsCurvesAndTheCalibrationOfEachSlice) {
  const MeasuredForTest measured = MeasuredLateFlights();
  const std::string page = PageOf(measured);
  for (const char* shown :
       {"ROC: what is found", "Precision and recall", "Gains: what is found", "what is predicted happens"}) {
    EXPECT_TRUE(page.find(shown) != std::string::npos) << shown;
  }
  EXPECT_EQ(Count(page, "chart small"), measured.slices.slices.size() - 1);
  EXPECT_THAT(page, HasSubstr(FormatNumber(measured.calibration[0][0][0].positive_rate)));
}

TEST(EvaluationReport, NoForeignTextEscapesFromItsElement) {
  const MeasuredForTest measured = MeasuredHostile();
  const std::string page =
      EvaluationReport(measured.view(), {.name = "<h1>hostile</h1>\x1b", .subtitle = "</main><script>alert(3)"});
  for (const char* raw : {"<script>alert", "<img", "\" onmouseover", "<b>now", "\x1b", "\u202e", "\xff", "<i>hit",
                          "'<u>'", "</table></section></main>", "<style>*", "<h1>hostile"}) {
    EXPECT_TRUE(page.find(raw) == std::string::npos) << raw;
  }
  EXPECT_EQ(page.find('\0'), std::string::npos);
  EXPECT_EQ(Count(page, "<script>"), 1u);
  EXPECT_EQ(Count(page, "</main>"), 1u);
  for (const char* shown : {"origin=&lt;script&gt;alert(1)", "<u>\\x1b</u>[31mred", "<u>\\u{202e}</u>right to left",
                            "<u>\\xff\\xfe</u> raw", "<bdi class=e>empty</bdi>", "&lt;b&gt;now&lt;/b&gt;"}) {
    EXPECT_TRUE(page.find(shown) != std::string::npos) << shown;
  }
}

TEST(EvaluationReport, ClassesHaveATableOfTheirOwnAndNoCurves) {
  const MeasuredForTest measured = MeasuredClasses();
  const std::string page = PageOf(measured);
  EXPECT_THAT(page, HasSubstr("each class against all others"));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;bus&lt;/b&gt;"));
  EXPECT_THAT(page, HasSubstr("difference to <bdi>dummy</bdi>"));
  for (const char* other : {"id=curves", "id=calibration", "id=changes", "id=decisions", "below, dashed"}) {
    EXPECT_THAT(page, Not(HasSubstr(other)));
  }
}

TEST(EvaluationReport, NumbersHaveQuantilesOfTheirErrorsAndManySlicesAreCut) {
  const MeasuredForTest measured = MeasuredNumber();
  const std::string page = PageOf(measured);
  EXPECT_LE(page.size(), 1'600'000u);
  EXPECT_THAT(page, HasSubstr("predicted minus true"));
  EXPECT_THAT(page, HasSubstr("id=changes"));
  EXPECT_THAT(page, Not(HasSubstr("<th scope=col>gained")));
  EXPECT_THAT(page, HasSubstr("and 101 more slices"));
  EXPECT_THAT(page, Not(HasSubstr("id=curves")));
}

TEST(EvaluationReport, OneSliceAndNothingButFiguresIsAPage) {
  const MeasuredForTest measured = MeasuredLateFlights();
  MeasuredModels bare{.names = measured.names, .metrics = measured.metrics};
  bare.slices = std::span(measured.slices.slices).first(1);
  bare.figures = std::span(measured.figures).first(1);
  const std::string page = EvaluationReport(bare, kOptions);
  EXPECT_THAT(page, HasSubstr("id=all"));
  for (const char* other : {"id=slices", "id=changes", "id=curves", "id=calibration"}) {
    EXPECT_THAT(page, Not(HasSubstr(other)));
  }
}

}  // namespace
}  // namespace roost::report
