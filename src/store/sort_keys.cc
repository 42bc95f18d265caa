#include "store/sort_keys.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <type_traits>
#include <utility>

#include <arrow/api.h>

namespace roost::store {
namespace {

constexpr uint64_t kSign = uint64_t{1} << 63;
constexpr int kDecimalBytes = 16;

template <typename T>
uint64_t KeyOf(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    const double wide = value == 0 ? 0.0 : static_cast<double>(value);
    const auto bits = std::bit_cast<uint64_t>(wide);
    return (bits & kSign) != 0 ? ~bits : bits | kSign;
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<uint64_t>(static_cast<int64_t>(value)) ^ kSign;
  } else {
    return value;
  }
}

constexpr SortWays WaysWhere(int bit, bool set) {
  SortWays ways = 0;
  for (int way = 0; way < 8; ++way) {
    if (((way >> bit & 1) != 0) == set) ways = static_cast<SortWays>(ways | 1 << way);
  }
  return ways;
}

constexpr SortWays kAscending = WaysWhere(0, false);
constexpr SortWays kDescending = WaysWhere(0, true);
constexpr SortWays kNullsLast = WaysWhere(1, false);
constexpr SortWays kNullsFirst = WaysWhere(1, true);
constexpr SortWays kNansLast = WaysWhere(2, false);
constexpr SortWays kNansFirst = WaysWhere(2, true);

}  // namespace

int WayOf(const SortColumn& column) {
  return (column.descending ? 1 : 0) + (column.nulls_first ? 2 : 0) + (column.nans_first ? 4 : 0);
}

SortColumn ColumnOfWay(int64_t column, int way) {
  return {.column = column, .descending = (way & 1) != 0, .nulls_first = (way & 2) != 0, .nans_first = (way & 4) != 0};
}

SortKeys::SortKeys(arrow::ArrayVector arrays) : arrays_(std::move(arrays)) {
  for (const auto& array : arrays_) rows_ += static_cast<size_t>(array->length());
  size_t first = 0;
  for (const auto& array : arrays_) {
    AddArray(*array);
    AddClasses(*array, first);
    first += static_cast<size_t>(array->length());
  }
}

bool SortKeys::CanSort(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FIXED_SIZE_BINARY:
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL256:
    case arrow::Type::INTERVAL_MONTHS:
    case arrow::Type::INTERVAL_DAY_TIME:
    case arrow::Type::INTERVAL_MONTH_DAY_NANO: return false;
    default: return true;
  }
}

void SortKeys::AddArray(const arrow::Array& array) {
  switch (array.type_id()) {
    case arrow::Type::NA: break;
    case arrow::Type::BOOL: {
      const auto& bools = static_cast<const arrow::BooleanArray&>(array);
      for (int64_t i = 0; i < bools.length(); ++i) numbers_.push_back(bools.Value(i) ? 1 : 0);
      break;
    }
    case arrow::Type::UINT8: AddNumbers<uint8_t>(array); break;
    case arrow::Type::UINT16: AddNumbers<uint16_t>(array); break;
    case arrow::Type::UINT32: AddNumbers<uint32_t>(array); break;
    case arrow::Type::UINT64: AddNumbers<uint64_t>(array); break;
    case arrow::Type::INT8: AddNumbers<int8_t>(array); break;
    case arrow::Type::INT16: AddNumbers<int16_t>(array); break;
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::TIME32: AddNumbers<int32_t>(array); break;
    case arrow::Type::FLOAT: AddNumbers<float>(array); break;
    case arrow::Type::DOUBLE: AddNumbers<double>(array); break;
    case arrow::Type::STRING:
    case arrow::Type::BINARY: AddTexts<arrow::BinaryArray>(array); break;
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY: AddTexts<arrow::LargeBinaryArray>(array); break;
    case arrow::Type::DECIMAL128: AddDecimals(array); break;
    default: AddNumbers<int64_t>(array); break;  // int64, and times of 64 bits
  }
}

template <typename T>
void SortKeys::AddNumbers(const arrow::Array& array) {
  const T* values = array.data()->GetValues<T>(1);
  numbers_.reserve(rows_);
  for (int64_t i = 0; i < array.length(); ++i) numbers_.push_back(KeyOf(values[i]));
}

