#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace roost {

/// Numbers in texts. All of `text` is the number, in decimal notation ("-2", "+1.5", "1e3", "inf", "nan"), with one
/// sign or none; spaces are no part of it (WithoutSpaces takes them off).

/// Whether `text` is a number, of any size: "1e999" is one.
bool IsNumber(std::string_view text);

/// The number that `text` is; empty where it is none, or too great or too small for a double.
std::optional<double> NumberIn(std::string_view text);

/// The integer of 64 bits that `text` is: digits, with a sign or without.
std::optional<int64_t> IntegerIn(std::string_view text);

/// The same, and whole numbers in another notation ("7.0", "1e3") below 2^53: from there on a double does not tell
/// neighbours apart.
std::optional<int64_t> WholeNumberIn(std::string_view text);

/// `text` without the spaces around it.
std::string_view WithoutSpaces(std::string_view text);

}  // namespace roost
