#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace roost::profile {

/// The formats of dates and times in text that are known here, in the order of preference where a text fits several:
/// strptime formats ("%Y-%m-%d"), and "unix seconds", "unix milliseconds", "unix microseconds", "unix nanoseconds" for
/// whole numbers that lie between 1990 and 2035 as such.
///
/// Months, days, hours and the like may lack their leading zero where they do not touch another number. %f are 1 to 9
/// digits; %z is Z, +02, +0200 or +02:00; names of days and months are English, in any case. Dates must exist, and
/// those without any separator must lie between 1900 and 2099, or else every long number would be one.
constexpr size_t kTimeFormats = 53;

/// `index` is below kTimeFormats.
std::string_view TimeFormat(size_t index);

/// Bit i is set where `text` fits TimeFormat(i), the whole of it. Cost: up to 0.5 µs for a time; else some 20 ns.
uint64_t TimeFormatsOf(std::string_view text);

}  // namespace roost::profile
