#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace roost::pipeline {

/// Times on the calendar of UTC. They are counted from 1970, so that they hang on nothing but the schedule: "every 2
/// days" are the even days since then, whenever it was begun.
struct Schedule {
  enum class Unit { kMinute, kHour, kDay, kWeek, kMonth };

  int64_t every = 1;  ///< units from one time to the next; from 1
  Unit unit = Unit::kDay;
  int64_t minute = 0;  ///< of the day, of days, weeks and months
  int64_t day = 1;     ///< of a week from 1, Monday; of a month, or its last one
};

/// The last time of the schedule that is not after `now`.
absl::Time LastTime(const Schedule& schedule, absl::Time now);

/// The first time of the schedule after `last`.
absl::Time NextTime(const Schedule& schedule, absl::Time last);

}  // namespace roost::pipeline
