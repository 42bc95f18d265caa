#include "store/nested_rows.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/extension_type.h>
#include <arrow/util/bit_util.h>
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/status.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

constexpr int64_t kMaxChildRows = std::numeric_limits<int32_t>::max();

/// An array and those within it.
struct Source {
  std::shared_ptr<arrow::Array> array;
  std::vector<Source> children;  // of a map the keys and the items
  int64_t width = 0;             // of fixed width
};

Source SourceOf(std::shared_ptr<arrow::Array> array) {
  Source source;
  switch (array->type_id()) {
    case arrow::Type::EXTENSION: return SourceOf(static_cast<const arrow::ExtensionArray&>(*array).storage());
    case arrow::Type::DICTIONARY:
      source.children.push_back(SourceOf(static_cast<const arrow::DictionaryArray&>(*array).dictionary()));
      break;
    case arrow::Type::LIST:
      source.children.push_back(SourceOf(static_cast<const arrow::ListArray&>(*array).values()));
      break;
    case arrow::Type::LARGE_LIST:
      source.children.push_back(SourceOf(static_cast<const arrow::LargeListArray&>(*array).values()));
      break;
    case arrow::Type::FIXED_SIZE_LIST:
      source.children.push_back(SourceOf(static_cast<const arrow::FixedSizeListArray&>(*array).values()));
      break;
    case arrow::Type::MAP: {
      const auto& entries = *static_cast<const arrow::MapArray&>(*array).values();
      for (int i = 0; i < 2; ++i) {
        source.children.push_back(SourceOf(static_cast<const arrow::StructArray&>(entries).field(i)));
      }
      break;
    }
    case arrow::Type::STRUCT:
      for (int i = 0; i < array->num_fields(); ++i) {
        source.children.push_back(SourceOf(static_cast<const arrow::StructArray&>(*array).field(i)));
      }
      break;
    default:
      if (arrow::is_fixed_width(array->type_id())) {
        source.width = static_cast<const arrow::FixedWidthType&>(*array->type()).bit_width() / 8;
      }
  }
  source.array = std::move(array);
  return source;
}

bool IsNull(const Source& source, int64_t row) {
  if (source.array->type_id() == arrow::Type::NA || source.array->IsNull(row)) return true;
  if (source.array->type_id() != arrow::Type::DICTIONARY) return false;
  const auto& codes = static_cast<const arrow::DictionaryArray&>(*source.array);
  return IsNull(source.children[0], codes.GetValueIndex(row));
}

/// Whether a map has a null key somewhere: of a dictionary with a null value, which Arrow does not see.
bool HasNullKey(const Source& source) {
  if (source.array->type_id() == arrow::Type::MAP) {
    const Source& keys = source.children[0];
    for (int64_t row = 0; row < keys.array->length(); ++row) {
      if (IsNull(keys, row)) return true;
    }
  }
  return std::any_of(source.children.begin(), source.children.end(), HasNullKey);
}

void AppendValue(const Source& source, int64_t row, std::string& bytes);

void AppendItem(const Source& source, int64_t row, std::string& bytes) {
  const bool is_valid = !IsNull(source, row);
  bytes.push_back(is_valid ? 1 : 0);
  if (is_valid) AppendValue(source, row, bytes);
}

template <typename ListType>
void AppendList(const Source& source, int64_t row, std::string& bytes) {
  const auto& lists = static_cast<const ListType&>(*source.array);
  const int64_t start = lists.value_offset(row);
  const int64_t length = lists.value_length(row);
  if (lists.type_id() != arrow::Type::FIXED_SIZE_LIST) AppendVarint(bytes, static_cast<uint64_t>(length));
  for (int64_t item = start; item < start + length; ++item) {
    for (const Source& child : source.children) AppendItem(child, item, bytes);
  }
}

template <typename TextType>
void AppendText(const Source& source, int64_t row, std::string& bytes) {
  AppendString(bytes, std::string_view(static_cast<const TextType&>(*source.array).GetView(row)));
}

/// The bytes of a value that is there.
void AppendValue(const Source& source, int64_t row, std::string& bytes) {
  const arrow::Array& array = *source.array;
  switch (array.type_id()) {
    case arrow::Type::DICTIONARY:
      return AppendValue(source.children[0], static_cast<const arrow::DictionaryArray&>(array).GetValueIndex(row),
                         bytes);
    case arrow::Type::LIST: return AppendList<arrow::ListArray>(source, row, bytes);
    case arrow::Type::MAP: return AppendList<arrow::MapArray>(source, row, bytes);
    case arrow::Type::LARGE_LIST: return AppendList<arrow::LargeListArray>(source, row, bytes);
    case arrow::Type::FIXED_SIZE_LIST: return AppendList<arrow::FixedSizeListArray>(source, row, bytes);
    case arrow::Type::STRUCT:
      for (const Source& child : source.children) AppendItem(child, row, bytes);
      return;
    case arrow::Type::BOOL: bytes.push_back(static_cast<const arrow::BooleanArray&>(array).Value(row) ? 1 : 0); return;
    case arrow::Type::STRING:
    case arrow::Type::BINARY: return AppendText<arrow::BinaryArray>(source, row, bytes);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY: return AppendText<arrow::LargeBinaryArray>(source, row, bytes);
    default: break;
  }
  if (source.width == 0) return;
  const auto* values = reinterpret_cast<const char*>(array.data()->buffers[1]->data());
  bytes.append(values + (array.offset() + row) * source.width, static_cast<size_t>(source.width));
}

