#include "expr/functions.h"

#include <algorithm>
#include <utility>

namespace roost::expr {
namespace {

constexpr Kind kBoolean = Kind::kBoolean;
constexpr Kind kNumber = Kind::kNumber;
constexpr Kind kText = Kind::kText;
constexpr Kind kTime = Kind::kTime;

constexpr Signature One(std::string_view name, Function function, Kind takes, Kind gives) {
  return {.name = name, .function = function, .takes = {takes}, .gives = gives};
}

constexpr Signature Two(std::string_view name, Function function, Kind first, Kind second, Kind gives) {
  return {.name = name, .function = function, .least = 2, .most = 2, .takes = {first, second}, .gives = gives};
}

constexpr Signature OfOneKind(std::string_view name, Function function, size_t least) {
  return {.name = name, .function = function, .least = least, .most = 0, .of_one_kind = true};
}

constexpr Signature kSignatures[] = {
    One("abs", Function::kAbs, kNumber, kNumber),
    One("bytes", Function::kBytes, kText, kNumber),
    One("ceil", Function::kCeil, kNumber, kNumber),
    OfOneKind("coalesce", Function::kCoalesce, 2),
    Two("contains", Function::kContains, kText, kText, kBoolean),
    Two("date_trunc", Function::kDateTrunc, kText, kTime, kTime),
    One("day", Function::kDay, kTime, kNumber),
    One("day_of_year", Function::kDayOfYear, kTime, kNumber),
    One("days", Function::kDays, kNumber, kNumber),
    Two("ends_with", Function::kEndsWith, kText, kText, kBoolean),
    One("exp", Function::kExp, kNumber, kNumber),
    One("floor", Function::kFloor, kNumber, kNumber),
    One("hour", Function::kHour, kTime, kNumber),
    One("hours", Function::kHours, kNumber, kNumber),
    OfOneKind("if", Function::kIf, 3),
    One("is_finite", Function::kIsFinite, kNumber, kBoolean),
    One("is_nan", Function::kIsNan, kNumber, kBoolean),
    One("length", Function::kLength, kText, kNumber),
    One("ln", Function::kLn, kNumber, kNumber),
    One("log10", Function::kLog10, kNumber, kNumber),
    One("lower", Function::kLower, kText, kText),
    Two("matches", Function::kMatches, kText, kText, kBoolean),
    OfOneKind("max", Function::kMax, 2),
    OfOneKind("min", Function::kMin, 2),
    One("minute", Function::kMinute, kTime, kNumber),
    One("minutes", Function::kMinutes, kNumber, kNumber),
    One("month", Function::kMonth, kTime, kNumber),
    One("number", Function::kNumber, kText, kNumber),
    Two("pow", Function::kPow, kNumber, kNumber, kNumber),
    {.name = "replace",
     .function = Function::kReplace,
     .least = 3,
     .most = 3,
     .takes = {kText, kText, kText},
     .gives = kText},
    {.name = "round",
     .function = Function::kRound,
     .least = 1,
     .most = 2,
     .takes = {kNumber, kNumber},
     .gives = kNumber},
    One("second", Function::kSecond, kTime, kNumber),
    One("sign", Function::kSign, kNumber, kNumber),
    One("sqrt", Function::kSqrt, kNumber, kNumber),
    Two("starts_with", Function::kStartsWith, kText, kText, kBoolean),
    {.name = "substring",
     .function = Function::kSubstring,
     .least = 2,
     .most = 3,
     .takes = {kText, kNumber, kNumber},
     .gives = kText},
    One("text", Function::kText, kNumber, kText),
    One("time", Function::kTime, kText, kTime),
    One("trim", Function::kTrim, kText, kText),
    One("upper", Function::kUpper, kText, kText),
    One("weekday", Function::kWeekday, kTime, kNumber),
    One("year", Function::kYear, kTime, kNumber),
};

constexpr std::pair<std::string_view, TimeStep> kTimeSteps[] = {
    {"second", TimeStep::kSecond},   {"minute", TimeStep::kMinute}, {"hour", TimeStep::kHour},
    {"day", TimeStep::kDay},         {"week", TimeStep::kWeek},     {"month", TimeStep::kMonth},
    {"quarter", TimeStep::kQuarter}, {"year", TimeStep::kYear},
};

}  // namespace

std::span<const Signature> Signatures() { return kSignatures; }

const Signature* FindSignature(std::string_view name) {
  const auto found = std::find_if(std::begin(kSignatures), std::end(kSignatures),
                                  [name](const Signature& signature) { return signature.name == name; });
  return found == std::end(kSignatures) ? nullptr : found;
}

std::optional<TimeStep> TimeStepOf(std::string_view name) {
  for (const auto& [step_name, step] : kTimeSteps) {
    if (step_name == name) return step;
  }
  return std::nullopt;
}

}  // namespace roost::expr
