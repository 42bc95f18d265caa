#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace roost {

/// "1,234,567".
std::string FormatCount(int64_t count);

/// "512 B", "1.4 MB": three digits, powers of ten.
std::string FormatBytes(int64_t bytes);

/// "35 ms", "1.2 s", "2 min 05 s".
std::string FormatElapsed(absl::Duration duration);

/// A double for people: up to `digits` significant digits, no trailing zeros ("0.25", "1.2e+09").
std::string FormatNumber(double value, int digits = 4);

/// A share (0 to 1) for sentences: three significant digits, "2.4 %", "0.025 %".
std::string FormatShare(double share);

/// A share for tables, as short as can be: "0 %", "0.02 %", "5.0 %", "37 %"; "≤0.01 %" and "≥99.9 %" for what is only
/// nearly none or all.
std::string FormatRoughShare(double share);
/// The same of `part` in `whole`; "0 %" of nothing.
std::string FormatRoughShare(int64_t part, int64_t whole);

/// A double so that it reads back to the same bits, as short as possible.
std::string FormatExact(double value);

/// ISO 8601 in UTC with microseconds only where there are any: "2001-05-01T13:45:00Z".
std::string FormatUtc(absl::Time time);

/// The same to the second, for people: "2001-05-01T13:45:00Z".
std::string FormatUtcSeconds(absl::Time time);

/// Columns that UTF-8 `text` takes in a terminal: its code points, a good measure for all but East Asian text.
size_t DisplayWidth(std::string_view text);

/// `text` with a space for each ASCII control character: what would break a line or speak to the terminal.
std::string WithoutControls(std::string text);

/// The candidate that `name` is most likely a misspelling of (edit distance at most a third of its length, or 1), or
/// "".
std::string_view ClosestName(std::string_view name, std::span<const std::string> candidates);

/// `text` as a terminal may be sent it: control characters (also those beyond ASCII) and bytes that are not UTF-8 as
/// "\\x1b". Foreign names and values go through it.
std::string Printable(std::string_view text);

/// The same of each line of `text`: for messages that have line feeds of their own.
std::string PrintableLines(std::string_view text);

}  // namespace roost
