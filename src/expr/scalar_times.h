#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>

#include "base/check.h"
#include "expr/functions.h"

// What the functions of times do with one value, in microseconds since 1970-01-01T00:00Z: Evaluate and EvaluateRow
// share it, so they give the same bits. Private to this folder.
namespace roost::expr {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;
inline constexpr int64_t kDaysOfCycle = 146'097;  // after 400 years the calendar begins again
inline constexpr int64_t kYearsOfCycle = 400;

inline int64_t FloorDivide(int64_t value, int64_t divisor) { return value / divisor - (value % divisor < 0 ? 1 : 0); }
inline int64_t DayOf(int64_t micros) { return FloorDivide(micros, kMicrosPerDay); }

struct Date {
  int64_t year;
  int64_t month;  // from 1
  int64_t day;    // from 1
};

// This and DaysSince1970 go by std::chrono within one cycle of the calendar: its years end at 32767, those of an int64
// of microseconds at 294247. (absl::CivilDay has no such end, and takes eight times as long.)
inline Date DateOf(int64_t micros) {
  const int64_t days = DayOf(micros);
  const int64_t cycle = FloorDivide(days, kDaysOfCycle);
  const std::chrono::year_month_day date(
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days - cycle * kDaysOfCycle))));
  return {.year = static_cast<int>(date.year()) + cycle * kYearsOfCycle,
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day())};
}

// Of the first day of a month.
inline int64_t DaysSince1970(int64_t year, int64_t month) {
  const int64_t cycle = FloorDivide(year, kYearsOfCycle);
  const std::chrono::year_month_day first(std::chrono::year(static_cast<int>(year - cycle * kYearsOfCycle)),
                                          std::chrono::month(static_cast<unsigned>(month)), std::chrono::day(1));
  return std::chrono::sys_days(first).time_since_epoch().count() + cycle * kDaysOfCycle;
}

// The whole units since the last multiple of `period`, which is a multiple of `unit`.
inline int64_t Within(int64_t micros, int64_t period, int64_t unit) {
  const int64_t rest = micros % period;
  return (rest < 0 ? rest + period : rest) / unit;
}

// Monday is 1, Sunday 7; 1970-01-01 was a Thursday.
inline int64_t Weekday(int64_t micros) {
  const int64_t days = DayOf(micros) + 3;
  return days - FloorDivide(days, 7) * 7 + 1;
}

// The last instant of a step that is not after `micros`: a multiple of `unit` microseconds.
struct Multiple {
  int64_t count;
  int64_t unit;
};

inline Multiple LastMultiple(int64_t micros, TimeStep step) {
  const auto first_of = [](int64_t year, int64_t month) { return Multiple{DaysSince1970(year, month), kMicrosPerDay}; };
  switch (step) {
    case TimeStep::kSecond: return {FloorDivide(micros, kMicrosPerSecond), kMicrosPerSecond};
    case TimeStep::kMinute: return {FloorDivide(micros, kMicrosPerMinute), kMicrosPerMinute};
    case TimeStep::kHour: return {FloorDivide(micros, kMicrosPerHour), kMicrosPerHour};
    case TimeStep::kDay: return {DayOf(micros), kMicrosPerDay};
    case TimeStep::kWeek: return {DayOf(micros) - Weekday(micros) + 1, kMicrosPerDay};
    case TimeStep::kMonth: return first_of(DateOf(micros).year, DateOf(micros).month);
    case TimeStep::kQuarter: return first_of(DateOf(micros).year, (DateOf(micros).month - 1) / 3 * 3 + 1);
    case TimeStep::kYear: return first_of(DateOf(micros).year, 1);
  }
  return {micros, 1};
}

/// The last instant of `step` that is not after `micros`; empty where that is no time.
inline std::optional<int64_t> TruncateTime(int64_t micros, TimeStep step) {
  const auto [count, unit] = LastMultiple(micros, step);
  int64_t truncated = 0;
  if (__builtin_mul_overflow(count, unit, &truncated)) return std::nullopt;
  return truncated;
}

/// A time plus `seconds`, rounded to microseconds; empty where that is no time.
inline std::optional<int64_t> ShiftTime(int64_t micros, double seconds) {
  const double shift = std::round(seconds * 1e6);
  int64_t shifted = 0;
  if (!(std::abs(shift) < 0x1p63)) return std::nullopt;  // NaN too
  if (__builtin_add_overflow(micros, static_cast<int64_t>(shift), &shifted)) return std::nullopt;
  return shifted;
}

/// visit(f), f being the part of a time that `function` asks for, as a whole number.
template <typename Visit>
auto VisitTimePart(Function function, const Visit& visit) {
  switch (function) {
    case Function::kYear: return visit([](int64_t micros) { return DateOf(micros).year; });
    case Function::kMonth: return visit([](int64_t micros) { return DateOf(micros).month; });
    case Function::kDay: return visit([](int64_t micros) { return DateOf(micros).day; });
    case Function::kDayOfYear:
      return visit([](int64_t micros) { return DayOf(micros) - DaysSince1970(DateOf(micros).year, 1) + 1; });
    case Function::kWeekday: return visit(Weekday);
    case Function::kHour: return visit([](int64_t micros) { return Within(micros, kMicrosPerDay, kMicrosPerHour); });
    case Function::kMinute:
      return visit([](int64_t micros) { return Within(micros, kMicrosPerHour, kMicrosPerMinute); });
    case Function::kSecond:
      return visit([](int64_t micros) { return Within(micros, kMicrosPerMinute, kMicrosPerSecond); });
    default: break;
  }
  ROOST_CHECK(false, "no function of a time");
}

}  // namespace roost::expr