/// Collects the values of one type, and of those within it.
class Target {
 public:
  explicit Target(std::shared_ptr<arrow::DataType> type, bool nullable = true)
      : type_(std::move(type)), is_nullable_(nullable), offsets_(1, 0) {
    storage_ = type_;
    while (storage_->id() == arrow::Type::EXTENSION) {
      storage_ = static_cast<const arrow::ExtensionType&>(*storage_).storage_type();
    }
    if (storage_->id() == arrow::Type::MAP) {
      const auto& map = static_cast<const arrow::MapType&>(*storage_);
      children_.emplace_back(map.key_type(), false);
      children_.emplace_back(map.item_type(), map.item_field()->nullable());
    } else {
      for (const auto& field : storage_->fields()) children_.emplace_back(field->type(), field->nullable());
    }
    if (storage_->id() == arrow::Type::FIXED_SIZE_LIST) {
      items_ = static_cast<const arrow::FixedSizeListType&>(*storage_).list_size();
    } else if (children_.empty() && arrow::is_fixed_width(storage_->id()) && storage_->id() != arrow::Type::BOOL) {
      width_ = static_cast<const arrow::FixedWidthType&>(*storage_).bit_width() / 8;
    }
  }

  /// A value that is there.
  absl::Status ReadValue(ByteReader& reader) {
    TRY(AddRow(true));
    switch (storage_->id()) {
      case arrow::Type::NA: return absl::DataLossError("a value of type null");
      case arrow::Type::LIST:
      case arrow::Type::LARGE_LIST:
      case arrow::Type::MAP: return ReadList(reader);
      case arrow::Type::FIXED_SIZE_LIST: return ReadItems(reader, static_cast<uint64_t>(items_));
      case arrow::Type::STRUCT: return ReadItems(reader, 1);
      case arrow::Type::BOOL: {
        TRY_ASSIGN(const auto value, reader.Fixed<uint8_t>());
        if (value > 1) return absl::DataLossError("a bool that is neither true nor false");
        values_.push_back(static_cast<char>(value));
        return absl::OkStatus();
      }
      default: break;
    }
    std::string_view value;
    if (IsText()) {
      TRY_ASSIGN(value, reader.String());
    } else {
      TRY_ASSIGN(value, reader.Raw(static_cast<uint64_t>(width_)));
    }
    values_.append(value);
    offsets_.push_back(static_cast<int64_t>(values_.size()));
    return absl::OkStatus();
  }

  /// A null, or where the type has none the smallest value, which lies under a null.
  absl::Status AppendEmpty() {
    TRY(AddRow(!is_nullable_ && storage_->id() != arrow::Type::NA));
    const int64_t items = storage_->id() == arrow::Type::STRUCT ? 1 : items_;
    for (int64_t item = 0; item < items; ++item) {
      for (Target& child : children_) TRY(child.AppendEmpty());
    }
    values_.append(static_cast<size_t>(storage_->id() == arrow::Type::BOOL ? 1 : width_), '\0');
    if (IsList()) offsets_.push_back(children_[0].rows_);
    if (IsText()) offsets_.push_back(static_cast<int64_t>(values_.size()));
    return absl::OkStatus();
  }

  absl::StatusOr<std::shared_ptr<arrow::ArrayData>> Finish() {
    std::vector<std::shared_ptr<arrow::Buffer>> buffers;
    if (storage_->id() == arrow::Type::NA) return arrow::ArrayData::Make(type_, rows_, {nullptr}, rows_);
    buffers.push_back(nulls_ == 0 ? nullptr : Bits(valid_));
    arrow::ArrayDataVector children;
    for (Target& child : children_) {
      TRY_ASSIGN(children.emplace_back(), child.Finish());
    }
    if (storage_->id() == arrow::Type::MAP) {
      const auto& entries = static_cast<const arrow::MapType&>(*storage_).value_type();
      children = {arrow::ArrayData::Make(entries, children_[0].rows_, {nullptr}, std::move(children), 0)};
    }
    if (IsList() || IsText()) {
      TRY_ASSIGN(buffers.emplace_back(), Offsets());
    }
    if (storage_->id() == arrow::Type::BOOL) {
      buffers.push_back(Bits(values_));
    } else if (children_.empty() && storage_->id() != arrow::Type::STRUCT) {
      buffers.push_back(arrow::Buffer::FromString(std::move(values_)));
    }
    return arrow::ArrayData::Make(type_, rows_, std::move(buffers), std::move(children), nulls_);
  }

