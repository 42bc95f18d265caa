#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "column/column_view.h"
#include "column/value.h"

namespace roost::api {

/// Appends what tells a value from others: the same text whatever width or encoding its column has; nothing for null.
void AppendKeyText(const column::ColumnView& column, column::Kind kind, int64_t row, std::string& text);

/// A number in [0, 1) that follows from the hash of `text`: rows are parted by it.
double PlaceOf(std::string_view text);

}  // namespace roost::api
