#include "store/arrow_leaf.h"

#include <algorithm>
#include <cstring>

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>
#include <fmt/format.h>

#include "base/status.h"
#include "store/leaf_codec.h"
#include "store/nested_rows.h"
#include "table/arrow_status.h"
#include "table/nested_type.h"

namespace roost::store {
namespace {

/// Calls `with` with `array` as its type of string or binary array.
template <typename With>
auto WithVariable(const arrow::Array& array, const With& with) {
  switch (array.type_id()) {
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY: return with(static_cast<const arrow::LargeBinaryArray&>(array));
    default: return with(static_cast<const arrow::BinaryArray&>(array));
  }
}

const char* FixedValues(const arrow::Array& array, int width) {
  const auto& buffer = array.data()->buffers[1];
  if (buffer == nullptr) return nullptr;
  return reinterpret_cast<const char*>(buffer->data()) + array.offset() * width;
}

std::shared_ptr<arrow::Buffer> BufferOf(std::string bytes) { return arrow::Buffer::FromString(std::move(bytes)); }

template <typename T>
std::shared_ptr<arrow::Buffer> BufferOf(std::vector<T> numbers) {
  return arrow::Buffer::FromVector(std::move(numbers));
}

std::shared_ptr<arrow::ArrayData> VariableData(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                                               std::shared_ptr<arrow::Buffer> validity, int64_t nulls, Leaf& leaf) {
  std::shared_ptr<arrow::Buffer> offsets;
  if (arrow::is_large_binary_like(type->id())) {
    offsets = BufferOf(std::vector<int64_t>(leaf.offsets.begin(), leaf.offsets.end()));
  } else {
    offsets = BufferOf(std::move(leaf.offsets));
  }
  return arrow::ArrayData::Make(type, rows, {std::move(validity), std::move(offsets), BufferOf(std::move(leaf.values))},
                                nulls);
}

/// A binary of a fixed size that is a leaf of form kVariable.
bool IsWideBinary(const arrow::DataType& type) {
  return type.id() == arrow::Type::FIXED_SIZE_BINARY &&
         static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width() > kMaxFixedWidth;
}

absl::StatusOr<std::shared_ptr<arrow::Array>> AsLargeBinary(const arrow::FixedSizeBinaryArray& array) {
  arrow::LargeBinaryBuilder builder;
  for (int64_t row = 0; row < array.length(); ++row) {
    TRY_ARROW(array.IsNull(row) ? builder.AppendNull() : builder.Append(array.GetView(row)));
  }
  TRY_ARROW_ASSIGN(std::shared_ptr<arrow::Array> bytes, builder.Finish());
  return bytes;
}

/// `leaf`, of form kVariable, as an array of wide binaries of a fixed size.
absl::StatusOr<std::shared_ptr<arrow::Array>> FromVariable(const Leaf& leaf,
                                                           const std::shared_ptr<arrow::DataType>& type) {
  TRY_ARROW_ASSIGN(const std::unique_ptr<arrow::ArrayBuilder> builder, arrow::MakeBuilder(type));
  const size_t width = static_cast<size_t>(static_cast<const arrow::FixedSizeBinaryType&>(*type).byte_width());
  for (int64_t row = 0; row < leaf.rows; ++row) {
    if (!leaf.IsValid(row)) {
      TRY_ARROW(builder->AppendNull());
    } else if (leaf.Variable(row).size() != width) {
      return absl::DataLossError(fmt::format("a value of {} bytes, expected {}", leaf.Variable(row).size(), width));
    } else {
      TRY_ARROW(static_cast<arrow::FixedSizeBinaryBuilder&>(*builder).Append(leaf.Variable(row).data()));
    }
  }
  TRY_ARROW_ASSIGN(std::shared_ptr<arrow::Array> array, builder->Finish());
  return array;
}

}  // namespace

absl::StatusOr<std::shared_ptr<arrow::Array>> WithoutDictionary(const std::shared_ptr<arrow::Array>& array) {
  if (array->type_id() == arrow::Type::EXTENSION) {
    TRY_ASSIGN(const std::string name, TypeNameOf(*array->type(), ""));
    TRY_ASSIGN(const std::shared_ptr<arrow::DataType> type, ArrowTypeOf(name));
    TRY_ASSIGN(auto storage, WithoutDictionary(static_cast<const arrow::ExtensionArray&>(*array).storage()));
    return type->id() == arrow::Type::EXTENSION ? arrow::ExtensionType::WrapArray(type, storage) : storage;
  }
  if (array->type_id() == arrow::Type::DICTIONARY) {
    const auto& type = static_cast<const arrow::DictionaryType&>(*array->type());
    if (!table::IsNested(*type.value_type())) {
      TRY_ARROW_ASSIGN(std::shared_ptr<arrow::Array> decoded, arrow::compute::Cast(*array, type.value_type()));
      return decoded;
    }
  } else if (!table::IsNested(*array->type())) {
    return array;
  }
  TRY_ASSIGN(const std::string name, TypeNameOf(*array->type(), ""));
  TRY_ASSIGN(const std::shared_ptr<arrow::DataType> type, ArrowTypeOf(name));
  if (array->type()->Equals(*type)) return array;
  TRY_ASSIGN(const std::shared_ptr<arrow::Array> bytes, NestedRowBytes(*array));
  TRY_ASSIGN(LeafType leaf_type, LeafTypeOfName(name));
  LeafBuilder builder(std::move(leaf_type));
  builder.Append(*bytes, 0, bytes->length());
  return ToArrow(builder.Finish(), type);
}

std::shared_ptr<arrow::DataType> LeafArrayType(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() == arrow::Type::EXTENSION) {
    return LeafArrayType(static_cast<const arrow::ExtensionType&>(*type).storage_type());
  }
  if (table::IsNested(*type) || IsWideBinary(*type)) return arrow::large_binary();
  return type;
}

