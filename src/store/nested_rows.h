#pragma once

#include <memory>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "store/leaf.h"

namespace roost::store {

/// The rows of an array of a nested type (arrow_leaf.h), also in dictionary form, as the bytes that
/// docs/formats/store.md §3a defines: a large binary array, null where a row is null. Equal values have equal bytes,
/// whatever offsets, dictionaries and garbage under nulls the array has.
absl::StatusOr<std::shared_ptr<arrow::Array>> NestedRowBytes(const arrow::Array& array);

/// The inverse: `leaf`, of form kVariable, as an array of `type`, which is nested. DataLoss for bytes that are not
/// well-formed; what lies under nulls is null or empty.
absl::StatusOr<std::shared_ptr<arrow::Array>> NestedArray(const Leaf& leaf,
                                                          const std::shared_ptr<arrow::DataType>& type);

}  // namespace roost::store
