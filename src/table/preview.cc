#include "table/preview.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/array/array_base.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "base/format.h"
#include "table/arrow_status.h"
#include "table/bridge.h"
#include "table/cell_text.h"
#include "table/json_value.h"
#include "table/nested_type.h"

namespace roost::table {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::string_view kEllipsis = "\u2026";
constexpr size_t kLeastWidth = 6;  // a column is not cut to less

struct TextColumn {
  std::vector<std::string> cells;  // name, type where shown, rows
  bool right = false;
  size_t width = 0;
};

/// The first `width` code points, the last of them an ellipsis where text is cut.
std::string Cut(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  size_t end = 0;
  for (size_t points = 0; end < text.size(); ++end) {
    if ((text[end] & 0xC0) == 0x80) continue;
    if (points++ == width - 1) break;
  }
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

bool IsShownByArrow(const column::ColumnView& view) {
  return view.type() == column::Type::kOther || view.type() == column::Type::kDecimal;
}

absl::StatusOr<std::string> Cell(const column::ColumnView& view, const arrow::Array& array, int64_t row) {
  if (IsShownByArrow(view)) {
    TRY_ARROW_ASSIGN(const auto scalar, array.GetScalar(row));
    return scalar->is_valid ? scalar->ToString() : "null";
  }
  if (view.IsNull(row)) return std::string("null");
  std::string text;
  if (!column::IsBytes(view.type())) {
    AppendCell(text, view, row);
    return text;
  }
  for (const char byte : view.TextAt(row))
    text += fmt::format("{:02x}", static_cast<unsigned>(static_cast<uint8_t>(byte)));
  return text;
}

absl::StatusOr<std::vector<TextColumn>> TextColumns(const arrow::RecordBatch& batch, bool show_types) {
  TRY_ASSIGN(const column::OwnedBatch owned, ToColumns(batch));
  std::vector<TextColumn> columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    const column::ColumnView& view = owned.view().columns()[static_cast<size_t>(i)];
    std::shared_ptr<arrow::Array> array = batch.column(i);
    if (IsNested(*array->type())) {
      // Where a value within has no form in JSON, Arrow's own text is as good.
      if (auto texts = JsonTexts(array, JsonBytes::kAsHex); texts.ok()) array = *std::move(texts);
    }
    TextColumn column;
    column.right = column::IsNumber(view.type()) || arrow::is_decimal(batch.column(i)->type_id());
    column.cells.push_back(WithoutControls(batch.column_name(i)));
    const bool other = IsShownByArrow(view);
    if (show_types) column.cells.push_back(other ? batch.column(i)->type()->ToString() : view.TypeText());
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      TRY_ASSIGN(std::string text, Cell(view, *array, row));
      column.cells.push_back(WithoutControls(std::move(text)));
    }
    for (const std::string& cell : column.cells) column.width = std::max(column.width, DisplayWidth(cell));
    columns.push_back(std::move(column));
  }
  return columns;
}

size_t TotalWidth(const std::vector<TextColumn>& columns, bool least) {
  size_t total = columns.empty() ? 0 : kGap.size() * (columns.size() - 1);
  for (const TextColumn& column : columns) {
    // A number is not cut: it would be another number.
    total += least && !column.right ? std::min(column.width, kLeastWidth) : column.width;
  }
  return total;
}

/// Drops the last columns where all of them cannot fit in `max_width`, then narrows the widest of text until they do.
/// Returns how many were dropped.
size_t Fit(std::vector<TextColumn>& columns, size_t max_width) {
  size_t dropped = 0;
  while (columns.size() > 1 && TotalWidth(columns, /*least=*/true) > max_width) {
    columns.pop_back();
    ++dropped;
  }
  for (size_t total; (total = TotalWidth(columns, /*least=*/false)) > max_width;) {
    const auto widest = std::max_element(columns.begin(), columns.end(), [](const TextColumn& a, const TextColumn& b) {
      return (a.right ? 0 : a.width) < (b.right ? 0 : b.width);
    });
    if (widest->right || widest->width <= kLeastWidth) break;
    // Half of the excess at a time, so that columns of like width are narrowed alike.
    widest->width -= std::min(widest->width - kLeastWidth, (total - max_width + 1) / 2);
  }
  return dropped;
}

}  // namespace

absl::StatusOr<std::vector<std::vector<std::string>>> CellTexts(const arrow::RecordBatch& batch) {
  TRY_ASSIGN(std::vector<TextColumn> columns, TextColumns(batch, /*show_types=*/false));
  std::vector<std::vector<std::string>> texts;
  for (TextColumn& column : columns) {
    column.cells.erase(column.cells.begin());
    texts.push_back(std::move(column.cells));
  }
  return texts;
}

absl::StatusOr<std::string> FormatTable(const arrow::RecordBatch& batch, const PreviewOptions& options) {
  TRY_ASSIGN(std::vector<TextColumn> columns, TextColumns(batch, options.show_types));
  const size_t dropped = Fit(columns, static_cast<size_t>(std::max(options.max_width, 20)));
  std::string out;
  const size_t num_lines = columns.empty() ? 0 : columns.front().cells.size();
  for (size_t line = 0; line < num_lines; ++line) {
    std::string text;
    for (const TextColumn& column : columns) {
      const std::string cell = Cut(column.cells[line], column.width);
      const std::string padding(column.width - DisplayWidth(cell), ' ');
      if (&column != &columns.front()) text += kGap;
      text += column.right ? padding + cell : cell + padding;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }
  if (dropped > 0) {
    out += fmt::format("({} more column{} not shown: {} in all)\n", dropped, dropped == 1 ? "" : "s",
                       dropped + columns.size());
  }
  return out;
}

}  // namespace roost::table
