#include "evaluate/slice_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "absl/container/flat_hash_map.h"
#include "base/format.h"
#include "base/status.h"
#include "transform/calendar.h"

namespace roost::evaluate {
namespace {

using column::BatchView;
using column::ColumnView;

constexpr size_t kMaxValues = size_t{1} << 24;

bool IsMissing(const ColumnView& column, int64_t row) {
  return column.IsNull(row) || ((column.type() == column::Type::kFloat32 || column.type() == column::Type::kFloat64) &&
                                std::isnan(column.NumberAt(row)));
}

std::string ValueName(const ColumnView& column, int64_t row) {
  if (column::IsText(column.type())) return Printable(column.TextAt(row));
  if (column.type() == column::Type::kBool) return column.IntegerAt(row) == 1 ? "true" : "false";
  if (column.type() == column::Type::kUInt64) return fmt::to_string(static_cast<uint64_t>(column.IntegerAt(row)));
  if (column::IsInteger(column.type())) return fmt::to_string(column.IntegerAt(row));
  return fmt::to_string(column.NumberAt(row) + 0.0);
}

// Numbers the names of values from 0 on; the missing one too.
class Values {
 public:
  explicit Values(const SliceKey& key) : key_(key) {
    if (key.value.has_value()) codes_.names.push_back(fmt::format("{}={}", key.column, *key.value));
  }

  absl::Status Add(const ColumnView& column) {
    by_text_.clear();  // texts are of this column, and bits of its type
    by_bits_.clear();
    for (int64_t row = 0; row < column.length(); ++row) {
      codes_.of_row.push_back(CodeOf(column, row));
      if (by_name_.size() > kMaxValues) {
        return absl::InvalidArgumentError(
            fmt::format("column '{}' has more than {} values; cut it by ranges or leave it out", key_.column,
                        FormatCount(kMaxValues)));
      }
    }
    return absl::OkStatus();
  }

  KeyCodes Take() && { return std::move(codes_); }

 private:
  int32_t CodeOf(const ColumnView& column, int64_t row) {
    if (IsMissing(column, row)) return key_.value.has_value() ? KeyCodes::kNone : Missing();
    if (column::IsText(column.type())) {
      const auto [found, is_new] = by_text_.try_emplace(column.TextAt(row), 0);
      if (is_new) found->second = Named(ValueName(column, row));
      return found->second;
    }
    const uint64_t bits = column::IsInteger(column.type()) || column.type() == column::Type::kBool
                              ? static_cast<uint64_t>(column.IntegerAt(row))
                              : std::bit_cast<uint64_t>(column.NumberAt(row) + 0.0);
    const auto [found, is_new] = by_bits_.try_emplace(bits, 0);
    if (is_new) found->second = Named(ValueName(column, row));
    return found->second;
  }

  int32_t Named(std::string value) {
    if (key_.value.has_value()) return value == *key_.value ? 0 : KeyCodes::kNone;
    const auto [found, is_new] = by_name_.try_emplace(std::move(value), static_cast<int32_t>(codes_.names.size()));
    if (is_new) codes_.names.push_back(fmt::format("{}={}", key_.column, found->first));
    return found->second;
  }

  int32_t Missing() {
    if (missing_ == KeyCodes::kNone) {
      missing_ = static_cast<int32_t>(codes_.names.size());
      codes_.names.push_back(fmt::format("{} is missing", key_.column));
    }
    return missing_;
  }

