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

}  // namespace
}  // namespace roost::schema
