#include "profile/render.h"

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "column/builder.h"
#include "profile/profile.h"
#include "profile/testing.h"

namespace roost::profile {
namespace {

constexpr const char* kGoldenJson = R"({
  "rows": 3,
  "duplicate_share": 0.0,
  "duplicate_share_is_exact": true,
  "columns": [
    {
      "name": "date",
      "type": "timestamp[us, UTC]",
      "rows": 3,
      "missing": 1,
      "distinct": 2,
      "distinct_is_exact": true,
      "number": {
        "finite": 2,
        "zeros": 0,
        "negative": 0,
        "nan": 0,
        "positive_infinity": 0,
        "negative_infinity": 0,
        "min": 978307200.0,
        "max": 978393600.5,
        "mean": 978350400.25,
        "standard_deviation": 43200.25,
        "skewness": 0.0,
        "kurtosis": -2.0,
        "percentiles": 101,
        "histogram": 10,
        "first": "2001-01-01T00:00:00Z",
        "last": "2001-01-02T00:00:00.5Z",
        "order": {
          "rises": 1,
          "falls": 0,
          "repeats": 0,
          "greatest_gap": 86400.5,
          "ascending": true,
          "descending": false,
          "strict": true
        }
      }
    },
    {
      "name": "delay",
      "type": "int64",
      "rows": 3,
      "missing": 0,
      "distinct": 3,
      "distinct_is_exact": true,
      "number": {
        "finite": 3,
        "zeros": 0,
        "negative": 1,
        "nan": 0,
        "positive_infinity": 0,
        "negative_infinity": 0,
        "min": -3.0,
        "max": 14.0,
        "mean": 6.0,
        "standard_deviation": 6.97614984548545,
        "skewness": -0.21207286075598486,
        "kurtosis": -1.5,
        "percentiles": 101,
        "histogram": 10,
        "order": {
          "rises": 2,
          "falls": 0,
          "repeats": 0,
          "greatest_gap": 10.0,
          "ascending": true,
          "descending": false,
          "strict": true
        }
      }
    },
    {
      "name": "origin",
      "type": "string",
      "rows": 3,
      "missing": 1,
      "distinct": 1,
      "distinct_is_exact": true,
      "text": {
        "empty": 0,
        "invalid_utf8": 0,
        "min_length": 3,
        "max_length": 3,
        "mean_length": 3.0,
        "top": [
          {
            "value": "SFO",
            "count": 2
          }
        ],
        "top_cut": false,
        "exact": true,
        "entropy": 0.0,
        "patterns": [
          {
            "pattern": "AAA",
            "share": 1.0,
            "example": "SFO"
          }
        ],
        "patterns_are_exact": true,
        "kinds": {
          "integer": 0.0,
          "number": 0.0,
          "boolean": 0.0,
          "time": 0.0,
          "time_format": "",
          "other_times": 0.0,
          "words": 0.0
        }
      }
    }
  ]
}
)";

constexpr const char* kGoldenText = R"(3 rows, 3 columns

Numbers
  column  type   missing  distinct  min  median  max  mean     sd  histogram
  delay   int64      0 %         3   -3       7   14     6  6.976  █    █   █

Times
  column  type       missing  first              median             last               histogram
  date    timestamp     33 %  2001-01-01T00:00Z  2001-01-01T00:00Z  2001-01-02T00:00Z  █        █

Text
  column  type    missing  distinct  top values
  origin  string     33 %         1  SFO 100 %
)";

ProfileSummary Flights() {
  const column::OwnedBatch batch = column::BatchBuilder()
                                       .Times("date", {978'307'200'000'000, 978'393'600'500'000, std::nullopt})
                                       .Integers("delay", {-3, 7, 14})
                                       .Texts("origin", {"SFO", std::nullopt, "SFO"})
                                       .Build();
  Profile profile;
  EXPECT_TRUE(profile.Add(batch.view()).ok());
  return profile.Summarize();
}

// Long lists are replaced by their lengths, so that the golden text stays readable.
std::string Abridged(Json json) {
  for (Json& column : json["columns"]) {
    for (const char* list : {"percentiles", "histogram"}) {
      if (column.contains("number")) column["number"][list] = column["number"][list].size();
    }
  }
  return roost::ToText(json);
}