  const SliceKey& key_;
  KeyCodes codes_;
  int32_t missing_ = KeyCodes::kNone;
  absl::flat_hash_map<std::string, int32_t> by_name_;
  absl::flat_hash_map<std::string_view, int32_t> by_text_;
  absl::flat_hash_map<uint64_t, int32_t> by_bits_;
};

// Borders between `ranges` ranges of about equally many of `values`.
std::vector<double> QuantileBorders(std::vector<double> values, int64_t ranges) {
  std::vector<double> borders;
  std::sort(values.begin(), values.end());
  for (int64_t i = 1; i < ranges && !values.empty(); ++i) {
    const double border = values[values.size() * static_cast<size_t>(i) / static_cast<size_t>(ranges)];
    if (border > (borders.empty() ? values.front() : borders.back())) borders.push_back(border);
  }
  return borders;
}

std::vector<std::string> RangeNames(const std::string& column, std::span<const double> borders) {
  if (borders.empty()) return {fmt::format("{} is present", column)};
  std::vector<std::string> names{fmt::format("{} < {}", column, borders.front())};
  for (size_t i = 1; i < borders.size(); ++i) {
    names.push_back(fmt::format("{} in [{}, {})", column, borders[i - 1], borders[i]));
  }
  names.push_back(fmt::format("{} >= {}", column, borders.back()));
  return names;
}

// The codes of a key with an order; code(column, row) is that of a row that is not missing.
template <typename Code>
KeyCodes OrderedCodes(std::span<const ColumnView> columns, const SliceKey& key, std::vector<std::string> names,
                      const Code& code) {
  KeyCodes codes{.names = std::move(names), .has_order = true};
  const auto missing = static_cast<int32_t>(codes.names.size());
  bool has_missing = false;
  for (const ColumnView& column : columns) {
    for (int64_t row = 0; row < column.length(); ++row) {
      const bool is_missing = IsMissing(column, row);
      has_missing |= is_missing;
      codes.of_row.push_back(is_missing ? missing : code(column, row));
    }
  }
  if (has_missing) codes.names.push_back(fmt::format("{} is missing", key.column));
  return codes;
}

KeyCodes CodesOfRanges(std::span<const ColumnView> columns, const SliceKey& key) {
  std::vector<double> borders = key.borders;
  if (key.quantiles > 0) {
    std::vector<double> values;
    for (const ColumnView& column : columns) {
      for (int64_t row = 0; row < column.length(); ++row) {
        if (!IsMissing(column, row)) values.push_back(column.NumberAt(row));
      }
    }
    borders = QuantileBorders(std::move(values), key.quantiles);
  }
  return OrderedCodes(columns, key, RangeNames(key.column, borders), [&](const ColumnView& column, int64_t row) {
    return static_cast<int32_t>(std::upper_bound(borders.begin(), borders.end(), column.NumberAt(row)) -
                                borders.begin());
  });
}

KeyCodes CodesOfTimes(std::span<const ColumnView> columns, const SliceKey& key) {
  const TimePart part = *key.part;
  const char* name = part == TimePart::kMonth ? "month" : part == TimePart::kWeekday ? "weekday" : "hour";
  const int count = part == TimePart::kMonth ? 12 : part == TimePart::kWeekday ? 7 : 24;
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    names.push_back(fmt::format("{}({})={}", name, key.column, part == TimePart::kHour ? i : i + 1));
  }
  return OrderedCodes(columns, key, std::move(names), [part](const ColumnView& column, int64_t row) {
    const int64_t micros = column.MicrosAt(row);
    switch (part) {
      case TimePart::kMonth: return transform::MonthOf(micros);
      case TimePart::kWeekday: return transform::WeekdayOf(micros);
      case TimePart::kHour: return transform::HourOf(micros);
    }
    return 0;
  });
}

absl::Status CheckKey(const SliceKey& key) {
  const int ways = (key.value.has_value() ? 1 : 0) + (key.borders.empty() ? 0 : 1) + (key.quantiles != 0 ? 1 : 0) +
                   (key.part.has_value() ? 1 : 0);
  if (ways > 1) {
    return absl::InvalidArgumentError(
        fmt::format("slices of '{}': give a value, borders, quantiles or a part of time, not several", key.column));
  }
  if (key.quantiles != 0 && (key.quantiles < 2 || key.quantiles > 100)) {
    return absl::InvalidArgumentError(
        fmt::format("slices of '{}': {} quantiles; there must be 2 to 100", key.column, key.quantiles));
  }
  for (size_t i = 0; i < key.borders.size(); ++i) {
    if (!std::isfinite(key.borders[i]) || (i > 0 && key.borders[i] <= key.borders[i - 1])) {
      return absl::InvalidArgumentError(fmt::format("slices of '{}': borders must be numbers that ascend", key.column));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckColumn(const SliceKey& key, const ColumnView& column) {
  const bool is_range = !key.borders.empty() || key.quantiles > 0;
  const bool is_value = !is_range && !key.part.has_value();
  const bool fits = is_range ? column::IsNumber(column.type())
                    : key.part.has_value()
                        ? column::IsTime(column.type())
                        : column::IsText(column.type()) || column::IsNumber(column.type()) ||
                              column.type() == column::Type::kBool || column.type() == column::Type::kNull;
  if (fits) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(fmt::format("slices of '{}': a column of type {} cannot be cut by {}",
                                                         key.column, column.TypeText(),
                                                         is_range   ? "ranges"
                                                         : is_value ? "its values"
                                                                    : "parts of a time")),
                  column::IsTime(column.type())
                      ? "Cut times by month, weekday or hour."
                      : "Texts, numbers and truth values are cut by values, numbers by ranges.");
}

}  // namespace

absl::StatusOr<KeyCodes> CodesOf(std::span<const BatchView> batches, const SliceKey& key) {
  TRY(CheckKey(key));
  std::vector<ColumnView> columns;
  for (const BatchView& batch : batches) {
    TRY_ASSIGN(const ColumnView* column, batch.Require(key.column));
    TRY(CheckColumn(key, *column));
    columns.push_back(*column);
  }
  if (!key.borders.empty() || key.quantiles > 0) return CodesOfRanges(columns, key);
  if (key.part.has_value()) return CodesOfTimes(columns, key);
  Values values(key);
  for (const ColumnView& column : columns) TRY(values.Add(column));
  return std::move(values).Take();
}

}  // namespace roost::evaluate
