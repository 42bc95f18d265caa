#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "column/column_view.h"

namespace roost::schema {

// Values of a row as bytes that are equal where the values are: 5 and 5.0, a string and the same binary, a date and the
// instant at which it begins, whatever the columns' types are. Bools are the numbers 0 and 1; NaN equals NaN.
// A value takes at most 66 bytes: of a longer text its length, 128 bits of hash and the first 32 bytes are kept.

/// Whether values of this type can be packed: all but lists, structs and the like.
bool CanPack(column::Type type);

/// Appends the value of `column`, whose type can be packed, at `row`. Times are rounded down to microseconds, and
/// fractional numbers to whole multiples of 1 / `scale` where there is one.
void AppendPacked(const column::ColumnView& column, int64_t row, std::optional<double> scale, std::string& bytes);

/// The same for a value that is missing.
void AppendPackedNull(std::string& bytes);

/// The value at the front of `bytes`, which are whole packed values; it is taken off.
std::string_view TakePacked(std::string_view& bytes);

bool IsPackedNull(std::string_view packed);

/// A packed value for people, none where it is missing. `type` is that of its column.
std::optional<std::string> PackedText(std::string_view packed, column::Type type);

}  // namespace roost::schema