template <typename ArrayType>
void SortKeys::AddTexts(const arrow::Array& array) {
  const auto& texts = static_cast<const ArrayType&>(array);
  texts_.reserve(rows_);
  for (int64_t i = 0; i < texts.length(); ++i) texts_.emplace_back(texts.GetView(i));
}

void SortKeys::AddDecimals(const arrow::Array& array) {
  const auto& decimals = static_cast<const arrow::FixedSizeBinaryArray&>(array);
  bytes_.resize(rows_ * kDecimalBytes);
  for (int64_t i = 0; i < array.length(); ++i) {
    // Big-endian with the sign's bit turned: the bytes are in the order of the numbers.
    const uint8_t* value = decimals.GetValue(i);
    char* key = bytes_.data() + texts_.size() * kDecimalBytes;
    for (int byte = 0; byte < kDecimalBytes; ++byte) key[byte] = static_cast<char>(value[kDecimalBytes - 1 - byte]);
    key[0] = static_cast<char>(key[0] ^ 0x80);
    texts_.emplace_back(key, kDecimalBytes);
  }
}

void SortKeys::AddClasses(const arrow::Array& array, size_t first) {
  const auto set = [&](int64_t i, Class is) {
    if (classes_.empty()) classes_.resize(rows_, Class::kValue);
    classes_[first + static_cast<size_t>(i)] = is;
  };
  const auto note_nans = [&](const auto& floats) {
    for (int64_t i = 0; i < floats.length(); ++i) {
      if (std::isnan(floats.Value(i))) set(i, Class::kNan);
    }
  };
  if (array.type_id() == arrow::Type::DOUBLE) note_nans(static_cast<const arrow::DoubleArray&>(array));
  if (array.type_id() == arrow::Type::FLOAT) note_nans(static_cast<const arrow::FloatArray&>(array));
  if (array.null_count() == 0) return;
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) set(i, Class::kNull);
  }
}

int SortKeys::CompareValues(size_t i, const SortKeys& next, size_t j) const {
  if (!numbers_.empty()) return numbers_[i] < next.numbers_[j] ? -1 : numbers_[i] > next.numbers_[j] ? 1 : 0;
  return texts_[i].compare(next.texts_[j]);
}

SortWays SortKeys::WaysBefore(size_t i, const SortKeys& next, size_t j, bool& tied) const {
  const Class a = ClassOf(i);
  const Class b = next.ClassOf(j);
  const int compared = a == Class::kValue && b == Class::kValue ? CompareValues(i, next, j) : 0;
  tied = a == b && compared == 0;
  if (tied) return kAllSortWays;
  if (compared != 0) return compared < 0 ? kAscending : kDescending;
  if (b == Class::kNull) return kNullsLast;
  if (a == Class::kNull) return kNullsFirst;
  return b == Class::kNan ? kNansLast : kNansFirst;
}

int SortKeys::Compare(const SortColumn& order, size_t i, size_t j) const {
  const Class a = ClassOf(i);
  const Class b = ClassOf(j);
  if (a == Class::kValue && b == Class::kValue) {
    const int compared = CompareValues(i, *this, j);
    return order.descending ? -compared : compared;
  }
  if (a == b) return 0;
  if (b == Class::kNull) return order.nulls_first ? 1 : -1;
  if (a == Class::kNull) return order.nulls_first ? -1 : 1;
  return (b == Class::kNan) == order.nans_first ? 1 : -1;
}

std::vector<uint32_t> StableOrder(const std::vector<SortKeys>& keys, const std::vector<SortColumn>& order) {
  std::vector<uint32_t> rows(keys.empty() ? 0 : keys.front().rows());
  std::iota(rows.begin(), rows.end(), 0);
  std::stable_sort(rows.begin(), rows.end(), [&](uint32_t a, uint32_t b) {
    for (size_t i = 0; i < order.size(); ++i) {
      if (const int compared = keys[i].Compare(order[i], a, b); compared != 0) return compared < 0;
    }
    return false;
  });
  return rows;
}

}  // namespace roost::store
