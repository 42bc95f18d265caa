#include <chrono>
#include <cmath>
#include <cstdint>
#include <utility>

#include "base/check.h"
#include "expr/calls.h"

namespace roost::expr {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;
constexpr int64_t kDaysOfCycle = 146'097;  // after 400 years the calendar begins again
constexpr int64_t kYearsOfCycle = 400;

int64_t FloorDivide(int64_t value, int64_t divisor) { return value / divisor - (value % divisor < 0 ? 1 : 0); }
int64_t DayOf(int64_t micros) { return FloorDivide(micros, kMicrosPerDay); }

struct Date {
  int64_t year;
  int64_t month;  // from 1
  int64_t day;    // from 1
};

// This and DaysSince1970 go by std::chrono within one cycle of the calendar: its years end at 32767, those of an int64
// of microseconds at 294247. (absl::CivilDay has no such end, and takes eight times as long.)
Date DateOf(int64_t micros) {
  const int64_t days = DayOf(micros);
  const int64_t cycle = FloorDivide(days, kDaysOfCycle);
  const std::chrono::year_month_day date(
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days - cycle * kDaysOfCycle))));
  return {.year = static_cast<int>(date.year()) + cycle * kYearsOfCycle,
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day())};
}

// Of the first day of a month.
int64_t DaysSince1970(int64_t year, int64_t month) {
  const int64_t cycle = FloorDivide(year, kYearsOfCycle);
  const std::chrono::year_month_day first(std::chrono::year(static_cast<int>(year - cycle * kYearsOfCycle)),
                                          std::chrono::month(static_cast<unsigned>(month)), std::chrono::day(1));
  return std::chrono::sys_days(first).time_since_epoch().count() + cycle * kDaysOfCycle;
}

// The whole units since the last multiple of `period`, which is a multiple of `unit`.
int64_t Within(int64_t micros, int64_t period, int64_t unit) {
  const int64_t rest = micros % period;
  return (rest < 0 ? rest + period : rest) / unit;
}

// Monday is 1, Sunday 7; 1970-01-01 was a Thursday.
int64_t Weekday(int64_t micros) {
  const int64_t days = DayOf(micros) + 3;
  return days - FloorDivide(days, 7) * 7 + 1;
}

// The last instant of a step that is not after `micros`: a multiple of `unit` microseconds.
struct Multiple {
  int64_t count;
  int64_t unit;
};

Multiple Truncated(int64_t micros, TimeStep step) {
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

Vector Truncate(const Vector& a, TimeStep step) {
  Vector out{.kind = Kind::kTime, .constant = a.constant, .nulls = a.nulls};
  out.times.resize(a.size());
  for (size_t row = 0; row < a.size(); ++row) {
    const auto [count, unit] = Truncated(a.times[row], step);
    if (__builtin_mul_overflow(count, unit, &out.times[row])) SetNull(out, a.size(), row);
  }
  return out;
}

// out[row] = part(times[row]).
template <typename F>
Vector Part(const Vector& a, const F& part) {
  Vector out{.kind = Kind::kNumber, .constant = a.constant, .nulls = a.nulls};
  Map(a.times, out.numbers, [&part](int64_t micros) { return static_cast<double>(part(micros)); });
  return out;
}

}  // namespace

Vector ShiftTimes(std::span<const Vector> operands, int sign) {
  auto [out, rows] = ResultOver(operands, Kind::kTime);
  const Vector& micros = operands[0];
  const Vector& seconds = operands[1];
  out.times.resize(rows);
  for (size_t row = 0; row < rows; ++row) {
    const double shift = std::round(sign * seconds.numbers[row * Step(seconds)] * 1e6);
    const bool fits = std::abs(shift) < 0x1p63;  // not so for NaN
    if (!fits ||
        __builtin_add_overflow(micros.times[row * Step(micros)], static_cast<int64_t>(shift), &out.times[row])) {
      SetNull(out, rows, row);
    }
  }
  return std::move(out);
}

Vector CallOfTime(const BoundNode& node, std::span<const Vector> operands) {
  const Vector& a = operands[0];
  switch (node.function) {
    case Function::kDateTrunc: return Truncate(a, node.step);
    case Function::kYear: return Part(a, [](int64_t micros) { return DateOf(micros).year; });
    case Function::kMonth: return Part(a, [](int64_t micros) { return DateOf(micros).month; });
    case Function::kDay: return Part(a, [](int64_t micros) { return DateOf(micros).day; });
    case Function::kDayOfYear:
      return Part(a, [](int64_t micros) { return DayOf(micros) - DaysSince1970(DateOf(micros).year, 1) + 1; });
    case Function::kWeekday: return Part(a, Weekday);
    case Function::kHour: return Part(a, [](int64_t micros) { return Within(micros, kMicrosPerDay, kMicrosPerHour); });
    case Function::kMinute:
      return Part(a, [](int64_t micros) { return Within(micros, kMicrosPerHour, kMicrosPerMinute); });
    case Function::kSecond:
      return Part(a, [](int64_t micros) { return Within(micros, kMicrosPerMinute, kMicrosPerSecond); });
    default: break;
  }
  ROOST_CHECK(false, "no function of a time");
}

}  // namespace roost::expr
