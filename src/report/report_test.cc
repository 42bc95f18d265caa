#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/compare_report.h"
#include "report/evaluation_report.h"
#include "report/feature_page.h"
#include "report/findings_for_test.h"
#include "report/measured_for_test.h"
#include "report/profile_report.h"
#include "report/runs_for_test.h"
#include "report/runs_report.h"
#include "report/summaries_for_test.h"
#include "report/validation_report.h"

namespace roost::report {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const ReportOptions kFlights{.name = "flights@2", .subtitle = "Profiled by roost 0.1.0"};

schema::Report Anomalies() {
  using schema::Anomaly;
  using schema::Rule;
  using schema::Severity;
  schema::Report report{.rows = 3'000'000};
  report.anomalies.push_back({.column = "delay",
                              .rule = Rule::kMax,
                              .message = "1,204 values are above 4000, the greatest is 9999",
                              .observed = "9999",
                              .bound = "at most 4000",
                              .samples = {{"9999", 1200}, {"4012", 4}},
                              .rows = {17, 204, 1'310'442},
                              .edit = {{"    max: 4000"}, {"    max: 9999"}}});
  report.anomalies.push_back({.column = "carrier",
                              .rule = Rule::kMissing,
                              .message = "2.4 % of the rows have no value, at most 1 % may have none",
                              .observed = "2.4 %",
                              .bound = "at most 1 %"});
  report.anomalies.push_back({.column = "origin",
                              .rule = Rule::kValues,
                              .severity = Severity::kWarning,
                              .message = "0.1 % of the values are unknown: '<b>', 'XX\x1b'",
                              .observed = "0.1 %",
                              .bound = "known values",
                              .samples = {{"<b>", 3}, {"XX\x1b", 1}, {"", 1}},
                              .edit = {{}, std::vector<std::string>(300, "      - <XX>")}});
  report.anomalies.push_back({.rule = Rule::kRows, .severity = Severity::kWarning, .message = "there are few rows"});
  return report;
}

std::vector<ColumnComparison> Comparisons() {
  using profile::Measure;
  profile::Comparison delay{.distances = {{Measure::kJensenShannon, 0.171},
                                          {Measure::kPopulationStability, 0.42},
                                          {Measure::kWasserstein, 0.31},
                                          {Measure::kKolmogorovSmirnov, 0.22, 1.3e-12}},
                            .contributors = {{"15 to 40", 0.31, 0.18}, {"-5 to 0", 0.11, 0.2}},
                            .missing_share = 0.16,
                            .baseline_missing_share = 0.02};
  profile::Comparison carrier{.distances = {{Measure::kLInfinity, 0.265},
                                            {Measure::kJensenShannon, 0.19},
                                            {Measure::kNormalizedAbsoluteDifference, 0.16},
                                            {Measure::kChiSquare, 0.37, 0}},
                              .contributors = {{"B6", 0.265, 0}, {"UA", 0, 0.17}, {"<AA>", 0.28, 0.22}}};
  profile::Comparison origin{.distances = {{Measure::kLInfinity, 0.001}, {Measure::kJensenShannon, 0.0004}},
                             .contributors = {{"LAX", 0.051, 0.052}}};
  return {{"delay", delay}, {"carrier", carrier}, {"origin", origin}, {"gone", {}}};
}

std::string FlightsPage() { return ProfileReport(Flights(), kFlights); }
std::string ComparePage() {
  return CompareReport({"flights@3", LaterFlights()}, {"flights@2", Flights()}, Comparisons(),
                       {.name = "flights@3 with flights@2"});
}
std::string EvaluationPage(const MeasuredForTest& measured) {
  return EvaluationReport(measured.view(), {.name = measured.names.front(), .subtitle = "4,000 rows of flights@1"});
}
std::string RunsComparePage() {
  const std::vector<RunText> runs = RunsForTest();
  return RunComparisonReport(std::vector<RunText>{runs[3], runs[2], runs[4], runs[0]}, {.name = "runs 2, 3, 1, 5"});
}
std::string WideComparePage(int columns) {
  const profile::ProfileSummary summary = Wide(columns);
  return CompareReport({"a", summary}, {"b", summary}, {}, {.name = "a with b"});
}

// Every page that the tests in a browser look at (tests/browser).
const std::map<std::string, std::function<std::string()>>& Pages() {
  static const std::map<std::string, std::function<std::string()>> pages{
      {"flights", FlightsPage},
      {"hostile", [] { return ProfileReport(Hostile(), {.name = "<h1>hostile</h1>\x1b", .subtitle = "</main>"}); }},
      {"hostile-compare",
       [] {
         const profile::ProfileSummary summary = Hostile();
         return CompareReport({"</a>", summary}, {"\"b\x01", summary}, {{"<b>numbers</b>", {}}}, {.name = "<i>"});
       }},
      {"wide", [] { return ProfileReport(Wide(500), {.name = "wide.parquet"}); }},
      {"very-wide", [] { return ProfileReport(Wide(10'000), {.name = "very-wide.parquet"}); }},
      {"empty", [] { return ProfileReport({}, {.name = "empty.csv"}); }},
      {"compare", ComparePage},
      {"validation",
       [] { return ValidationReport(Anomalies(), {.name = "flights@3", .subtitle = "Held against schema.yaml"}); }},
      {"evaluation", [] { return EvaluationPage(MeasuredLateFlights()); }},
      {"hostile-evaluation", [] { return EvaluationPage(MeasuredHostile()); }},
      {"evaluation-of-classes", [] { return EvaluationPage(MeasuredClasses()); }},
      {"evaluation-of-numbers", [] { return EvaluationPage(MeasuredNumber()); }},
      {"runs", [] { return RunsReport(RunsForTest(), {.name = "late-flights", .subtitle = "the pipeline's runs"}); }},
      {"run", [] { return RunReport(RunsForTest()[2], {.name = "run 3", .subtitle = "all of late-flights"}); }},
      {"runs-compare", RunsComparePage},
      {"hostile-runs", [] { return RunsReport(HostileRuns(), {.name = "<i>"}); }},
      {"features",
       [] { return FeaturePage(FindingsOfFlights(), {.name = "late-flights@3", .subtitle = "4,000 rows"}); }},
      {"hostile-features", [] { return FeaturePage(HostileFindings(), {.name = "</main>"}); }},
      {"valid", [] { return ValidationReport({.rows = 5}, {.name = "flights@2"}); }},
  };
  return pages;
}

// The page of that name, made once for all tests.
const std::string& PageNamed(const std::string& name) {
  static std::map<std::string, std::string> made;
  const auto [at, is_new] = made.try_emplace(name);
  if (is_new) at->second = Pages().at(name)();
  return at->second;
}

TEST(Report, PagesAreWrittenForTheBrowserTests) {
  const char* const named = std::getenv("ROOST_REPORT_PAGES");
  const std::string folder = named != nullptr ? named : testing::TempDir();
  for (const auto& [name, page] : Pages()) {
    std::ofstream file(folder + "/" + name + ".html", std::ios::binary);
    file << PageNamed(name);
    EXPECT_TRUE(file.flush().good()) << name;
    if (named == nullptr) std::remove((folder + "/" + name + ".html").c_str());
  }
}

TEST(Report, TheSameValuesGiveTheSameBytes) {
  for (const auto& [name, page] : Pages()) EXPECT_TRUE(page() == PageNamed(name)) << name;
}

TEST(Report, NothingIsFetchedAndOnlyItsOwnScriptRuns) {
  for (const auto& [name, page] : Pages()) {
    const std::string& html = PageNamed(name);
    EXPECT_THAT(html, HasSubstr("default-src 'none'")) << name;
    EXPECT_THAT(html, HasSubstr("script-src 'sha256-")) << name;
    for (const char* fetched : {"http://", "https://", "src=", "@import", "url("}) {
      if (name.starts_with("hostile")) break;  // its texts are such things, escaped
      EXPECT_TRUE(html.find(fetched) == std::string::npos) << name << fetched;
    }
    EXPECT_EQ(html.find("<script>"), html.rfind("<script>")) << name;
  }
}

TEST(Report, FiveHundredColumnsStayBelowOneAndAHalfMegabytesWithAllTheirDetails) {
  const std::string page = PageNamed("wide");
  EXPECT_LE(page.size(), 1'500'000u);
  EXPECT_THAT(page, Not(HasSubstr("can be unfolded")));
  EXPECT_LE(WideComparePage(500).size(), 1'500'000u);
}

TEST(Report, TenThousandColumnsTakeALineEachAndTheWorstHaveDetails) {
  const std::string page = PageNamed("very-wide");
  EXPECT_LE(page.size(), 9'000'000u);
  EXPECT_THAT(page, AllOf(HasSubstr("most suspicious columns can be unfolded"), HasSubstr("measurement_09999"),
                          HasSubstr("<details style=")));
}

TEST(Report, ASizeDoesNotDependOnRowsNorOnTheirLength) {
  profile::ProfileSummary few = Flights(), many = Flights();
  for (auto& column : many.columns) {
    column.rows *= 1000;
    column.missing *= 1000;
    if (!column.text) continue;
    for (auto& value : column.text->top) value.value += std::string(100'000, 'x');
  }
  EXPECT_LE(ProfileReport(many, kFlights).size(), ProfileReport(few, kFlights).size() * 3 / 2);
}

// The figures of a column in its details, and for each the text that shows it.
TEST(Report, EveryFigureOfAProfileIsShown) {
  const std::string page = FlightsPage();
  for (const char* figure : {"3,000,000",
                             "duplicate rows",
                             "about 0.02 %",
                             "41,560,001",
                             "2001-01-01 00:25:00",
                             "standard deviation",
                             "skewness",
                             "excess kurtosis",
                             "percentiles",
                             "all percentiles",
                             "greatest gap",
                             "rising, with repeats",
                             "with weights",
                             "weight by range",
                             "weight by value",
                             "weighted percentiles",
                             "entropy of the values",
                             "length in bytes",
                             "patterns, with an example",
                             "99.99",
                             "could be read as",
                             "times <bdi>%Y-%m-%d</bdi>",
                             "times in other formats",
                             "natural language",
                             "image formats",
                             "greatest width",
                             "1,920 px",
                             "frequent words",
                             "words a row",
                             "in the vocabulary",
                             "91 %",
                             "values a list",
                             "percentiles of the length",
                             "5,120",
                             "+infinity",
                             "holds <a href=#c",
                             "stops[]",
                             "weather.wind",
                             "origin=WLF",
                             "delay in [0, 15)",
                             "about 182,400",
                             "counts may be 1,021 too high",
                             "all missing",
                             "constant",
                             "NaN or infinity",
                             "times in several formats",
                             "numbers with exceptions",
                             "stand-ins for missing"}) {
    EXPECT_TRUE(page.find(figure) != std::string::npos) << figure;
  }
}

TEST(Report, ColumnsAreSortedByTheirSuspicionAndCarryTheirPlaceInTheData) {
  profile::ProfileSummary summary{.rows = 100};
  summary.columns = {Texts("fine", Codes(9, 100)), Texts("gone", {}, 100), Texts("also fine", Codes(9, 100)),
                     Texts("same", {{"x", 100}})};
  const std::string page = ProfileReport(summary, kFlights);
  const auto at = [&page](std::string_view name) { return page.find("<h3><bdi>" + std::string(name)); };
  EXPECT_LT(at("gone"), at("same"));
  EXPECT_LT(at("same"), at("fine"));
  EXPECT_LT(at("fine"), at("also fine"));
  EXPECT_THAT(page, HasSubstr("<details style=--o:1><summary class=row><h3><bdi>gone"));
}

TEST(Report, NoForeignTextEscapesFromItsElement) {
  const std::string page = PageNamed("hostile");
  for (const char* raw : {"<script>alert", "<img", "\" onmouseover", "' style=", "-->", "\x1b", "\u202e", "\u200b",
                          "\xff", "\uffff", "<h1>hostile"}) {
    EXPECT_TRUE(page.find(raw) == std::string::npos) << raw;
  }
  EXPECT_EQ(page.find('\0'), std::string::npos);
  for (const char* shown :
       {"&lt;script&gt;alert(1)", "return<u>\\x0d\\x1b</u>[31mred<u>\\x7f</u>", "<u>\\u{202e}</u>right to left",
        "<u>␣␣</u>blanks around<u>␣␣</u>", "<u>\\xff\\xfe</u> not UTF-8", "<bdi class=e>empty</bdi>",
        "العربية עברית 日本語 🦅", "40.0 kB"}) {
    EXPECT_TRUE(page.find(shown) != std::string::npos) << shown;
  }
  EXPECT_LE(page.size(), 1'500'000u);
}

TEST(Report, AComparisonNamesBothSidesAndSortsByDrift) {
  const std::string page = ComparePage();
  const auto at = [&page](std::string_view name) { return page.find("<h3><bdi>" + std::string(name)); };
  EXPECT_LT(at("distance"), at("carrier"));  // its type changed
  EXPECT_LT(at("carrier"), at("delay"));
  EXPECT_LT(at("delay"), at("origin"));
  for (const char* shown :
       {"type was <bdi>int64</bdi>", "values much changed", "more missing", "Only in <bdi>flights@3</bdi>", "diverted",
        "Only in <bdi>flights@2</bdi>", "gate_agent", "Jensen–Shannon divergence", "0.171", "p = 1.3e-12",
        "what differs most", "&lt;AA&gt;", "Wasserstein", "Cramér", "shares by range", "filled: <bdi>flights@3</bdi>",
        "line or hatched: <bdi>flights@2</bdi>"}) {
    EXPECT_TRUE(page.find(shown) != std::string::npos) << shown;
  }
}

TEST(Report, AValidationShowsRuleObservedBoundSamplesRowsAndEdit) {
  const std::string page = PageNamed("validation");
  for (const char* shown :
       {"<dt>errors</dt><dd>2", "<dt>warnings</dt><dd>2", "<code>max</code>", "<dt>observed<dd>9999",
        "<dt>bound<dd>at most 4000", "17, 204, 1,310,442", "<del>-     max: 4000</del>", "<ins>+     max: 9999</ins>",
        "1,200", "&#39;&lt;b&gt;&#39;", "XX\\x1b", "and 188 more lines", "and 100 more lines that are not shown",
        "there are few rows"}) {
    EXPECT_TRUE(page.find(shown) != std::string::npos) << shown;
  }
  EXPECT_THAT(PageNamed("valid"), HasSubstr("as its schema says"));
}

TEST(Report, ManyLongAnomaliesMakeAPageOfBoundedSize) {
  schema::Report report{.rows = 10};
  for (int i = 0; i < 3000; ++i) {
    report.anomalies.push_back({.column = "c",
                                .rule = schema::Rule::kValues,
                                .message = "unknown values",
                                .edit = {{}, std::vector<std::string>(500, "      - value")}});
  }
  EXPECT_LE(ValidationReport(report, kFlights).size(), 2'000'000u);
}

}  // namespace
}  // namespace roost::report
