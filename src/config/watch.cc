#include "config/watch.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::config {
namespace {

using Unit = ScheduleConfig::Unit;

constexpr int64_t kMaxEvery = 1'000;
constexpr int64_t kMaxSpans = 100'000;
constexpr int64_t kMaxDays = 36'500;
constexpr std::array<std::string_view, 7> kWeekdays{"monday", "tuesday",  "wednesday", "thursday",
                                                    "friday", "saturday", "sunday"};
constexpr std::array<std::pair<std::string_view, Unit>, 10> kUnits{{{"min", Unit::kMinute},
                                                                    {"h", Unit::kHour},
                                                                    {"d", Unit::kDay},
                                                                    {"day", Unit::kDay},
                                                                    {"days", Unit::kDay},
                                                                    {"w", Unit::kWeek},
                                                                    {"week", Unit::kWeek},
                                                                    {"weeks", Unit::kWeek},
                                                                    {"month", Unit::kMonth},
                                                                    {"months", Unit::kMonth}}};

/// The whole number that `text` begins with, which is cut off; empty where there is none.
std::optional<int64_t> TakeNumber(std::string_view& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

// "1 d", "15 min", "2 weeks".
absl::Status ReadEvery(const YamlNode& node, ScheduleConfig& schedule) {
  TRY_ASSIGN(const std::string text, ReadText(node));
  std::string_view rest = text;
  const std::optional<int64_t> every = TakeNumber(rest);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  for (const auto& [name, unit] : kUnits) {
    if (!every.has_value() || *every < 1 || *every > kMaxEvery || rest != name) continue;
    schedule.every = *every;
    schedule.unit = unit;
    return absl::OkStatus();
  }
  return node.Error(fmt::format("'{}' is no interval: want 15 min, 6 h, 1 d, 1 week or 1 month", text));
}

// "03:00".
absl::Status ReadAt(const YamlNode& node, ScheduleConfig& schedule) {
  TRY_ASSIGN(const std::string text, ReadText(node));
  std::string_view rest = text;
  const std::optional<int64_t> hour = TakeNumber(rest);
  const bool has_colon = rest.starts_with(':') && rest.size() == 3;
  if (has_colon) rest.remove_prefix(1);
  const std::optional<int64_t> minute = has_colon ? TakeNumber(rest) : std::nullopt;
  if (!hour.has_value() || !minute.has_value() || !rest.empty() || *hour < 0 || *hour > 23 || *minute < 0 ||
      *minute > 59) {
    return node.Error(fmt::format("'{}' is no time of the day: want 03:00", text));
  }
  schedule.minute = *hour * 60 + *minute;
  return absl::OkStatus();
}

// A weekday, or the day of a month.
absl::Status ReadDay(const YamlNode& node, ScheduleConfig& schedule) {
  TRY_ASSIGN(const std::string text, ReadText(node));
  const auto weekday = std::find(kWeekdays.begin(), kWeekdays.end(), text);
  std::string_view rest = text;
  const std::optional<int64_t> number = TakeNumber(rest);
  if (schedule.unit == Unit::kWeek && weekday != kWeekdays.end()) {
    schedule.day = weekday - kWeekdays.begin() + 1;
    return absl::OkStatus();
  }
  if (schedule.unit == Unit::kMonth && number.has_value() && rest.empty() && *number >= 1 && *number <= 31) {
    schedule.day = *number;
    return absl::OkStatus();
  }
  return node.Error(fmt::format(
      "'{}' is no day: of weeks want monday to sunday, of months 1 to 31; `every` stands before `day`", text));
}

Declaration<ScheduleConfig> DeclareSchedule() {
  Declaration<ScheduleConfig> schedule;
  schedule
      .Custom("every", "interval: 15 min, 6 h, 1 d, 1 week, 1 month", "1 d",
              "how far apart the times are; they are counted from 1970, in UTC", Presence::kOptional, ReadEvery)
      .Shaped(ValueShape::Text())
      .Custom("at", "time of the day, \"03:00\"", "00:00", "of days, weeks and months: when, in UTC",
              Presence::kOptional, ReadAt)
      .Shaped(ValueShape::Text())
      .Custom("day", "monday to sunday, or 1 to 31", "",
              "of weeks and months: the day, by default monday and 1; a month that has no such day takes its last one",
              Presence::kOptional, ReadDay)
      .Shaped(ValueShape::Either(
          {ValueShape::Integer({.min = 1, .max = 31}), ValueShape::Choice({kWeekdays.begin(), kWeekdays.end()})}));
  return schedule;
}

Declaration<TriggersConfig> DeclareTriggers() {
  Declaration<TriggersConfig> triggers;
  triggers.Flag("span", &TriggersConfig::span, "run as soon as a span of `data.source` is new or was changed")
      .Section("schedule", &TriggersConfig::schedule, DeclareSchedule(),
               "run at these times, over spans that came since, or over the data as they are; times that were missed "
               "are made up for once");
  return triggers;
}

Declaration<WindowConfig> DeclareWindowKeys() {
  Declaration<WindowConfig> window;
  window
      .Custom("spans", "whole number from 1 to 100,000", "", "the last so many spans", Presence::kOptional,
              [](const YamlNode& node, WindowConfig& target) -> absl::Status {
                TRY_ASSIGN(target.spans, ReadInteger(node, {.min = 1, .max = kMaxSpans}));
                return absl::OkStatus();
              })
      .Shaped(ValueShape::Integer({.min = 1, .max = kMaxSpans}))
      .Custom("days", "whole number from 1 to 36,500", "",
              "the rows of the last so many days, counted back from the latest time in the newest span",
              Presence::kOptional,
              [](const YamlNode& node, WindowConfig& target) -> absl::Status {
                TRY_ASSIGN(target.days, ReadInteger(node, {.min = 1, .max = kMaxDays}));
                return absl::OkStatus();
              })
      .Shaped(ValueShape::Integer({.min = 1, .max = kMaxDays}))
      .Text("column", &WindowConfig::column,
            "where `days` finds the time of a row; by default the column by which the model's rows are split");
  return window;
}

absl::Status ReadWindow(const YamlNode& node, WatchConfig& watch) {
  if (node.IsScalar() && node.scalar() == "all") return absl::OkStatus();
  if (!node.IsMap()) return node.Error("want `all`, {spans: 12} or {days: 90}");
  TRY(DeclareWindowKeys().keys()->Read(node, &watch.window));
  if (watch.window.spans.has_value() == watch.window.days.has_value()) {
    return node.Error("want either `spans` or `days`");
  }
  return absl::OkStatus();
}

}  // namespace

Declaration<WatchConfig> DeclareWatch() {
  Declaration<WatchConfig> watch;
  watch.Section("triggers", &WatchConfig::triggers, DeclareTriggers(), "when the pipeline runs")
      .Choice("span", &WatchConfig::span, {{"file", WatchConfig::Span::kFile}, {"folder", WatchConfig::Span::kFolder}},
              "what a span is: each file of `data.source`, or all of them that lie in one folder")
      .Custom("window", "`all` or a mapping", "all", "which rows a run learns from", Presence::kOptional, ReadWindow,
              DeclareWindowKeys().keys())
      .Shaped(ValueShape::Either({ValueShape::Choice({"all"}), ValueShape::Section(DeclareWindowKeys().keys())}))
      .Choice("catch_up", &WatchConfig::catch_up,
              {{"each", WatchConfig::CatchUp::kEach}, {"latest", WatchConfig::CatchUp::kLatest}},
              "several spans that came while nobody looked: a run for each, in their order, or one run for all")
      .Choice("release", &WatchConfig::release,
              {{"gate", WatchConfig::Release::kGate}, {"manual", WatchConfig::Release::kManual}},
              "whether what the gate blesses becomes the champion, or waits for a person")
      .Texts("alert", &WatchConfig::alert,
             "a program with its arguments, started without a shell in the folder of this file, with JSON on stdin: a "
             "run failed, was refused, or released a version")
      .Number("look_seconds", &WatchConfig::look_seconds, {.min = 0.05, .max = 86'400},
              "how often the source and the clock are looked at");
  return watch;
}

absl::StatusOr<WatchConfig> ParseWatch(std::string_view text, std::string_view path) {
  TRY_ASSIGN(const YamlNode root, YamlNode::Parse(text, path));
  WatchConfig watch;
  for (const YamlNode::Member& member : root.Members()) {
    if (member.name == "watch") TRY(DeclareWatch().keys()->Read(member.value, &watch));
  }
  return watch;
}

}  // namespace roost::config
