#include "table/cell_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

#include <arrow/array/array_base.h>
#include <arrow/compute/cast.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "base/utf8.h"
#include "table/arrow_status.h"
#include "table/bridge.h"
#include "table/json_value.h"
#include "table/nested_type.h"

namespace roost::table {
namespace {

using column::Type;

/// Shortest text that reads back to the same bits; float and double differ in what that is.
template <typename Float>
void AppendFloat(std::string& out, Float value) {
  std::array<char, 40> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  const std::string_view text(buffer.data(), static_cast<size_t>(end - buffer.data()));
  out += text;
  if (std::isfinite(value) && text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void AppendDate(std::string& out, absl::CivilDay day) {
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
}

void AppendTime(std::string& out, const column::ColumnView& column, int64_t row) {
  constexpr std::array<int64_t, 4> kPerSecond{1, 1'000, 1'000'000, 1'000'000'000};
  const int64_t per_second = kPerSecond[static_cast<size_t>(column.time_unit())];
  const int64_t value = column.IntegerAt(row);
  int64_t seconds = value / per_second;
  int64_t fraction = value % per_second;
  if (fraction < 0) {
    fraction += per_second;
    --seconds;
  }
  const absl::CivilSecond time = absl::ToCivilSecond(absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
  AppendDate(out, absl::CivilDay(time));
  fmt::format_to(std::back_inserter(out), "T{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
  if (fraction != 0) {
    const int64_t nanos = fraction * (1'000'000'000 / per_second);
    if (nanos % 1'000'000 == 0) {
      fmt::format_to(std::back_inserter(out), ".{:03}", nanos / 1'000'000);
    } else if (nanos % 1'000 == 0) {
      fmt::format_to(std::back_inserter(out), ".{:06}", nanos / 1'000);
    } else {
      fmt::format_to(std::back_inserter(out), ".{:09}", nanos);
    }
  }
  if (!column.timezone().empty()) out += 'Z';
}

bool HasTextForm(arrow::Type::type type) {
  return arrow::is_decimal(type) || arrow::is_time(type) || type == arrow::Type::DURATION;
}

}  // namespace

void AppendCell(std::string& out, const column::ColumnView& column, int64_t row) {
  switch (column.type()) {
    case Type::kNull:
    case Type::kDecimal:  // comes as text: ToTextColumns
    case Type::kOther: return;
    case Type::kBool: out += column.IntegerAt(row) != 0 ? "true" : "false"; return;
    case Type::kUInt64:
      fmt::format_to(std::back_inserter(out), "{}", static_cast<uint64_t>(column.IntegerAt(row)));
      return;
    case Type::kFloat32: AppendFloat(out, static_cast<float>(column.NumberAt(row))); return;
    case Type::kFloat64: AppendFloat(out, column.NumberAt(row)); return;
    case Type::kString:
    case Type::kLargeString:
    case Type::kBinary:
    case Type::kLargeBinary: out += column.TextAt(row); return;
    case Type::kDate32: AppendDate(out, absl::CivilDay(1970, 1, 1) + column.IntegerAt(row)); return;
    case Type::kDate64: {
      constexpr int64_t kMillisPerDay = 86'400'000;
      const int64_t millis = column.IntegerAt(row);
      AppendDate(out, absl::CivilDay(1970, 1, 1) + (millis / kMillisPerDay - (millis % kMillisPerDay < 0 ? 1 : 0)));
      return;
    }
    case Type::kTimestamp: AppendTime(out, column, row); return;
    default: fmt::format_to(std::back_inserter(out), "{}", column.IntegerAt(row)); return;
  }
}

absl::StatusOr<column::OwnedBatch> ToTextColumns(const arrow::RecordBatch& batch) {
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  for (int i = 0; i < batch.num_columns(); ++i) {
    std::shared_ptr<arrow::Array> column = batch.column(i);
    if (IsNested(*column->type())) {
      auto texts = JsonTexts(column, JsonBytes::kRefuse);
      if (!texts.ok()) return Annotate(texts.status(), fmt::format("column '{}'", batch.column_name(i)));
      column = *std::move(texts);
    } else if (HasTextForm(column->type_id())) {
      TRY_ARROW_ASSIGN(column, arrow::compute::Cast(*column, arrow::utf8()));
    }
    fields.push_back(arrow::field(batch.column_name(i), column->type()));
    columns.push_back(std::move(column));
  }
  const auto text = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(), std::move(columns));
  TRY_ASSIGN(column::OwnedBatch known, ToColumns(*text));
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (known.view().columns()[static_cast<size_t>(i)].type() != Type::kOther) continue;
    return WithHint(absl::UnimplementedError(fmt::format("column '{}' is {}, which has no text form",
                                                         batch.column_name(i), batch.column(i)->type()->ToString())),
                    "Write Parquet or Arrow.");
  }
  return known;
}

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text.front();
    size_t length = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<uint8_t>(c) < 0x20) {
      constexpr std::string_view kNamed = "btn fr";  // \b is 8, \t 9, \n 10, \f 12, \r 13
      if (c >= 8 && c <= 13 && c != 11) {
        out += '\\';
        out += kNamed[static_cast<size_t>(c - 8)];
      } else {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<int>(c));
      }
    } else if (length = CharacterLength(text); length == 0) {
      out += "\xEF\xBF\xBD";
      length = 1;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  out += '"';
}

}  // namespace roost::table
