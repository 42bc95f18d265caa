#include "config/cron.h"

#include <fmt/format.h>

namespace roost::config {
namespace {

using Unit = ScheduleConfig::Unit;

constexpr int64_t kDaysOfEveryMonth = 28;

// "*" of 1, "*/6" of 6; empty where `every` does not divide the `whole` that cron begins anew after.
std::optional<std::string> Every(int64_t every, int64_t whole) {
  if (whole % every != 0) return std::nullopt;
  return every == 1 ? "*" : every == whole ? "0" : fmt::format("*/{}", every);
}

}  // namespace

std::optional<std::string> CronOf(const ScheduleConfig& schedule) {
  const std::string time = fmt::format("{} {}", schedule.minute % 60, schedule.minute / 60);
  switch (schedule.unit) {
    case Unit::kMinute:
      if (const auto minutes = Every(schedule.every, 60)) return *minutes + " * * * *";
      return std::nullopt;
    case Unit::kHour:
      if (const auto hours = Every(schedule.every, 24)) return fmt::format("0 {} * * *", *hours);
      return std::nullopt;
    case Unit::kDay:
      if (schedule.every != 1) return std::nullopt;
      return time + " * * *";
    case Unit::kWeek:
      if (schedule.every != 1) return std::nullopt;
      return fmt::format("{} * * {}", time, schedule.day % 7);  // cron's Sunday is 0
    case Unit::kMonth: break;
  }
  const std::optional<std::string> months = schedule.every == 12 ? "1" : Every(schedule.every, 12);
  if (!months.has_value() || schedule.day > kDaysOfEveryMonth) return std::nullopt;
  return fmt::format("{} {} {} *", time, schedule.day, *months);
}

}  // namespace roost::config
