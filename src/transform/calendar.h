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

/// The month of the proleptic Gregorian calendar, 0 (January) to 11. Right for every int64, also where std::chrono's
/// years (16 bits) end. Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
constexpr int32_t MonthOf(int64_t micros) {
  const int64_t since_march_of_year_0 = DayOf(micros) + 719'468;
  const int64_t era = FloorDivide(since_march_of_year_0, 146'097);  // 400 years
  const int64_t day_of_era = since_march_of_year_0 - era * 146'097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);  // from 1 March
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  return static_cast<int32_t>(month_from_march < 10 ? month_from_march + 2 : month_from_march - 10);
}

}  // namespace roost::transform
