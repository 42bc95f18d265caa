#include "store/nested_parts.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include <arrow/api.h>
#include <arrow/extension_type.h>
#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/status.h"
#include "store/arrow_leaf.h"
#include "table/nested_type.h"

namespace roost::store {
namespace {

// A part has at most so many rows, and all parts of a leaf together so many bytes, as leaves have them in memory:
// docs/formats/store.md §6.
constexpr int64_t kMaxPartRows = int64_t{1} << 24;
constexpr int64_t kMaxPartBytes = int64_t{256} << 20;

/// How values of a type lie in the bytes of a nested value (docs/formats/store.md §3a).
struct Shape {
  enum class Kind { kNull, kBool, kFixed, kText, kList, kItems };  // kItems: as many items as the type says
  Kind kind = Kind::kNull;
  int64_t width = 0;            // kFixed
  int64_t repeats = 1;          // kItems: of a list of a fixed size
  LeafType leaf_type;           // of a leaf of such values
  std::vector<Shape> children;  // kList, kItems
};

/// `type` with storage in place of extension types, at any depth: the types of parts do not depend on which extensions
/// a program knows.
std::shared_ptr<arrow::DataType> WithoutExtensions(const std::shared_ptr<arrow::DataType>& type) {
  return table::ReplaceFlatTypes(type, [](const std::shared_ptr<arrow::DataType>& flat) {
    if (flat->id() != arrow::Type::EXTENSION) return flat;
    return WithoutExtensions(static_cast<const arrow::ExtensionType&>(*flat).storage_type());
  });
}

/// The shape of values of `type`, which has no extensions.
absl::StatusOr<Shape> ShapeOf(const arrow::DataType& type);

absl::Status AddChild(const std::shared_ptr<arrow::DataType>& type, Shape& shape) {
  TRY_ASSIGN(Shape child, ShapeOf(*type));
  shape.children.push_back(std::move(child));
  return absl::OkStatus();
}

absl::StatusOr<Shape> ShapeOf(const arrow::DataType& type) {
  Shape shape;
  TRY_ASSIGN(const std::string name, TypeNameOf(type, ""));
  TRY_ASSIGN(shape.leaf_type, LeafTypeOfName(name));
  switch (type.id()) {
    case arrow::Type::NA: return shape;
    case arrow::Type::BOOL: shape.kind = Shape::Kind::kBool; return shape;
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
      shape.kind = Shape::Kind::kList;
      TRY(AddChild(type.field(0)->type(), shape));
      return shape;
    case arrow::Type::MAP:
      shape.kind = Shape::Kind::kList;
      TRY(AddChild(static_cast<const arrow::MapType&>(type).key_type(), shape));
      TRY(AddChild(static_cast<const arrow::MapType&>(type).item_type(), shape));
      return shape;
    case arrow::Type::FIXED_SIZE_LIST:
      shape.kind = Shape::Kind::kItems;
      shape.repeats = static_cast<const arrow::FixedSizeListType&>(type).list_size();
      TRY(AddChild(type.field(0)->type(), shape));
      return shape;
    case arrow::Type::STRUCT:
      shape.kind = Shape::Kind::kItems;
      for (const auto& field : type.fields()) TRY(AddChild(field->type(), shape));
      return shape;
    default: break;
  }
  shape.kind = arrow::is_fixed_width(type.id()) ? Shape::Kind::kFixed : Shape::Kind::kText;
  if (shape.kind == Shape::Kind::kFixed) {
    shape.width = static_cast<const arrow::FixedWidthType&>(type).bit_width() / 8;
  }
  return shape;
}

absl::StatusOr<Shape> ShapeOf(const LeafType& type) {
  TRY_ASSIGN(const std::shared_ptr<arrow::DataType> arrow_type, ArrowTypeOf(type.tag));
  return ShapeOf(*WithoutExtensions(arrow_type));
}

absl::Status NotCanonical() { return absl::FailedPreconditionError("a nested value is not written as it should be"); }

/// A length. There is one way only to write it.
absl::StatusOr<uint64_t> ReadLength(ByteReader& reader) {
  const size_t start = reader.position();
  TRY_ASSIGN(const uint64_t length, reader.Varint());
  const auto bytes = static_cast<size_t>((std::bit_width(length | 1) + 6) / 7);
  if (reader.position() - start != bytes || length > reader.remaining()) return NotCanonical();
  return length;
}

absl::StatusOr<bool> ReadMarker(ByteReader& reader) {
  TRY_ASSIGN(const auto marker, reader.Fixed<uint8_t>());
  if (marker > 1) return NotCanonical();
  return marker == 1;
}

absl::Status SkipItems(const Shape& shape, uint64_t count, ByteReader& reader);

/// Goes over a value that is there.
absl::Status SkipValue(const Shape& shape, ByteReader& reader) {
  switch (shape.kind) {
    case Shape::Kind::kNull: return NotCanonical();
    case Shape::Kind::kBool: return ReadMarker(reader).status();
    case Shape::Kind::kFixed: return reader.Raw(static_cast<uint64_t>(shape.width)).status();
    case Shape::Kind::kText: {
      TRY_ASSIGN(const uint64_t length, ReadLength(reader));
      return reader.Raw(length).status();
    }
    case Shape::Kind::kList: {
      TRY_ASSIGN(const uint64_t length, ReadLength(reader));
      return SkipItems(shape, length, reader);
    }
    case Shape::Kind::kItems: return SkipItems(shape, static_cast<uint64_t>(shape.repeats), reader);
  }
  return NotCanonical();
}

absl::Status SkipItems(const Shape& shape, uint64_t count, ByteReader& reader) {
  for (uint64_t item = 0; item < count; ++item) {
    for (const Shape& child : shape.children) {
      TRY_ASSIGN(const bool is_there, ReadMarker(reader));
      if (is_there) TRY(SkipValue(child, reader));
    }
  }
  return absl::OkStatus();
}

void AppendBit(std::string& bits, int64_t at, bool is_set) {
  if (at % 8 == 0) bits.push_back('\0');
  if (is_set) bits.back() = static_cast<char>(bits.back() | (1 << (at % 8)));
}

/// Collects the leaf of one part.
class PartBuilder {
 public:
  explicit PartBuilder(const Shape& shape) : shape_(shape) {
    leaf_.type = shape.leaf_type;
    if (leaf_.type.form == LeafForm::kVariable) leaf_.offsets.push_back(0);
  }

