#include "schema/render.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost::schema {
namespace {

Report Broken() {
  return {.rows = 50'000,
          .anomalies = {{.column = "delay",
                         .rule = Rule::kType,
                         .severity = Severity::kError,
                         .message = "text where the schema wants an integer",
                         .observed = "text",
                         .bound = "integer",
                         .samples = {{"late", 2}},
                         .rows = {17, 1033},
                         .edit = {.removed = {"type: integer"}, .added = {"type: text"}}},
                        {.column = "origin\x1b",
                         .rule = Rule::kValues,
                         .severity = Severity::kWarning,
                         .message = "12 new values in 40 of 50,000 rows (0.08 %)",
                         .observed = "0.08 % new",
                         .bound = "at most 0 % new",
                         .edit = {.added = std::vector<std::string>(12, "    - XYZ")}},
                        {.message = "the data has no rows"}}};
}

TEST(RenderReport, TextNamesNumbersRowsAndEdit) {
  EXPECT_EQ(ToText(Broken()), R"(error: delay: text where the schema wants an integer
    in rows 17, 1,033
    - type: integer
    + type: text
warning: origin\x1b: 12 new values in 40 of 50,000 rows (0.08 %)
    +     - XYZ
    +     - XYZ
    +     - XYZ
    +     - XYZ
    +     - XYZ
    +     - XYZ
    +     - XYZ
    + ... 5 more lines
error: the data has no rows
2 errors, 1 warning
)");
  EXPECT_EQ(ToText({}), "0 errors, 0 warnings\n");
}

// Of rules of one's own, of columns in types, of people.
TEST(RenderReport, NothingForeignSpeaksToTheTerminal) {
  const std::string hostile = "\x1b[2J\xc2\x9b";
  Report report{.anomalies = {{.column = hostile,
                               .rule = Rule::kCustom,
                               .message = hostile,
                               .edit = {.removed = {hostile}, .added = {hostile}},
                               .detail = hostile},
                              {.message = "few", .decided = hostile}}};
  for (const std::string& text : {ToText(report), ToGitHub(report, hostile), EditText(report.anomalies[0].edit)}) {
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
    EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos) << text;
    EXPECT_NE(text.find("\\x1b[2J\\xc2\\x9b"), std::string::npos) << text;
  }
}

TEST(RenderReport, JsonHasTheSame) {
  Report report = Broken();
  report.anomalies.resize(1);
  EXPECT_EQ(roost::ToText(ToJson(report)), R"({
  "rows": 50000,
  "errors": 1,
  "warnings": 0,
  "anomalies": [
    {
      "severity": "error",
      "column": "delay",
      "rule": "type",
      "message": "text where the schema wants an integer",
      "observed": "text",
      "bound": "integer",
      "samples": [
        {
          "value": "late",
          "count": 2
        }
      ],
      "rows": [
        17,
        1033
      ],
      "edit": {
        "removed": [
          "type: integer"
        ],
        "added": [
          "type: text"
        ]
      }
    }
  ]
}
)");
}

TEST(RenderReport, JsonHasWhatIsKnownBesides) {
  Report report = {.rows = 10,
                   .anomalies = {{.column = "delay",
                                  .rule = Rule::kDrift,
                                  .severity = Severity::kWarning,
                                  .detail = "jensen_shannon",
                                  .broken = 3,
                                  .broken_is_exact = false,
                                  .tfx = "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH",
                                  .decided = "snoozed by ann"}},
                   .distances = {{.column = "delay", .observed = 0.25, .max = 0.125, .p_value = 0.5, .broken = true}}};
  const Json json = ToJson(report);
  const Json& anomaly = json["anomalies"][0];
  EXPECT_EQ(anomaly["detail"], "jensen_shannon");
  EXPECT_EQ(anomaly["broken"], 3);
  EXPECT_EQ(anomaly["broken_is_exact"], false);
  EXPECT_EQ(anomaly["tfx"], "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH");
  EXPECT_EQ(anomaly["decided"], "snoozed by ann");
  EXPECT_EQ(json["decided"], 1);
  EXPECT_EQ(json["warnings"], 0);
  EXPECT_EQ(ToLine(json["distances"]),
            R"([{"column":"delay","against":"drift","measure":"jensen_shannon","observed":0.25,"max":0.125,)"
            R"("p_value":0.5,"broken":true}])");
}

Report ForMachines() {
  Report report = Broken();
  report.anomalies[1].edit.added.resize(1);
  report.anomalies[1].detail = "a<b";
  report.anomalies[2].decided = "snoozed by ann";
  return report;
}

TEST(RenderReport, WhatWasDecidedOnIsOneLine) {
  const std::string text = ToText(ForMachines());
  EXPECT_NE(text.find("decided: the data has no rows (snoozed by ann)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("1 error, 1 warning, 1 decided\n"), std::string::npos) << text;
}

TEST(RenderReport, JUnitFailsForErrorsOnly) {
  EXPECT_EQ(ToJUnit(ForMachines(), "may & june.csv"),
            R"x(<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="may &amp; june.csv" tests="3" failures="1" errors="0">
    <testcase classname="may &amp; june.csv" name="delay: type">
      <failure type="type" message="text where the schema wants an integer">)x"
            R"x(text where the schema wants an integer&#10;rows 17, 1033&#10;- type: integer&#10;+ type: text</failure>
    </testcase>
    <testcase classname="may &amp; june.csv" name="origin)x"
            "\xef\xbf\xbd"
            R"x(: values (a&lt;b)">
      <system-out>warning: 12 new values in 40 of 50,000 rows (0.08 %)&#10;+     - XYZ</system-out>
    </testcase>
    <testcase classname="may &amp; june.csv" name="rows">
      <system-out>error: the data has no rows (snoozed by ann)</system-out>
    </testcase>
  </testsuite>
</testsuites>
)x");
  EXPECT_EQ(ToJUnit({}, "may.csv"), R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="may.csv" tests="1" failures="0" errors="0">
    <testcase classname="may.csv" name="schema"/>
  </testsuite>
</testsuites>
)");
}

TEST(RenderReport, GitHubGetsOneCommandALine) {
  Report report = ForMachines();
  report.anomalies[0].message = "100 % late";
  report.anomalies[1].column = "a,b:c";
  EXPECT_EQ(ToGitHub(report, "may.csv"),
            "::error title=delay%3A type::may.csv: 100 %25 late%0Arows 17, 1033%0A- type: integer%0A+ type: text\n"
            "::warning title=a%2Cb%3Ac%3A values (a<b)::may.csv: 12 new values in 40 of 50,000 rows (0.08 %25)"
            "%0A+     - XYZ\n"
            "::notice title=rows::may.csv: the data has no rows (snoozed by ann)\n");
  EXPECT_EQ(ToGitHub({}, "may.csv"), "");
}

}  // namespace
}  // namespace roost::schema
