#include "config/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/project.h"

namespace roost::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<WatchConfig> Parse(const std::string& text) { return DeclareWatch().Parse(text, "roost.yaml"); }

std::string Refusal(const std::string& text) { return std::string(Parse(text).status().message()); }

TEST(Watch, ByDefaultEverySpanIsRunOverAllRows) {
  const auto watch = Parse("{}");
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_TRUE(watch->triggers.span);
  EXPECT_FALSE(watch->triggers.schedule.has_value());
  EXPECT_FALSE(watch->window.spans.has_value() || watch->window.days.has_value());
  EXPECT_EQ(watch->catch_up, WatchConfig::CatchUp::kEach);
  EXPECT_EQ(watch->release, WatchConfig::Release::kGate);
  EXPECT_THAT(watch->alert, ElementsAre());
}

TEST(Watch, EveryKeyIsRead) {
  const auto watch = Parse(R"(triggers:
  span: false
  schedule: {every: 2 weeks, day: friday, at: "03:30"}
span: folder
window: {days: 90, column: date}
catch_up: latest
release: manual
alert: [./tell, --loud]
look_seconds: 0.5
)");
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_FALSE(watch->triggers.span);
  EXPECT_EQ(watch->triggers.schedule->every, 2);
  EXPECT_EQ(watch->triggers.schedule->unit, ScheduleConfig::Unit::kWeek);
  EXPECT_EQ(watch->triggers.schedule->day, 5);
  EXPECT_EQ(watch->triggers.schedule->minute, 210);
  EXPECT_EQ(watch->span, WatchConfig::Span::kFolder);
  EXPECT_EQ(watch->window.days, 90);
  EXPECT_EQ(watch->window.column, "date");
  EXPECT_EQ(watch->catch_up, WatchConfig::CatchUp::kLatest);
  EXPECT_EQ(watch->release, WatchConfig::Release::kManual);
  EXPECT_THAT(watch->alert, ElementsAre("./tell", "--loud"));
  EXPECT_EQ(watch->look_seconds, 0.5);
}

TEST(Watch, AnIntervalHasANumberAndAUnit) {
  using Unit = ScheduleConfig::Unit;
  const auto unit = [](const std::string& every) {
    const auto watch = Parse("triggers: {schedule: {every: " + every + "}}");
    return watch.ok() ? std::optional(watch->triggers.schedule->unit) : std::nullopt;
  };
  EXPECT_EQ(unit("15 min"), Unit::kMinute);
  EXPECT_EQ(unit("6h"), Unit::kHour);
  EXPECT_EQ(unit("1 d"), Unit::kDay);
  EXPECT_EQ(unit("1 week"), Unit::kWeek);
  EXPECT_EQ(unit("3 months"), Unit::kMonth);
  for (const char* bad : {"d", "0 d", "-1 d", "1 year", "1 d 2 h", "1001 d", "''"}) {
    EXPECT_EQ(unit(bad), std::nullopt) << bad;
    EXPECT_THAT(Refusal(std::string("triggers:\n  schedule: {every: ") + bad + "}"), HasSubstr("roost.yaml:2: "));
  }
}

TEST(Watch, TimesAndDaysAreChecked) {
  for (const char* bad : {"at: '24:00'", "at: '3'", "at: '03:60'", "at: '03:0'", "at: noon"}) {
    EXPECT_THAT(Refusal(std::string("triggers: {schedule: {every: 1 d, ") + bad + "}}"),
                HasSubstr("no time of the day"))
        << bad;
  }
  EXPECT_EQ(Parse("triggers: {schedule: {every: 1 month, day: 31}}")->triggers.schedule->day, 31);
  for (const char* bad : {"every: 1 week, day: 3", "every: 1 month, day: monday", "every: 1 month, day: 32",
                          "every: 1 d, day: 1", "every: 1 week, day: mondays"}) {
    EXPECT_THAT(Refusal(std::string("triggers: {schedule: {") + bad + "}}"), HasSubstr("is no day")) << bad;
  }
}

TEST(Watch, AWindowIsOfSpansOrOfDays) {
  EXPECT_TRUE(Parse("window: all").ok());
  EXPECT_EQ(Parse("window: {spans: 12}")->window.spans, 12);
  for (const char* bad : {"window: some", "window: {}", "window: {spans: 1, days: 2}", "window: {column: date}"}) {
    EXPECT_FALSE(Parse(bad).ok()) << bad;
  }
  EXPECT_THAT(Refusal("window: {spans: 1, days: 2}"), HasSubstr("either `spans` or `days`"));
}

TEST(Watch, ItIsReadFromTheWholeFile) {
  const std::string begin = "project: p\ndataset: d\n";
  EXPECT_EQ(ParseWatch(begin + "watch: {catch_up: latest}\n", "roost.yaml")->catch_up, WatchConfig::CatchUp::kLatest);
  EXPECT_EQ(ParseWatch(begin, "roost.yaml")->catch_up, WatchConfig::CatchUp::kEach);
  EXPECT_TRUE(ParseProject(begin + "watch: {catch_up: latest}\n", "roost.yaml").ok());
  const absl::Status bad = ParseProject(begin + "watch:\n  catchup: each\n", "roost.yaml").status();
  EXPECT_THAT(std::string(bad.message()), HasSubstr("roost.yaml:4: unknown key 'catchup'"));
}

}  // namespace
}  // namespace roost::config
