#include "api/key_text.h"

#include <fmt/format.h>

#include "base/format.h"
#include "base/hash.h"

namespace roost::api {

void AppendKeyText(const column::ColumnView& column, column::Kind kind, int64_t row, std::string& text) {
  if (column.IsNull(row)) return;
  switch (kind) {
    case column::Kind::kNumber: text += FormatExact(column.NumberAt(row)); break;
    case column::Kind::kText: text.append(column.TextAt(row)); break;
    case column::Kind::kTime: text += fmt::format("{}us", column.MicrosAt(row)); break;
    case column::Kind::kTextList:
    case column::Kind::kNumberList: break;  // no list is a key: column::KindOf(Type) refuses them
  }
}

double PlaceOf(std::string_view text) {
  return static_cast<double>(Hash64(text) >> 11) * 0x1p-53;  // the upper 53 bits: a double holds no more
}

}  // namespace roost::api
