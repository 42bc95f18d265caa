#include "pipeline/schedule.h"

#include <algorithm>

#include "absl/time/civil_time.h"

namespace roost::pipeline {
namespace {

using Unit = Schedule::Unit;

constexpr absl::CivilDay kBegin(1970, 1, 1);
constexpr absl::CivilDay kFirstMonday(1970, 1, 5);

absl::Time TimeOf(absl::CivilDay day, int64_t minute) {
  return absl::FromCivil(absl::CivilMinute(day) + minute, absl::UTCTimeZone());
}

/// The time number `index`, which counts from 1970.
absl::Time TimeAt(const Schedule& schedule, int64_t index) {
  const int64_t units = index * schedule.every;
  switch (schedule.unit) {
    case Unit::kMinute: return absl::UnixEpoch() + absl::Minutes(units);
    case Unit::kHour: return absl::UnixEpoch() + absl::Hours(units);
    case Unit::kDay: return TimeOf(kBegin + units, schedule.minute);
    case Unit::kWeek: return TimeOf(kFirstMonday + 7 * units + (schedule.day - 1), schedule.minute);
    case Unit::kMonth: break;
  }
  const absl::CivilMonth month = absl::CivilMonth(kBegin) + units;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return TimeOf(std::min(absl::CivilDay(month) + (schedule.day - 1), last), schedule.minute);
}

/// An index whose time is at most one unit off `time`.
int64_t IndexNear(const Schedule& schedule, absl::Time time) {
  const absl::CivilDay day = absl::ToCivilDay(time, absl::UTCTimeZone());
  switch (schedule.unit) {
    case Unit::kMinute: return (time - absl::UnixEpoch()) / absl::Minutes(schedule.every);
    case Unit::kHour: return (time - absl::UnixEpoch()) / absl::Hours(schedule.every);
    case Unit::kDay: return (day - kBegin) / schedule.every;
    case Unit::kWeek: return (day - kFirstMonday) / (7 * schedule.every);
    case Unit::kMonth: break;
  }
  return (absl::CivilMonth(day) - absl::CivilMonth(kBegin)) / schedule.every;
}

/// Of the last time that is not after `time`.
int64_t IndexOf(const Schedule& schedule, absl::Time time) {
  int64_t index = IndexNear(schedule, time) + 1;
  while (TimeAt(schedule, index) > time) --index;
  return index;
}

}  // namespace

absl::Time LastTime(const Schedule& schedule, absl::Time now) { return TimeAt(schedule, IndexOf(schedule, now)); }

absl::Time NextTime(const Schedule& schedule, absl::Time last) { return TimeAt(schedule, IndexOf(schedule, last) + 1); }

}  // namespace roost::pipeline
