#include "store/row_hash.h"

#include <cstring>
#include <string_view>

#include <arrow/api.h>
#include <arrow/util/bit_util.h>

#include "base/check.h"
#include "base/hash.h"
#include "store/arrow_leaf.h"

namespace roost::store {
namespace {

template <typename T>
std::string_view BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// Calls hash(row, bytes) with the widened bytes of each of `rows` values of T.
template <typename T, typename Wide, typename Hash>
void ForEachWidened(const char* values, int64_t rows, const Hash& hash) {
  for (int64_t row = 0; row < rows; ++row) {
    T narrow;
    std::memcpy(&narrow, values + row * static_cast<int64_t>(sizeof narrow), sizeof narrow);
    const Wide wide = static_cast<Wide>(narrow);
    hash(row, BytesOf(wide));
  }
}

struct FixedForm {
  int width = 0;
  bool is_integer = false;
  bool is_signed = false;
  bool is_float = false;  // of 32 bits
};

template <typename Hash>
void ForEachFixed(const char* values, int64_t rows, const FixedForm& form, const Hash& hash) {
  if (form.is_float) return ForEachWidened<float, double>(values, rows, hash);
  switch (form.is_integer ? form.width * (form.is_signed ? 1 : -1) : 0) {
    case 1: return ForEachWidened<int8_t, int64_t>(values, rows, hash);
    case 2: return ForEachWidened<int16_t, int64_t>(values, rows, hash);
    case 4: return ForEachWidened<int32_t, int64_t>(values, rows, hash);
    case -1: return ForEachWidened<uint8_t, int64_t>(values, rows, hash);
    case -2: return ForEachWidened<uint16_t, int64_t>(values, rows, hash);
    case -4: return ForEachWidened<uint32_t, int64_t>(values, rows, hash);
    default: break;
  }
  for (int64_t row = 0; row < rows; ++row) {
    hash(row, std::string_view(values + row * form.width, static_cast<size_t>(form.width)));
  }
}

std::string_view BoolBytes(bool value) { return value ? std::string_view("\x01", 1) : std::string_view("\0", 1); }

template <typename ArrayType, typename Hash>
void ForEachVariable(const ArrayType& array, const Hash& hash) {
  for (int64_t row = 0; row < array.length(); ++row) hash(row, std::string_view(array.GetView(row)));
}

template <typename Hash>
void ForEachInArray(const arrow::Array& array, const Hash& hash) {
  switch (array.type_id()) {
    case arrow::Type::NA: return;
    case arrow::Type::STRING:
    case arrow::Type::BINARY: return ForEachVariable(static_cast<const arrow::BinaryArray&>(array), hash);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY: return ForEachVariable(static_cast<const arrow::LargeBinaryArray&>(array), hash);
    case arrow::Type::BOOL: {
      const auto& bools = static_cast<const arrow::BooleanArray&>(array);
      for (int64_t row = 0; row < bools.length(); ++row) hash(row, BoolBytes(bools.Value(row)));
      return;
    }
    default: break;
  }
  const int width = static_cast<const arrow::FixedWidthType&>(*array.type()).bit_width() / 8;
  const auto& buffer = array.data()->buffers[1];
  if (buffer == nullptr || array.length() == 0) return;
  const bool is_time = (arrow::is_temporal(array.type_id()) && width <= 8) || array.type_id() == arrow::Type::DECIMAL32;
  ForEachFixed(reinterpret_cast<const char*>(buffer->data()) + array.offset() * width, array.length(),
               {.width = width,
                .is_integer = arrow::is_integer(array.type_id()) || is_time,
                .is_signed = arrow::is_signed_integer(array.type_id()) || is_time,
                .is_float = array.type_id() == arrow::Type::FLOAT},
               hash);
}

template <typename Hash>
void ForEachInLeaf(const Leaf& leaf, const Hash& hash) {
  switch (leaf.type.form) {
    case LeafForm::kNull: return;
    case LeafForm::kBool:
      for (int64_t row = 0; row < leaf.rows; ++row) {
        hash(row, BoolBytes(arrow::bit_util::GetBit(reinterpret_cast<const uint8_t*>(leaf.values.data()), row)));
      }
      return;
    case LeafForm::kVariable:
      for (int64_t row = 0; row < leaf.rows; ++row) hash(row, leaf.Variable(row));
      return;
    case LeafForm::kFixed: break;
  }
  ForEachFixed(leaf.values.data(), leaf.rows,
               {.width = leaf.type.width,
                .is_integer = leaf.type.is_integer,
                .is_signed = leaf.type.is_signed,
                .is_float = leaf.type.tag == "float"},
               hash);
}

}  // namespace

void AddValueHashes(const arrow::Array& array, uint64_t column_id, std::span<uint64_t> row_sums) {
  const uint64_t seed = 2 * column_id;
  const uint64_t null_hash = Hash64("", seed + 1);
  if (LeafArrayType(array.type()).get() != array.type().get()) {
    const auto values = ToLeafArray(arrow::MakeArray(array.data()));
    ROOST_CHECK(values.ok(), values.status().ToString());
    return AddValueHashes(**values, column_id, row_sums);
  }
  if (array.type_id() == arrow::Type::NA) {
    for (uint64_t& sum : row_sums) sum += null_hash;
    return;
  }
  const bool has_nulls = array.null_count() > 0;
  ForEachInArray(array, [&](int64_t row, std::string_view bytes) {
    row_sums[static_cast<size_t>(row)] += has_nulls && array.IsNull(row) ? null_hash : Hash64(bytes, seed);
  });
}

void AddLeafHashes(const Leaf& leaf, uint64_t column_id, std::span<uint64_t> row_sums) {
  const uint64_t seed = 2 * column_id;
  const uint64_t null_hash = Hash64("", seed + 1);
  if (leaf.type.form == LeafForm::kNull) {
    for (uint64_t& sum : row_sums) sum += null_hash;
    return;
  }
  ForEachInLeaf(leaf, [&](int64_t row, std::string_view bytes) {
    row_sums[static_cast<size_t>(row)] += leaf.IsValid(row) ? Hash64(bytes, seed) : null_hash;
  });
}

}  // namespace roost::store
