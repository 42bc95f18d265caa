#include "report/runs_report.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/runs_for_test.h"

namespace roost::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const ReportOptions kOptions{.name = "late-flights", .subtitle = "the pipeline's runs"};

// What stands from `begin` to the next `end`.
std::string Between(const std::string& page, const std::string& begin, const std::string& end) {
  const size_t at = page.find(begin);
  if (at == std::string::npos) return "";
  return page.substr(at, page.find(end, at) - at);
}

size_t Count(const std::string& page, const std::string& text) {
  size_t count = 0;
  for (size_t at = page.find(text); at != std::string::npos; at = page.find(text, at + 1)) ++count;
  return count;
}

TEST(RunsReport, ShowsWhoRanWhatWhenAndWhatCameOfIt) {
  const std::string page = RunsReport(RunsForTest(), kOptions);
  for (const char* shown :
       {"<bdi>only train</bdi>", "by <bdi>ada</bdi>", "late-flights@3", "<b class=better>blessed</b>",
        "0.4492<br><small>dummy 0.4694</small>", "flights has no column &#39;origni&#39;", "train done",
        "2026-11-30<br><small>14:20:23Z</small>"}) {
    EXPECT_TRUE(page.find(shown) != std::string::npos) << shown;
  }
  EXPECT_EQ(Count(page, "<figure class=\"chart\">"), 2U);  // precision was never defined
  EXPECT_EQ(Count(page, "<details class=p>"), 5U);
}

TEST(RunsReport, WithoutRunsSaysSoInItsHeading) {
  EXPECT_THAT(RunsReport({}, kOptions), HasSubstr("<dt>runs</dt><dd>0</dd>"));
}

TEST(RunReport, ShowsMetricsBesideTheDummyAndWhatAPersonMustSee) {
  const std::string page = RunReport(RunsForTest()[0], kOptions);
  for (const char* shown :
       {"<td>0.4561<td>0.4694<td>-0.0133", "at_least 0.95 is broken</bdi>\n  <bdi>of &lt;origin&gt;</bdi>\n</pre>",
        "model.trainer.l2", "train parent", "What gate found"}) {
    EXPECT_TRUE(page.find(shown) != std::string::npos) << shown;
  }
  EXPECT_THAT(page, Not(HasSubstr("id=curves")));
}

TEST(RunReport, DrawsTheCurvesOfItsModel) {
  const std::string page = RunReport(RunsForTest()[2], kOptions);
  EXPECT_THAT(page, HasSubstr("ROC: what is found"));
  EXPECT_THAT(page, HasSubstr("run 3: late-flights@3"));
}

TEST(RunComparisonReport, FoldsWhatIsTheSame) {
  const std::vector<RunText> runs = RunsForTest();
  const std::vector<RunText> two{runs[3], runs[2]};
  const std::string page = RunComparisonReport(two, kOptions);
  const std::string parameters = Between(page, "id=parameters", "</section>");
  const std::string differs = Between(parameters, "what differs", "<details");
  const std::string same = Between(parameters, "<details", "</details>");
  EXPECT_THAT(differs, HasSubstr("model.trainer.l2"));
  EXPECT_THAT(differs, Not(HasSubstr("model.trainer.kind")));
  EXPECT_THAT(same, HasSubstr("model.trainer.kind"));
  EXPECT_THAT(Between(page, "id=metrics", "</section>"), HasSubstr("0.4492<br><small>-0.0011</small>"));
  EXPECT_THAT(page, HasSubstr("dashed: <bdi>run 3: late-flights@3"));
}

TEST(RunComparisonReport, TellsWhyARunHasNoCurves) {
  const std::vector<RunText> runs = RunsForTest();
  EXPECT_THAT(RunComparisonReport(std::vector<RunText>{runs[4], runs[2], runs[3]}, kOptions),
              HasSubstr("Of run 1 no curves are drawn: <bdi>rows of flights@1 were erased</bdi>"));
}

TEST(RunComparisonReport, SaysWhereNothingDiffersAndWhereAValueIsMissing) {
  const std::vector<RunText> runs = RunsForTest();
  const std::string same = RunComparisonReport(std::vector<RunText>{runs[2], runs[2]}, kOptions);
  EXPECT_EQ(Count(same, "Nothing differs."), 3U);
  const std::string failed = RunComparisonReport(std::vector<RunText>{runs[2], runs[1]}, kOptions);
  EXPECT_THAT(Between(failed, "id=parameters", "</section>"), HasSubstr("<td><bdi>linear</bdi><td>–"));
}

TEST(RunsReport, NoForeignTextEscapesFromItsElement) {
  const std::vector<RunText> runs = HostileRuns();
  for (const std::string& page :
       {RunsReport(runs, kOptions), RunReport(runs[0], kOptions), RunComparisonReport(runs, kOptions)}) {
    for (const char* escaped : {"<b onclick", "<key>", "<input>", "<i>", "\x1b"}) {
      EXPECT_TRUE(page.find(escaped) == std::string::npos) << escaped;
    }
  }
}

}  // namespace
}  // namespace roost::report
