#include "schema/keys.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "absl/status/status.h"
#include "base/hash.h"
#include "base/status.h"

namespace roost::schema {
namespace {

using column::ColumnView;

void AppendBits(char kind, uint64_t bits, std::string& key) {
  key += kind;
  char bytes[sizeof bits];
  std::memcpy(bytes, &bits, sizeof bits);
  key.append(bytes, sizeof bits);
}

// Integers and floats of the same value give the same bytes.
void AppendNumber(double value, std::string& key) {
  constexpr double kMaxExact = 9'007'199'254'740'992;  // 2^53
  if (value == std::floor(value) && std::abs(value) <= kMaxExact) {
    AppendBits('i', static_cast<uint64_t>(static_cast<int64_t>(value)), key);
  } else {
    AppendBits('f', std::isnan(value) ? 0 : std::bit_cast<uint64_t>(value), key);
  }
}

bool IsReadable(const ColumnView& column) {
  const column::Type type = column.type();
  // Decimals are read as doubles, which would make different ones equal.
  if (type == column::Type::kDecimal) return false;
  return column::IsNumber(type) || column::IsText(type) || column::IsBytes(type) || column::IsTime(type) ||
         type == column::Type::kBool || type == column::Type::kNull;
}

// Appends the row's value to its key; false where it is null.
bool AppendValue(const ColumnView& column, int64_t row, std::string& key) {
  if (column.IsNull(row)) return false;
  const column::Type type = column.type();
  if (column::IsText(type) || column::IsBytes(type)) {
    const std::string_view text = column.TextAt(row);
    AppendBits('t', text.size(), key);
    key += text;
  } else if (column::IsTime(type)) {
    AppendBits('d', static_cast<uint64_t>(column.MicrosAt(row)), key);
  } else if (type == column::Type::kUInt64 && column.IntegerAt(row) < 0) {
    AppendBits('u', static_cast<uint64_t>(column.IntegerAt(row)), key);  // above what int64 holds
  } else if (column::IsInteger(type) || type == column::Type::kBool) {
    AppendBits('i', static_cast<uint64_t>(column.IntegerAt(row)), key);
  } else {
    AppendNumber(column.NumberAt(row), key);
  }
  return true;
}

absl::StatusOr<std::vector<const ColumnView*>> ColumnsOf(const column::BatchView& batch,
                                                         const std::vector<std::string>& names) {
  std::vector<const ColumnView*> columns;
  for (const std::string& name : names) {
    TRY_ASSIGN(const ColumnView* column, batch.Require(name));
    if (!IsReadable(*column)) {
      return absl::InvalidArgumentError(
          fmt::format("column '{}' of type {} cannot be part of a key", name, column->TypeText()));
    }
    columns.push_back(column);
  }
  return columns;
}

// Calls visit(row, fingerprint) for each row; the fingerprint is empty where the row has a null.
template <typename Visit>
void ForEachKey(const std::vector<const ColumnView*>& columns, int64_t rows, const Visit& visit) {
  constexpr uint64_t kSeed = 0x9e3779b97f4a7c15;
  std::string key;
  for (int64_t row = 0; row < rows; ++row) {
    key.clear();
    bool whole = true;
    for (const ColumnView* column : columns) whole = whole && AppendValue(*column, row, key);
    if (whole) {
      visit(row, std::optional(std::pair(Hash64(key), Hash64(key, kSeed))));
    } else {
      visit(row, std::nullopt);
    }
  }
}

constexpr uint8_t kNoKey = 2;

}  // namespace

absl::StatusOr<std::vector<uint8_t>> KeySet::Add(const column::BatchView& batch) {
  TRY_ASSIGN(const std::vector<const ColumnView*> columns, ColumnsOf(batch, columns_));
  std::vector<uint8_t> repeats(batch.num_rows());
  ForEachKey(columns, batch.num_rows(), [&](int64_t row, const std::optional<Fingerprint>& key) {
    if (!key.has_value()) {
      repeats[row] = kNoKey;
    } else if (keys_.size() < max_keys_) {
      repeats[row] = keys_.insert(*key).second ? 0 : 1;
    } else {
      repeats[row] = keys_.contains(*key) ? 1 : 0;
      exact_ = exact_ && repeats[row] != 0;
    }
  });
  return repeats;
}

absl::StatusOr<std::vector<uint8_t>> KeySet::Contains(const column::BatchView& batch,
                                                      const std::vector<std::string>& columns) const {
  if (columns.size() != columns_.size()) {
    return absl::InvalidArgumentError(fmt::format("a key of {} columns is looked for among keys of {}: {}",
                                                  columns.size(), columns_.size(), fmt::join(columns_, ", ")));
  }
  TRY_ASSIGN(const std::vector<const ColumnView*> views, ColumnsOf(batch, columns));
  std::vector<uint8_t> found(batch.num_rows());
  ForEachKey(views, batch.num_rows(), [&](int64_t row, const std::optional<Fingerprint>& key) {
    found[row] = !key.has_value() ? kNoKey : keys_.contains(*key) ? 1 : 0;
  });
  return found;
}

}  // namespace roost::schema
