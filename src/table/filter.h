#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"

namespace roost::table {

/// The rows of `batch` whose byte in `keep` is not 0, in their order. `keep` has a byte for every row
/// (InvalidArgument otherwise). Where every row is kept the batch itself is returned; otherwise its columns are copied.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Select(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                           std::span<const uint8_t> keep);

}  // namespace roost::table
