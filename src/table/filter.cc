#include "table/filter.h"

#include <algorithm>

#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "table/arrow_status.h"

namespace roost::table {

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Select(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                           std::span<const uint8_t> keep) {
  if (static_cast<int64_t>(keep.size()) != batch->num_rows()) {
    return absl::InvalidArgumentError(
        fmt::format("a choice of rows has {} entries for {} rows", keep.size(), batch->num_rows()));
  }
  const auto kept =
      static_cast<size_t>(std::count_if(keep.begin(), keep.end(), [](uint8_t byte) { return byte != 0; }));
  if (kept == keep.size()) return batch;
  if (kept == 0) return batch->Slice(0, 0);
  arrow::BooleanBuilder mask;
  TRY_ARROW(mask.AppendValues(keep.data(), static_cast<int64_t>(keep.size())));
  TRY_ARROW_ASSIGN(const auto mask_array, mask.Finish());
  TRY_ARROW_ASSIGN(const arrow::Datum rows, arrow::compute::Filter(batch, mask_array));
  return rows.record_batch();
}

}  // namespace roost::table
