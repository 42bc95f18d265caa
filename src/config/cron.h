#pragma once

#include <optional>
#include <string>

#include "config/watch.h"

namespace roost::config {

/// The five fields of cron that fire when `schedule` does, in UTC. Empty where there are none: cron counts days from
/// the first of the month and minutes from the full hour, and has no last day of a month.
std::optional<std::string> CronOf(const ScheduleConfig& schedule);

}  // namespace roost::config