absl::StatusOr<std::shared_ptr<arrow::Array>> ToLeafArray(const std::shared_ptr<arrow::Array>& array) {
  switch (array->type_id()) {
    case arrow::Type::EXTENSION: return ToLeafArray(static_cast<const arrow::ExtensionArray&>(*array).storage());
    case arrow::Type::DICTIONARY: {
      const auto& values = *static_cast<const arrow::DictionaryType&>(*array->type()).value_type();
      if (table::IsNested(values)) return NestedRowBytes(*array);
      TRY_ASSIGN(const std::shared_ptr<arrow::Array> decoded, WithoutDictionary(array));
      return ToLeafArray(decoded);
    }
    case arrow::Type::FIXED_SIZE_BINARY:
      if (!IsWideBinary(*array->type())) return array;
      return AsLargeBinary(static_cast<const arrow::FixedSizeBinaryArray&>(*array));
    default: break;
  }
  if (!table::IsNested(*array->type())) return array;
  return NestedRowBytes(*array);
}

absl::StatusOr<std::vector<int32_t>> ValueBytes(const arrow::Array& array, std::string_view column) {
  std::vector<int32_t> bytes(static_cast<size_t>(array.length()));
  int64_t largest = 0;
  WithVariable(array, [&](const auto& variable) {
    for (int64_t row = 0; row < variable.length(); ++row) {
      const int64_t length = variable.IsNull(row) ? 0 : static_cast<int64_t>(variable.value_length(row));
      largest = std::max(largest, length);
      bytes[static_cast<size_t>(row)] = static_cast<int32_t>(length);
    }
  });
  if (largest > kMaxValueBytes) {
    return WithHint(absl::InvalidArgumentError(fmt::format("column '{}' has a value of {} bytes; at most {} are stored",
                                                           column, largest, kMaxValueBytes)),
                    "Keep such values in files of their own and store their paths.");
  }
  return bytes;
}

LeafBuilder::LeafBuilder(LeafType type) {
  leaf_.type = std::move(type);
  if (leaf_.type.form == LeafForm::kVariable) leaf_.offsets.push_back(0);
}

void LeafBuilder::AppendValidity(const arrow::Array& array, int64_t start, int64_t length) {
  if (leaf_.type.form == LeafForm::kNull) return;
  const auto nulls = array.null_count() == 0 ? 0 : array.Slice(start, length)->null_count();
  const int64_t rows = leaf_.rows + length;
  if (nulls == 0 && leaf_.nulls == 0) return;
  auto* bits = reinterpret_cast<uint8_t*>(leaf_.validity.data());
  if (leaf_.nulls == 0) {
    // The first null: everything before it was valid.
    leaf_.validity.assign(static_cast<size_t>(arrow::bit_util::BytesForBits(leaf_.rows)), '\0');
    bits = reinterpret_cast<uint8_t*>(leaf_.validity.data());
    arrow::bit_util::SetBitsTo(bits, 0, leaf_.rows, true);
  }
  leaf_.validity.resize(static_cast<size_t>(arrow::bit_util::BytesForBits(rows)), '\0');
  bits = reinterpret_cast<uint8_t*>(leaf_.validity.data());
  if (nulls == 0) {
    arrow::bit_util::SetBitsTo(bits, leaf_.rows, length, true);
  } else {
    arrow::internal::CopyBitmap(array.null_bitmap_data(), array.offset() + start, length, bits, leaf_.rows);
  }
  leaf_.nulls += nulls;
}

