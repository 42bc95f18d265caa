#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace roost::report {

/// Figures as people read them. Plain text without anything that HTML would interpret.

/// "1,234,567" for whole numbers, and for others from 100,000 on, below 10^15; else up to five significant digits:
/// "0.25", "1.2e+21".
std::string NumberText(double value);

/// A share as a number of CSS percent with at most one decimal: "37.5". Not less than 0.4 where it is not 0, so that a
/// bar of that width can be seen.
std::string BarWidth(double share);

/// "2001-05-01", or "2001-05-01 13:45:10" where it is not midnight; UTC. `seconds` since 1970-01-01T00:00Z.
std::string InstantText(double seconds);
/// The same of microseconds, with as many decimals as there are.
std::string InstantText(int64_t micros);

/// A length of time: "12.5 days", "3.2 hours", "45 s".
std::string SpanText(double seconds);

/// A number, or of time columns an instant.
std::string ValueText(double value, bool is_time);

}  // namespace roost::report
