#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "expr/expression.h"

namespace roost::expr {

enum class Function {
  kAbs,
  kBytes,
  kCeil,
  kCoalesce,
  kContains,
  kDateTrunc,
  kDay,
  kDayOfYear,
  kDays,
  kEndsWith,
  kExp,
  kFloor,
  kHour,
  kHours,
  kIf,
  kIsFinite,
  kIsNan,
  kLength,
  kLn,
  kLog10,
  kLower,
  kMatches,
  kMax,
  kMin,
  kMinute,
  kMinutes,
  kMonth,
  kNumber,
  kPow,
  kReplace,
  kRound,
  kSecond,
  kSign,
  kSqrt,
  kStartsWith,
  kSubstring,
  kText,
  kTime,
  kTrim,
  kUpper,
  kWeekday,
  kYear,
};

/// What a function takes and gives. Private to this folder.
struct Signature {
  std::string_view name;
  Function function = Function::kAbs;
  size_t least = 1;             ///< how many values it takes at least
  size_t most = 1;              ///< and at most; 0 for any number
  std::array<Kind, 3> takes{};  ///< by position
  bool of_one_kind =
      false;  ///< takes values of any one kind, and gives that kind; then `takes` and `gives` say nothing
  Kind gives = Kind::kNumber;
};

/// All functions, by name.
std::span<const Signature> Signatures();

/// Null where there is no function of that name.
const Signature* FindSignature(std::string_view name);

/// What date_trunc cuts to.
enum class TimeStep { kSecond, kMinute, kHour, kDay, kWeek, kMonth, kQuarter, kYear };

/// Empty unless `name` is "second", "minute", "hour", "day", "week", "month", "quarter" or "year".
std::optional<TimeStep> TimeStepOf(std::string_view name);

}  // namespace roost::expr
