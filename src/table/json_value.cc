#include "table/json_value.h"

#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/status.h"
#include "column/batch.h"
#include "table/arrow_status.h"
#include "table/cell_text.h"

namespace roost::table {
namespace {

/// An array and those within it.
struct Source {
  std::shared_ptr<arrow::Array> array;
  std::vector<Source> children;              // of a map the keys and the items
  std::vector<std::string> keys;             // of a struct and a map, as JSON
  std::unique_ptr<column::OwnedBatch> flat;  // one column, where there are none within
};

absl::StatusOr<Source> SourceOf(const std::shared_ptr<arrow::Array>& array, JsonBytes bytes);

absl::Status AddFields(const arrow::StructArray& fields, std::vector<std::string> names, JsonBytes bytes,
                       Source& source) {
  for (size_t i = 0; i < names.size(); ++i) {
    TRY_ASSIGN(source.children.emplace_back(), SourceOf(fields.field(static_cast<int>(i)), bytes));
    AppendJsonString(source.keys.emplace_back(), names[i]);
  }
  return absl::OkStatus();
}

absl::StatusOr<Source> SourceOf(const std::shared_ptr<arrow::Array>& array, JsonBytes bytes) {
  Source source{.array = array};
  switch (array->type_id()) {
    case arrow::Type::LIST: {
      const auto& lists = static_cast<const arrow::ListArray&>(*array);
      TRY_ASSIGN(source.children.emplace_back(), SourceOf(lists.values(), bytes));
      return source;
    }
    case arrow::Type::LARGE_LIST: {
      const auto& lists = static_cast<const arrow::LargeListArray&>(*array);
      TRY_ASSIGN(source.children.emplace_back(), SourceOf(lists.values(), bytes));
      return source;
    }
    case arrow::Type::FIXED_SIZE_LIST: {
      const auto& lists = static_cast<const arrow::FixedSizeListArray&>(*array);
      TRY_ASSIGN(source.children.emplace_back(), SourceOf(lists.values(), bytes));
      return source;
    }
    case arrow::Type::MAP: {
      const auto& entries = *static_cast<const arrow::MapArray&>(*array).values();
      TRY(AddFields(static_cast<const arrow::StructArray&>(entries), {"key", "value"}, bytes, source));
      return source;
    }
    case arrow::Type::STRUCT: {
      std::vector<std::string> names;
      for (const auto& field : array->type()->fields()) names.push_back(field->name());
      TRY(AddFields(static_cast<const arrow::StructArray&>(*array), std::move(names), bytes, source));
      return source;
    }
    default: break;
  }
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("value", array->type())}), array->length(),
                                              arrow::ArrayVector{array});
  TRY_ASSIGN(column::OwnedBatch flat, ToTextColumns(*batch));
  if (bytes == JsonBytes::kRefuse && column::IsBytes(flat.view().columns().front().type())) {
    return absl::InvalidArgumentError("it has binary values, which have no text form");
  }
  source.flat = std::make_unique<column::OwnedBatch>(std::move(flat));
  return source;
}

void AppendValue(std::string& out, const Source& source, int64_t row);

void AppendObject(std::string& out, const Source& source, int64_t row) {
  out += '{';
  for (size_t i = 0; i < source.children.size(); ++i) {
    if (i > 0) out += ',';
    out += source.keys[i];
    out += ':';
    AppendValue(out, source.children[i], row);
  }
  out += '}';
}

template <typename ListType>
void AppendList(std::string& out, const Source& source, int64_t row) {
  const auto& lists = static_cast<const ListType&>(*source.array);
  const int64_t start = lists.value_offset(row);
  const int64_t end = start + lists.value_length(row);
  out += '[';
  for (int64_t item = start; item < end; ++item) {
    if (item > start) out += ',';
    if (source.keys.empty()) {
      AppendValue(out, source.children.front(), item);
    } else {
      AppendObject(out, source, item);
    }
  }
  out += ']';
}

void AppendFlat(std::string& out, const column::ColumnView& column, int64_t row) {
  if (!column::IsBytes(column.type()) || column.IsNull(row)) return AppendJsonCell(out, column, row);
  out += '"';
  for (const char byte : column.TextAt(row)) {
    fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned>(static_cast<uint8_t>(byte)));
  }
  out += '"';
}

void AppendValue(std::string& out, const Source& source, int64_t row) {
  if (source.flat != nullptr) return AppendFlat(out, source.flat->view().columns().front(), row);
  if (source.array->IsNull(row)) {
    out += "null";
    return;
  }
  switch (source.array->type_id()) {
    case arrow::Type::LIST: return AppendList<arrow::ListArray>(out, source, row);
    case arrow::Type::LARGE_LIST: return AppendList<arrow::LargeListArray>(out, source, row);
    case arrow::Type::FIXED_SIZE_LIST: return AppendList<arrow::FixedSizeListArray>(out, source, row);
    case arrow::Type::MAP: return AppendList<arrow::MapArray>(out, source, row);
    default: return AppendObject(out, source, row);
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<arrow::Array>> JsonTexts(const std::shared_ptr<arrow::Array>& array, JsonBytes bytes) {
  TRY_ASSIGN(const Source source, SourceOf(array, bytes));
  arrow::LargeStringBuilder builder;
  std::string text;
  for (int64_t row = 0; row < array->length(); ++row) {
    if (array->IsNull(row)) {
      TRY_ARROW(builder.AppendNull());
      continue;
    }
    text.clear();
    AppendValue(text, source, row);
    TRY_ARROW(builder.Append(text));
  }
  TRY_ARROW_ASSIGN(std::shared_ptr<arrow::Array> texts, builder.Finish());
  return texts;
}

void AppendJsonCell(std::string& out, const column::ColumnView& column, int64_t row) {
  const bool is_float = column::IsNumber(column.type()) && !column::IsInteger(column.type());
  if (column.IsNull(row) || (is_float && !std::isfinite(column.NumberAt(row)))) {
    out += "null";
  } else if (column::IsText(column.type())) {
    AppendJsonString(out, column.TextAt(row));
  } else if (column::IsTime(column.type())) {
    out += '"';
    AppendCell(out, column, row);
    out += '"';
  } else {
    AppendCell(out, column, row);
  }
}

}  // namespace roost::table
