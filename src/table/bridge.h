#pragma once

#include <memory>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "column/arrow_c_abi.h"
#include "column/batch.h"

namespace roost::table {

/// The columns of `batch` for the engines. Nothing is copied, except that types that `column` does not know are
/// turned into ones that it does, where that loses nothing: string and binary views, fixed-size binary, half floats,
/// run-end encoding. Others (decimals, times of day, lists, structs) arrive as column::Type::kOther.
absl::StatusOr<column::OwnedBatch> ToColumns(const arrow::RecordBatch& batch);

/// The columns of `schema` without rows, as ToColumns has them. Extension types too, for which Arrow has no builders.
absl::StatusOr<column::OwnedBatch> NoRows(const arrow::Schema& schema);

/// Takes over the C structs of a record batch (a struct array); both are released in any case. InvalidArgument where
/// they are none. Buffers are checked as arrow's Validate does: lengths and offsets, not every value.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> FromColumns(ArrowSchema* schema, ArrowArray* array);

/// The columns of `batch` as Arrow C++ sees them, in the same memory: `batch` must outlive the result and all that is
/// made of its arrays. InvalidArgument as FromColumns.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Borrow(const column::OwnedBatch& batch);

}  // namespace roost::table
