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

TEST(Render, JsonHasStableNames) { EXPECT_EQ(ToLine(ToJson(Flights())), ""); }

TEST(Render, TextIsATableForEachKindOfColumn) { EXPECT_EQ(ToText(Flights(), 100), ""); }

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
  EXPECT_EQ(ToLine(ToJson(ProfileSummary())), R"({"rows":0,"columns":[]})");
  Profile profile;
  ASSERT_TRUE(profile.Add(column::BatchBuilder().Integers("i", {}).Times("t", {}).Texts("s", {}).Build().view()).ok());
  EXPECT_NE(ToText(profile.Summarize(), 100).find("-"), std::string::npos);
}

}  // namespace
}  // namespace roost::profile