 private:
  bool IsText() const { return arrow::is_base_binary_like(storage_->id()); }
  bool IsList() const {
    return storage_->id() == arrow::Type::LIST || storage_->id() == arrow::Type::LARGE_LIST ||
           storage_->id() == arrow::Type::MAP;
  }
  bool IsLarge() const {
    return storage_->id() == arrow::Type::LARGE_LIST || arrow::is_large_binary_like(storage_->id());
  }

  absl::Status AddRow(bool is_valid) {
    if (rows_ == kMaxChildRows) return absl::DataLossError("a tile has too many values within its rows");
    ++rows_;
    valid_.push_back(is_valid ? 1 : 0);
    if (!is_valid) ++nulls_;
    return absl::OkStatus();
  }

  absl::Status ReadList(ByteReader& reader) {
    TRY_ASSIGN(const uint64_t length, reader.Varint());
    // Every item takes a byte at least: so no length asks for more memory than its bytes.
    if (length > reader.remaining()) return absl::DataLossError("a list is longer than its bytes");
    TRY(ReadItems(reader, length));
    offsets_.push_back(children_[0].rows_);
    return absl::OkStatus();
  }

  absl::Status ReadItems(ByteReader& reader, uint64_t items) {
    for (uint64_t item = 0; item < items; ++item) {
      for (Target& child : children_) {
        TRY_ASSIGN(const auto is_valid, reader.Fixed<uint8_t>());
        if (is_valid > 1) return absl::DataLossError("a value is neither there nor missing");
        // Arrow ends the program over such a map.
        if (is_valid == 0 && storage_->id() == arrow::Type::MAP && &child == &children_.front()) {
          return absl::DataLossError("a key of a map is null");
        }
        if (is_valid == 1) {
          TRY(child.ReadValue(reader));
        } else {
          TRY(child.AppendNull());
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status AppendNull() {
    const bool was_nullable = std::exchange(is_nullable_, true);
    const absl::Status appended = AppendEmpty();
    is_nullable_ = was_nullable;
    return appended;
  }

  static std::shared_ptr<arrow::Buffer> Bits(const std::string& bytes) {
    std::string bits(static_cast<size_t>(arrow::bit_util::BytesForBits(static_cast<int64_t>(bytes.size()))), '\0');
    for (size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i] != 0) arrow::bit_util::SetBit(reinterpret_cast<uint8_t*>(bits.data()), static_cast<int64_t>(i));
    }
    return arrow::Buffer::FromString(std::move(bits));
  }

  absl::StatusOr<std::shared_ptr<arrow::Buffer>> Offsets() const {
    if (IsLarge()) return arrow::Buffer::FromVector(offsets_);
    if (offsets_.back() > std::numeric_limits<int32_t>::max()) {
      return absl::DataLossError("a tile has too many bytes within its rows");
    }
    return arrow::Buffer::FromVector(std::vector<int32_t>(offsets_.begin(), offsets_.end()));
  }

  std::shared_ptr<arrow::DataType> type_;
  std::shared_ptr<arrow::DataType> storage_;
  bool is_nullable_;
  int64_t items_ = 0;  // of a list of a fixed size
  int64_t width_ = 0;
  std::vector<Target> children_;
  int64_t rows_ = 0;
  int64_t nulls_ = 0;
  std::string valid_;   // a byte a row
  std::string values_;  // of bools a byte a row
  std::vector<int64_t> offsets_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<arrow::Array>> NestedRowBytes(const arrow::Array& array) {
  const Source source = SourceOf(arrow::MakeArray(array.data()));
  if (HasNullKey(source)) return absl::InvalidArgumentError("a map has a null key");
  arrow::LargeBinaryBuilder builder;
  std::string bytes;
  for (int64_t row = 0; row < array.length(); ++row) {
    if (IsNull(source, row)) {
      TRY_ARROW(builder.AppendNull());
      continue;
    }
    bytes.clear();
    AppendValue(source, row, bytes);
    TRY_ARROW(builder.Append(bytes));
  }
  TRY_ARROW_ASSIGN(std::shared_ptr<arrow::Array> rows, builder.Finish());
  return rows;
}

absl::StatusOr<std::shared_ptr<arrow::Array>> NestedArray(const Leaf& leaf,
                                                          const std::shared_ptr<arrow::DataType>& type) {
  Target target(type);
  for (int64_t row = 0; row < leaf.rows; ++row) {
    if (!leaf.IsValid(row)) {
      TRY(target.AppendEmpty());
      continue;
    }
    ByteReader reader(leaf.Variable(row));
    TRY(target.ReadValue(reader));
    if (!reader.done()) return absl::DataLossError(fmt::format("{} bytes follow a value", reader.remaining()));
  }
  TRY_ASSIGN(const std::shared_ptr<arrow::ArrayData> data, target.Finish());
  return arrow::MakeArray(data);
}

}  // namespace roost::store