void LeafBuilder::AppendBits(const arrow::Array& array, int64_t start, int64_t length) {
  const auto& bools = static_cast<const arrow::BooleanArray&>(array);
  leaf_.values.resize(static_cast<size_t>(arrow::bit_util::BytesForBits(leaf_.rows + length)), '\0');
  auto* bits = reinterpret_cast<uint8_t*>(leaf_.values.data());
  for (int64_t i = 0; i < length; ++i) {
    const bool set = bools.IsValid(start + i) && bools.Value(start + i);
    arrow::bit_util::SetBitTo(bits, leaf_.rows + i, set);
  }
}

void LeafBuilder::AppendFixedValues(const arrow::Array& array, int64_t start, int64_t length) {
  const int width = leaf_.type.width;
  const auto first = leaf_.values.size();
  leaf_.values.append(FixedValues(array, width) + start * width, static_cast<size_t>(length * width));
  if (array.null_count() == 0) return;
  for (int64_t i = 0; i < length; ++i) {
    if (array.IsNull(start + i)) {
      std::memset(leaf_.values.data() + first + static_cast<size_t>(i * width), 0, static_cast<size_t>(width));
    }
  }
}

template <typename ArrayType>
void LeafBuilder::AppendVariable(const ArrayType& array, int64_t start, int64_t length) {
  const bool has_nulls = array.null_count() > 0;
  for (int64_t row = start; row < start + length; ++row) {
    if (!has_nulls || array.IsValid(row)) leaf_.values.append(std::string_view(array.GetView(row)));
    leaf_.offsets.push_back(static_cast<int32_t>(leaf_.values.size()));
  }
}

void LeafBuilder::Append(const arrow::Array& array, int64_t start, int64_t length) {
  if (length == 0) return;
  AppendValidity(array, start, length);
  switch (leaf_.type.form) {
    case LeafForm::kNull: break;
    case LeafForm::kBool: AppendBits(array, start, length); break;
    case LeafForm::kFixed: AppendFixedValues(array, start, length); break;
    case LeafForm::kVariable:
      WithVariable(array, [&](const auto& variable) { AppendVariable(variable, start, length); });
      break;
  }
  leaf_.rows += length;
}

Leaf LeafBuilder::Finish() {
  Leaf next;
  next.type = leaf_.type;
  if (next.type.form == LeafForm::kVariable) next.offsets.push_back(0);
  std::swap(next, leaf_);
  return next;
}

absl::StatusOr<std::shared_ptr<arrow::Array>> ToArrow(Leaf leaf, const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() == arrow::Type::EXTENSION) {
    const auto& storage_type = static_cast<const arrow::ExtensionType&>(*type).storage_type();
    TRY_ASSIGN(const std::shared_ptr<arrow::Array> storage, ToArrow(std::move(leaf), storage_type));
    return arrow::ExtensionType::WrapArray(type, storage);
  }
  if (table::IsNested(*type)) return NestedArray(leaf, type);
  if (IsWideBinary(*type)) return FromVariable(leaf, type);
  const auto validity = leaf.nulls > 0 ? BufferOf(std::move(leaf.validity)) : nullptr;
  if (leaf.is_dictionary) {
    const auto num_values = static_cast<int64_t>(leaf.offsets.size()) - 1;
    const auto values = arrow::MakeArray(VariableData(type, num_values, nullptr, 0, leaf));
    const auto codes = arrow::MakeArray(
        arrow::ArrayData::Make(arrow::int32(), leaf.rows, {validity, BufferOf(std::move(leaf.codes))}, leaf.nulls));
    TRY_ARROW_ASSIGN(std::shared_ptr<arrow::Array> array,
                     arrow::DictionaryArray::FromArrays(arrow::dictionary(arrow::int32(), type), codes, values));
    return array;
  }
  switch (leaf.type.form) {
    case LeafForm::kNull: return std::shared_ptr<arrow::Array>(std::make_shared<arrow::NullArray>(leaf.rows));
    case LeafForm::kVariable: return arrow::MakeArray(VariableData(type, leaf.rows, validity, leaf.nulls, leaf));
    default:
      return arrow::MakeArray(
          arrow::ArrayData::Make(type, leaf.rows, {validity, BufferOf(std::move(leaf.values))}, leaf.nulls));
  }
}

}  // namespace roost::store