  /// The next item: its marker and, where it is there, its value.
  absl::Status ReadItem(std::string_view value, ByteReader& reader) {
    if (leaf_.rows == kMaxPartRows) return absl::FailedPreconditionError("a tile has too many items within its rows");
    TRY_ASSIGN(const bool is_there, ReadMarker(reader));
    size_t start = reader.position();
    if (is_there) TRY(SkipValue(shape_, reader));
    if (is_there && shape_.kind == Shape::Kind::kText) {
      ByteReader text(value.substr(start));
      TRY(text.Varint().status());
      start += text.position();
    }
    Append(is_there, value.substr(start, reader.position() - start));
    return absl::OkStatus();
  }

  Leaf Finish() {
    if (leaf_.nulls == 0) leaf_.validity.clear();
    return std::move(leaf_);
  }

 private:
  void Append(bool is_there, std::string_view value) {
    if (leaf_.type.form != LeafForm::kNull) {
      AppendBit(leaf_.validity, leaf_.rows, is_there);
      if (!is_there) ++leaf_.nulls;
    }
    switch (leaf_.type.form) {
      case LeafForm::kNull: break;
      case LeafForm::kBool: AppendBit(leaf_.values, leaf_.rows, is_there && value[0] != 0); break;
      case LeafForm::kFixed:
        if (is_there) leaf_.values.append(value);
        if (!is_there) leaf_.values.append(static_cast<size_t>(leaf_.type.width), '\0');
        break;
      case LeafForm::kVariable:
        leaf_.values.append(value);
        leaf_.offsets.push_back(static_cast<int32_t>(leaf_.values.size()));
        break;
    }
    ++leaf_.rows;
  }

  const Shape& shape_;
  Leaf leaf_;
};

Leaf LengthsLeaf() { return {.type = {"uint32", LeafForm::kFixed, sizeof(uint32_t), true, false}}; }

uint64_t LengthAt(const Leaf& lengths, int64_t row) {
  uint32_t length = 0;
  std::memcpy(&length, lengths.values.data() + static_cast<size_t>(row) * sizeof length, sizeof length);
  return length;
}

absl::Status DoNotFit() { return absl::DataLossError("the parts of a nested column do not fit together"); }

/// Reads the items of one part, one after another.
class PartReader {
 public:
  PartReader(const Shape& shape, const Leaf& leaf) : shape_(shape), leaf_(leaf) {}

  absl::Status AppendItem(std::string& bytes) {
    if (row_ == leaf_.rows) return DoNotFit();
    const bool is_there = leaf_.type.form != LeafForm::kNull && leaf_.IsValid(row_);
    bytes.push_back(is_there ? 1 : 0);
    if (is_there) TRY(AppendValue(bytes));
    ++row_;
    return absl::OkStatus();
  }

  bool done() const { return row_ == leaf_.rows; }

 private:
  absl::Status AppendValue(std::string& bytes) const {
    const auto row = static_cast<size_t>(row_);
    if (leaf_.type.form == LeafForm::kBool) {
      bytes.push_back(static_cast<char>((leaf_.values[row / 8] >> (row % 8)) & 1));
    } else if (leaf_.type.form == LeafForm::kFixed) {
      const auto width = static_cast<size_t>(leaf_.type.width);
      bytes.append(leaf_.values, row * width, width);
    } else if (shape_.kind == Shape::Kind::kText) {
      AppendString(bytes, leaf_.Variable(row_));
    } else if (shape_.kind == Shape::Kind::kFixed && leaf_.Variable(row_).size() != static_cast<size_t>(shape_.width)) {
      return DoNotFit();
    } else {
      bytes.append(leaf_.Variable(row_));
    }
    return absl::OkStatus();
  }

