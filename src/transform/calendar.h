#pragma once

#include <cstdint>

namespace roost::transform {

/// The largest integer q with q * divisor <= value; `divisor` > 0.
constexpr int64_t FloorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

/// Days since 1970-01-01 at `micros`, microseconds since 1970-01-01T00:00.
constexpr int64_t DayOf(int64_t micros) { return FloorDivide(micros, 86'400'000'000); }

/// The hour of the day, 0 to 23.
constexpr int32_t HourOf(int64_t micros) {
  const int64_t hours = FloorDivide(micros, 3'600'000'000);
  return static_cast<int32_t>(hours - FloorDivide(hours, 24) * 24);
}

/// The day of the week, 0 (Monday) to 6.
constexpr int32_t WeekdayOf(int64_t micros) {
  const int64_t since_monday = DayOf(micros) + 3;  // 1970-01-01 was a Thursday
  return static_cast<int32_t>(since_monday - FloorDivide(since_monday, 7) * 7);
}

/// A day of the proleptic Gregorian calendar, counted from 0.
struct Date {
  int32_t month = 0;        ///< 0 (January) to 11
  int32_t day = 0;          ///< of the month, 0 to 30
  int32_t day_of_year = 0;  ///< 0 to 365
};

/// The date at `micros`. Right for every int64, also where std::chrono's years (16 bits) end. Source: H. Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
constexpr Date DateOf(int64_t micros) {
  const int64_t since_march_of_year_0 = DayOf(micros) + 719'468;
  const int64_t era = FloorDivide(since_march_of_year_0, 146'097);  // 400 years
  const int64_t day_of_era = since_march_of_year_0 - era * 146'097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t from_march = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * from_march + 2) / 153;
  // January and February belong to the calendar's next year; the years of an era that 4 divides, but for 100, 200 and
  // 300, are leap years.
  const bool leap = year_of_era % 4 == 0 && (year_of_era % 100 != 0 || year_of_era == 0);
  const int64_t before_march = leap ? 60 : 59;
  return {.month = static_cast<int32_t>(month_from_march < 10 ? month_from_march + 2 : month_from_march - 10),
          .day = static_cast<int32_t>(from_march - (153 * month_from_march + 2) / 5),
          .day_of_year = static_cast<int32_t>(from_march < 306 ? from_march + before_march : from_march - 306)};
}

/// The month, 0 (January) to 11.
constexpr int32_t MonthOf(int64_t micros) { return DateOf(micros).month; }

}  // namespace roost::transform
