#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "base/check.h"
#include "expr/functions.h"
#include "expr/syntax.h"

// What the functions of numbers do with one value: Evaluate and EvaluateRow share it, so they give the same bits.
// Private to this folder.
namespace roost::expr {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Half away from zero, of the double that x times the power of ten is. NaN for digits that are none.
inline double RoundTo(double x, double digits) {
  // 10 to the powers that a double holds exactly.
  static constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                            1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (std::trunc(digits) != digits || std::abs(digits) > 22) return kNan;
  const double power = kPowersOfTen[static_cast<int>(std::abs(digits))];
  if (digits < 0) return std::round(x / power) * power;
  const double scaled = x * power;
  return std::abs(scaled) < 0x1p52 ? std::round(scaled) / power : x;
}

/// Powers that divide by zero have no result: NaN.
inline double Power(double x, double y) { return x == 0 && y < 0 ? kNan : std::pow(x, y); }

inline double Sign(double x) { return std::isnan(x) ? x : static_cast<double>((x > 0) - (x < 0)); }

/// A function of numbers has no result, which is null, where it makes NaN of numbers that are none.
inline bool HasResult(double result, double x) { return !std::isnan(result) || std::isnan(x); }
inline bool HasResult(double result, double x, double y) { return HasResult(result, x) || std::isnan(y); }

/// visit(f), f being what `function` makes of a number, as a number; that HasResult is to be asked.
template <typename Visit>
auto VisitNumberFunction(Function function, const Visit& visit) {
  switch (function) {
    case Function::kAbs: return visit([](double x) { return std::abs(x); });
    case Function::kSign: return visit(Sign);
    case Function::kFloor: return visit([](double x) { return std::floor(x); });
    case Function::kCeil: return visit([](double x) { return std::ceil(x); });
    case Function::kRound: return visit([](double x) { return std::round(x); });
    case Function::kSqrt: return visit([](double x) { return std::sqrt(x); });
    case Function::kExp: return visit([](double x) { return std::exp(x); });
    case Function::kLn: return visit([](double x) { return x == 0 ? kNan : std::log(x); });
    case Function::kLog10: return visit([](double x) { return x == 0 ? kNan : std::log10(x); });
    case Function::kDays: return visit([](double x) { return x * 86'400; });
    case Function::kHours: return visit([](double x) { return x * 3'600; });
    case Function::kMinutes: return visit([](double x) { return x * 60; });
    default: break;
  }
  ROOST_CHECK(false, "no function of a number");
}

/// Of the functions that ask something of a number: is_nan and is_finite.
inline bool IsNumberTest(Function function) { return function == Function::kIsNan || function == Function::kIsFinite; }
inline bool NumberTest(Function function, double x) {
  return function == Function::kIsNan ? std::isnan(x) : std::isfinite(x);
}

/// Appends the shortest digits that read back as the number. The sign of NaN means nothing.
inline void AppendNumber(double number, std::string& text) {
  char digits[32];  // the longest are of 24
  text.append(digits, fmt::format_to(digits, "{}", std::isnan(number) ? kNan : number));
}

// The compilers that we use have it; ISO C++ has not.
__extension__ typedef __int128 Int128;

/// Between two times in microseconds, in seconds. The difference is taken in whole microseconds, which 65 bits hold.
inline double SecondsBetween(int64_t later, int64_t earlier) {
  return static_cast<double>(Int128{later} - earlier) / 1e6;
}

}  // namespace roost::expr