  const Shape& shape_;
  const Leaf& leaf_;
  int64_t row_ = 0;
};

/// Makes the values of `leaf`, row by row.
absl::Status JoinRows(const Shape& shape, const Leaf* lengths, std::vector<PartReader>& readers, Leaf& leaf) {
  constexpr auto kMaxBytes = static_cast<size_t>(std::numeric_limits<int32_t>::max());
  leaf.values.clear();
  leaf.offsets.assign(1, 0);
  for (int64_t row = 0; row < leaf.rows; ++row) {
    uint64_t items = leaf.IsValid(row) ? static_cast<uint64_t>(shape.repeats) : 0;
    if (lengths != nullptr) {
      items = LengthAt(*lengths, row);
      if (leaf.IsValid(row)) AppendVarint(leaf.values, items);
      if (!leaf.IsValid(row) && items != 0) return DoNotFit();
    }
    for (uint64_t item = 0; item < items; ++item) {
      for (PartReader& reader : readers) TRY(reader.AppendItem(leaf.values));
      if (leaf.values.size() > kMaxBytes) return DoNotFit();
    }
    if (leaf.values.size() > kMaxBytes) return DoNotFit();
    leaf.offsets.push_back(static_cast<int32_t>(leaf.values.size()));
  }
  const bool all_read = std::all_of(readers.begin(), readers.end(), [](const PartReader& part) { return part.done(); });
  return all_read ? absl::OkStatus() : DoNotFit();
}

}  // namespace

absl::StatusOr<std::vector<Leaf>> TakeApart(const Leaf& leaf) {
  TRY_ASSIGN(const Shape shape, ShapeOf(leaf.type));
  Leaf lengths = LengthsLeaf();
  std::vector<PartBuilder> builders;
  for (const Shape& child : shape.children) builders.emplace_back(child);
  for (int64_t row = 0; row < leaf.rows; ++row) {
    const bool is_there = leaf.IsValid(row);
    const std::string_view value = leaf.Variable(row);
    ByteReader reader(value);
    uint64_t items = is_there ? static_cast<uint64_t>(shape.repeats) : 0;
    if (is_there && shape.kind == Shape::Kind::kList) {
      TRY_ASSIGN(items, ReadLength(reader));
    }
    AppendFixed(lengths.values, static_cast<uint32_t>(items));
    for (uint64_t item = 0; item < items; ++item) {
      for (PartBuilder& builder : builders) TRY(builder.ReadItem(value, reader));
    }
    if (!reader.done()) return NotCanonical();
  }
  lengths.rows = leaf.rows;
  std::vector<Leaf> parts;
  if (shape.kind == Shape::Kind::kList) parts.push_back(std::move(lengths));
  int64_t bytes = 0;
  for (PartBuilder& builder : builders) {
    parts.push_back(builder.Finish());
    bytes += std::max(parts.back().ByteSize(), parts.back().rows);
  }
  if (bytes > kMaxPartBytes) return absl::FailedPreconditionError("the parts take more bytes than they are read with");
  return parts;
}

absl::StatusOr<Leaf> PutTogether(Leaf leaf, const ReadPart& read) {
  TRY_ASSIGN(const Shape shape, ShapeOf(leaf.type));
  const bool has_lengths = shape.kind == Shape::Kind::kList;
  int64_t items = (leaf.rows - leaf.nulls) * shape.repeats;
  Leaf lengths;
  if (has_lengths) {
    TRY_ASSIGN(lengths, read(LengthsLeaf().type, leaf.rows));
    if (lengths.nulls != 0) return DoNotFit();
    items = 0;
    for (int64_t row = 0; row < leaf.rows; ++row) items += static_cast<int64_t>(LengthAt(lengths, row));
  }
  if (items > kMaxPartRows) return DoNotFit();
  std::vector<Leaf> parts;
  int64_t bytes = 0;
  for (const Shape& child : shape.children) {
    bytes += items * std::max<int64_t>(child.leaf_type.width, 1);
    if (bytes > 2 * kMaxPartBytes) return DoNotFit();
    TRY_ASSIGN(parts.emplace_back(), read(child.leaf_type, items));
    bytes += parts.back().ByteSize();
    if (bytes > 2 * kMaxPartBytes) return DoNotFit();
  }
  std::vector<PartReader> readers;
  for (size_t i = 0; i < parts.size(); ++i) readers.emplace_back(shape.children[i], parts[i]);
  TRY(JoinRows(shape, has_lengths ? &lengths : nullptr, readers, leaf));
  return leaf;
}

}  // namespace roost::store
