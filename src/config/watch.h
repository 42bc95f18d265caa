#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/declared.h"

namespace roost::config {

/// When a schedule fires, in UTC: every so many units, counted from 1970, so that it hangs on the calendar alone.
struct ScheduleConfig {
  enum class Unit { kMinute, kHour, kDay, kWeek, kMonth };

  int64_t every = 1;
  Unit unit = Unit::kDay;
  int64_t minute = 0;  ///< of the day; of days, weeks and months
  int64_t day = 1;     ///< of a week from 1, Monday, to 7; of a month from 1 to 31, or its last one
};

struct TriggersConfig {
  bool span = true;
  std::optional<ScheduleConfig> schedule;
};

/// Which rows a run learns from: those of all spans, of the last ones, or of the last days.
struct WindowConfig {
  std::optional<int64_t> spans;
  std::optional<int64_t> days;
  std::string column;  ///< of the times; empty: the one by which the model's rows are split
};

/// Continuous training: when the pipeline runs, and on what (docs/watch.md).
struct WatchConfig {
  enum class Span { kFile, kFolder };
  enum class CatchUp { kEach, kLatest };
  enum class Release { kGate, kManual };

  TriggersConfig triggers;
  Span span = Span::kFile;
  WindowConfig window;
  CatchUp catch_up = CatchUp::kEach;
  Release release = Release::kGate;
  std::vector<std::string> alert;  ///< a program and its arguments; empty: none
  double look_seconds = 10;
};

/// The section `watch` of roost.yaml.
Declaration<WatchConfig> DeclareWatch();

/// The section of a whole roost.yaml, which ParseProject has taken; the defaults where there is none. It is no part of
/// ProjectConfig: nobody but `roost watch` asks for it.
absl::StatusOr<WatchConfig> ParseWatch(std::string_view text, std::string_view path);

}  // namespace roost::config
