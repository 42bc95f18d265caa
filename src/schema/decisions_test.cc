#include "schema/decisions.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace roost::schema {
namespace {

constexpr int64_t kToday = 11'473;  // 2001-05-31

Report Broken() {
  return {.rows = 10,
          .anomalies = {{.column = "delay", .rule = Rule::kType, .message = "text", .observed = "text"},
                        {.column = "delay",
                         .rule = Rule::kBand,
                         .severity = Severity::kWarning,
                         .message = "the mean is 9",
                         .observed = "9",
                         .detail = "mean"},
                        {.column = "origin",
                         .rule = Rule::kValues,
                         .severity = Severity::kWarning,
                         .message = "1 new value",
                         .observed = "1 % new"}}};
}

Decision Snooze(const Anomaly& anomaly) {
  Decision decision = DecideOn(anomaly, Action::kSnooze, "ann", "a holiday", kToday);
  decision.until_day = kToday + 7;
  return decision;
}

TEST(Decisions, ASnoozedAnomalyCountsNoMoreUntilItsDay) {
  const Decision snooze = Snooze(Broken().anomalies[0]);
  Report report = Broken();
  ApplyDecisions(report, {&snooze, 1}, {.day = kToday + 7});
  EXPECT_EQ(report.Count(Severity::kError), 0);
  EXPECT_EQ(report.CountDecided(), 1);
  EXPECT_EQ(report.anomalies[0].decided, "snoozed by ann until 2001-06-07: a holiday");
  Report later = Broken();
  ApplyDecisions(later, {&snooze, 1}, {.day = kToday + 8});
  EXPECT_EQ(later.Count(Severity::kError), 1);
}

TEST(Decisions, ASnoozeMayEndWithAVersion) {
  Decision snooze = DecideOn(Broken().anomalies[2], Action::kSnooze, "ann", "", kToday);
  snooze.until_version = 7;
  for (const auto& [version, count] :
       std::vector<std::pair<std::optional<int64_t>, int64_t>>{{7, 1}, {8, 2}, {{}, 2}}) {
    Report report = Broken();
    ApplyDecisions(report, {&snooze, 1}, {.day = kToday, .version = version});
    EXPECT_EQ(report.Count(Severity::kWarning), count);
  }
}

TEST(Decisions, ASnoozedWarningThatBecomesAnErrorCountsAgain) {
  const Decision snooze = Snooze(Broken().anomalies[1]);
  Report report = Broken();
  report.anomalies[1].severity = Severity::kError;
  ApplyDecisions(report, {&snooze, 1}, {.day = kToday});
  EXPECT_EQ(report.Count(Severity::kError), 2);
}

TEST(Decisions, ADecisionIsAboutOneDetailAndOneDataset) {
  Decision snooze = Snooze(Broken().anomalies[1]);
  snooze.dataset = "flights";
  Report report = Broken();
  report.anomalies.push_back(report.anomalies[1]);
  report.anomalies.back().detail = "p50";
  Report other = report;
  ApplyDecisions(report, {&snooze, 1}, {.dataset = "flights", .day = kToday});
  EXPECT_EQ(report.CountDecided(), 1);
  ApplyDecisions(other, {&snooze, 1}, {.dataset = "trains", .day = kToday});
  EXPECT_EQ(other.CountDecided(), 0);
}

TEST(Decisions, WhatIsRefusedIsAnErrorAndStandsFirst) {
  const std::vector<Decision> decisions = {Snooze(Broken().anomalies[2]),
                                           DecideOn(Broken().anomalies[2], Action::kRefuse, "bob", "a typo", kToday)};
  Report report = Broken();
  ApplyDecisions(report, decisions, {.day = kToday});
  EXPECT_EQ(report.Count(Severity::kError), 2);
  EXPECT_EQ(report.anomalies[1].message, "1 new value; refused by bob on 2001-05-31: a typo");
}

TEST(Decisions, WhatWasAcceptedAndIsBrokenAgainIsNew) {
  const Decision accept = DecideOn(Broken().anomalies[0], Action::kAccept, "ann", "", kToday);
  Report report = Broken();
  ApplyDecisions(report, {&accept, 1}, {.day = kToday});
  EXPECT_EQ(report.Count(Severity::kError), 1);
}

TEST(Decisions, AreTextForReview) {
  Decision snooze = Snooze(Broken().anomalies[1]);
  snooze.dataset = "flights";
  snooze.until_version = 9;
  const std::vector<Decision> decisions = {snooze,
                                           DecideOn(Broken().anomalies[0], Action::kRefuse, "bob: x", "", kToday)};
  const std::string text = DecisionsToYaml(decisions);
  EXPECT_EQ(text, R"(# What was decided on anomalies: written by 'roost schema accept', 'refuse' and 'snooze'.
version: 1

decisions:
  - action: snooze
    dataset: flights
    column: delay
    rule: band
    detail: mean
    person: ann
    reason: a holiday
    day: 2001-05-31
    until_day: 2001-06-07
    until_version: 9
    severity: warning
    observed: "9"

  - action: refuse
    column: delay
    rule: type
    person: "bob: x"
    day: 2001-05-31
    severity: error
    observed: text
)");
  const auto read = DecisionsFromYaml(text, "schema-decisions.yaml");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, decisions);
  const auto none = DecisionsFromYaml(DecisionsToYaml({}), "schema-decisions.yaml");
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->empty());
}

TEST(Decisions, ARefusedFileNamesTheLine) {
  const auto message = [](std::string_view lines) {
    const auto read = DecisionsFromYaml("version: 1\ndecisions:\n" + std::string(lines), "d.yaml");
    return std::string(read.status().message());
  };
  EXPECT_EQ(message("  - {action: snooze, rule: tpye, person: a, day: 2001-05-31}\n"),
            "d.yaml:3: there is no rule 'tpye'");
  EXPECT_EQ(message("  - {action: snooze, rule: type, person: a, day: May}\n"),
            "d.yaml:3: want a date such as 2001-05-31, got 'May'");
  EXPECT_EQ(message("  - {action: snooze, rule: type, day: 2001-05-31}\n"),
            "d.yaml:3: key 'person' is missing: who decided");
}

TEST(Decisions, DaysAreDates) {
  for (const int64_t day : {-800'000, -1, 0, 11'473, 100'000}) EXPECT_EQ(*DayOfText(DayText(day)), day);
  EXPECT_EQ(DayText(0), "1970-01-01");
  EXPECT_FALSE(DayOfText("2001-02-30").ok());
}

TEST(Decisions, ADayHasAYearOfTheCalendar) {
  EXPECT_EQ(*DayOfText("9999-12-31"), 2'932'896);
  EXPECT_EQ(DayText(*DayOfText("0001-01-01")), "0001-01-01");
  for (const std::string_view text : {"9223372036854775807-01-01", "-9223372036854775808-12-31", "10000-01-01"}) {
    EXPECT_FALSE(DayOfText(text).ok()) << text;
  }
}

}  // namespace
}  // namespace roost::schema
