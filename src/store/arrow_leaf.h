#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/leaf.h"

namespace roost::store {

/// The name under which a column's type is stored, as Arrow writes it: "int64", "timestamp[us, tz=UTC]",
/// "large_string"; types within others as docs/formats/store.md §3 has them. A dictionary-encoded column has the name
/// of its values. InvalidArgument, naming `column`, for a type that the store does not take.
absl::StatusOr<std::string> TypeNameOf(const arrow::DataType& type, std::string_view column);

/// The type of a stored name; DataLoss where this version does not know it.
absl::StatusOr<std::shared_ptr<arrow::DataType>> ArrowTypeOf(std::string_view type_name);

/// The leaf type of a stored name: the same, but for strings and binaries, which come in several forms, and extension
/// types, which are their storage.
absl::StatusOr<LeafType> LeafTypeOfName(std::string_view type_name);

/// `array` without dictionary encoding, at any depth: it has the type of its stored name.
absl::StatusOr<std::shared_ptr<arrow::Array>> WithoutDictionary(const std::shared_ptr<arrow::Array>& array);

/// `array` in the form in which leaves are made of it: without dictionaries and extension types, values of nested types
/// as bytes (nested_rows.h), wide binaries of a fixed size as large binaries. Others are given back as they
/// are, and so is what has this form already.
absl::StatusOr<std::shared_ptr<arrow::Array>> ToLeafArray(const std::shared_ptr<arrow::Array>& array);

/// The type that ToLeafArray gives arrays of `type`, which has no dictionary.
std::shared_ptr<arrow::DataType> LeafArrayType(const std::shared_ptr<arrow::DataType>& type);

/// The bytes of each value of a string or binary array; 0 for nulls. InvalidArgument, naming `column`, where one is
/// larger than the store takes.
absl::StatusOr<std::vector<int32_t>> ValueBytes(const arrow::Array& array, std::string_view column);

/// Collects rows of arrays of one type into a leaf in canonical form.
class LeafBuilder {
 public:
  explicit LeafBuilder(LeafType type);

  /// Adds `length` rows of `array`, which has the builder's type as ToLeafArray gives it, from `start` on.
  void Append(const arrow::Array& array, int64_t start, int64_t length);

  int64_t rows() const { return leaf_.rows; }
  int64_t ByteSize() const { return leaf_.ByteSize(); }

  /// The leaf of all rows since the last call.
  Leaf Finish();

 private:
  void AppendValidity(const arrow::Array& array, int64_t start, int64_t length);
  void AppendBits(const arrow::Array& array, int64_t start, int64_t length);
  void AppendFixedValues(const arrow::Array& array, int64_t start, int64_t length);
  template <typename ArrayType>
  void AppendVariable(const ArrayType& array, int64_t start, int64_t length);

  Leaf leaf_;
};

/// `leaf` as an array of the type with this stored name; in dictionary form, of dictionary<int32, that type>.
absl::StatusOr<std::shared_ptr<arrow::Array>> ToArrow(Leaf leaf, const std::shared_ptr<arrow::DataType>& type);

}  // namespace roost::store
