#include "report/feature_page.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/findings_for_test.h"

namespace roost::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const ReportOptions kOptions{.name = "late-flights@3", .subtitle = "4,000 rows of flights@1"};

TEST(FeaturePage, ShowsWhatEachIsWorthAndCosts) {
  const std::string page = FeaturePage(FindingsOfFlights(), kOptions);
  for (const char* shown :
       {"Features of late-flights@3", "<b><bdi>date hour</bdi></b>", "of <bdi>date</bdi>", "class=better>needed",
        "class=worse>harmful", "epsilon", "no gain", "0.0209<br><small>0.0199 to 0.0219</small>", "<td>31<td>25<td>",
        "only repeats <bdi>miles standardize</bdi>", "the solver did not come to an end",
        "may be lost</dt><dd>0.002</dd>", "can go</dt><dd>3</dd>"}) {
    EXPECT_TRUE(page.find(shown) != std::string::npos) << shown;
  }
}

TEST(FeaturePage, TheMostNeededComesFirstAndWhatWasNotTriedLast) {
  const std::string page = FeaturePage(FindingsOfFlights(), kOptions);
  const auto at = [&](const char* name) { return page.find(std::string("<b><bdi>") + name); };
  EXPECT_LT(at("date hour"), at("origin one_hot"));
  EXPECT_LT(at("distance standardize"), at("miles standardize"));
  EXPECT_LT(at("miles standardize"), at("destination one_hot"));
}

TEST(FeaturePage, SaysWhatCanGoAtOnceWhatRepeatsAndWhatWasNotTried) {
  const std::string page = FeaturePage(FindingsOfFlights(), kOptions);
  EXPECT_THAT(page, HasSubstr("<bdi>origin one_hot</bdi>, <bdi>miles standardize</bdi>"));
  EXPECT_THAT(page, HasSubstr("<li><bdi>distance standardize</bdi>, <bdi>miles standardize</bdi>"));
  EXPECT_THAT(page, HasSubstr("id=not-tried"));
  evaluate::FeatureFindings findings = FindingsOfFlights();
  findings.features.pop_back();
  findings.order = {0, 1, 2, 3, 4};
  findings.groups.clear();
  findings.together.reset();
  const std::string bare = FeaturePage(findings, kOptions);
  EXPECT_THAT(bare, Not(HasSubstr("id=not-tried")));
  EXPECT_THAT(bare, Not(HasSubstr("id=repeat")));
  EXPECT_THAT(bare, HasSubstr("No two features can go together"));
}

TEST(FeaturePage, NoForeignTextEscapesFromItsElement) {
  const std::string page = FeaturePage(HostileFindings(), {.name = "<h1>hostile</h1>", .subtitle = ""});
  for (const char* raw : {"<script>alert", "<img", "\" onmouseover", "<b>now", "\x1b", "\xe2\x80\xae", "\xff",
                          "</table></section></main>", "<style>*", "<h1>hostile"}) {
    EXPECT_TRUE(page.find(raw) == std::string::npos) << raw;
  }
}

TEST(FeaturePage, LongListsAreCutAndThatIsSaid) {
  evaluate::FeatureFindings findings = FindingsOfFlights();
  findings.features.resize(1'234, findings.features.front());
  EXPECT_THAT(FeaturePage(findings, kOptions), HasSubstr("and 234 more features"));
}

}  // namespace
}  // namespace roost::report