TEST(Render, JsonHasStableNames) { EXPECT_EQ(Abridged(ToJson(Flights())), kGoldenJson); }

TEST(Render, JsonListsPercentilesAndBars) {
  const Json number = ToJson(Flights())["columns"][1]["number"];
  EXPECT_EQ(ToLine(number["percentiles"][50]), "7.0");
  EXPECT_EQ(ToLine(number["histogram"][0]), R"({"low":-3.0,"high":-1.3,"count":1})");
}

TEST(Render, TextIsATableForEachKindOfColumn) { EXPECT_EQ(ToText(Flights(), 100), kGoldenText); }

TEST(Render, JsonCutsTopValuesAndSaysSo) {
  std::vector<std::optional<std::string>> values;
  for (int i = 0; i < 30; ++i) values.push_back(std::to_string(i));
  Profile profile;
  ASSERT_TRUE(profile.Add(column::BatchBuilder().Texts("t", values).Build().view()).ok());
  const std::string json = ToLine(ToJson(profile.Summarize()));
  EXPECT_NE(json.find(R"("top_cut":true)"), std::string::npos);
  EXPECT_EQ(json.find(R"("value":"29")"), std::string::npos);
}

TEST(Render, NoLineIsLongerThanAsked) {
  std::vector<std::optional<std::string>> values;
  for (int i = 0; i < 50; ++i) values.push_back(std::string(100, 'v') + std::to_string(i));
  const TestColumn nulls = TestColumn::Opaque(std::string(80, 'n'), "n", 50);
  const column::OwnedBatch batch =
      column::BatchBuilder()
          .Texts(std::string(80, 't'), values)
          .Numbers(std::string(80, 'd'), std::vector<std::optional<double>>(50, -1.23456789e-300))
          .Times(std::string(80, 'z'), std::vector<std::optional<int64_t>>(50, 1))
          .Build();
  std::vector<column::ColumnView> columns(batch.view().columns().begin(), batch.view().columns().end());
  columns.push_back(nulls.View());
  Profile profile;
  ASSERT_TRUE(profile.Add(column::BatchView(50, columns)).ok());
  for (const int width : {80, 100, 140}) {
    const std::string text = ToText(profile.Summarize(), width);
    int characters = 0;
    for (const char byte : text) {
      if (byte == '\n') characters = -1;
      characters += (byte & 0xc0) != 0x80 ? 1 : 0;
      ASSERT_LE(characters, width) << text;
    }
  }
}

TEST(Render, ATerminalIsNotObeyed) {
  Profile profile;
  const column::OwnedBatch batch = column::BatchBuilder().Texts("a\x1b[2J", {"b\nc", "\xff", "\xc2\x9b"}).Build();
  ASSERT_TRUE(profile.Add(batch.view()).ok());
  const std::string text = ToText(profile.Summarize(), 100);
  EXPECT_NE(text.find("a\\x1b[2J"), std::string::npos);
  EXPECT_NE(text.find("b\\x0ac"), std::string::npos);
  EXPECT_NE(text.find("\\xff"), std::string::npos);
  EXPECT_NE(text.find("\\xc2\\x9b"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Render, NotFiniteNumbersAreSeen) {
  const TestColumn column("x", "g", std::vector<double>{1, std::numeric_limits<double>::quiet_NaN()});
  Profile profile;
  ASSERT_TRUE(profile.Add(column::BatchView(2, {column.View()})).ok());
  EXPECT_NE(ToText(profile.Summarize(), 100).find("x: 1 NaN"), std::string::npos);
}

TEST(Render, NoRowsAndNoColumnsAreFine) {
  EXPECT_EQ(ToText(ProfileSummary(), 100), "0 rows, 0 columns\n");
  EXPECT_EQ(ToLine(ToJson(ProfileSummary())),
            R"({"rows":0,"duplicate_share":null,"duplicate_share_is_exact":false,"columns":[]})");
  Profile profile;
  ASSERT_TRUE(profile.Add(column::BatchBuilder().Integers("i", {}).Times("t", {}).Texts("s", {}).Build().view()).ok());
  EXPECT_NE(ToText(profile.Summarize(), 100).find("-"), std::string::npos);
}

}  // namespace
}  // namespace roost::profile
