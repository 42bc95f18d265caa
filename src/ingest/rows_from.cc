#include "ingest/rows_from.h"

#include <algorithm>
#include <vector>

#include <arrow/api.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/status.h"
#include "table/arrow_status.h"
#include "table/bridge.h"
#include "table/filter.h"
#include "table/read.h"

namespace roost::ingest {
namespace {

absl::StatusOr<const column::ColumnView*> TimeIn(const column::BatchView& batch, const std::string& name) {
  TRY_ASSIGN(const column::ColumnView* column, batch.Require(name));
  if (column::IsTime(column->type())) return column;
  return absl::InvalidArgumentError(
      fmt::format("'{}' is of type {}, want a date or timestamp", name, column->TypeText()));
}

class LaterReader : public arrow::RecordBatchReader {
 public:
  LaterReader(std::shared_ptr<arrow::RecordBatchReader> rows, RowsFrom from)
      : rows_(std::move(rows)), from_(std::move(from)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(rows_->ReadNext(batch));
    if (*batch == nullptr) return arrow::Status::OK();
    absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> later = Later(*batch);
    if (!later.ok()) return table::ToArrow(later.status());
    *batch = *std::move(later);
    return arrow::Status::OK();
  }

 private:
  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Later(const std::shared_ptr<arrow::RecordBatch>& batch) const {
    TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*batch));
    TRY_ASSIGN(const column::ColumnView* time, TimeIn(columns.view(), from_.column));
    const int64_t border = absl::ToUnixMicros(from_.time);
    std::vector<uint8_t> keep(static_cast<size_t>(batch->num_rows()));
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      keep[static_cast<size_t>(row)] = !time->IsNull(row) && time->MicrosAt(row) >= border ? 1 : 0;
    }
    return table::Select(batch, keep);
  }

  const std::shared_ptr<arrow::RecordBatchReader> rows_;
  const RowsFrom from_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> LaterRows::Open(const std::shared_ptr<arrow::Schema>& types,
                                                                          const Context& context) const {
  TRY_ASSIGN(std::shared_ptr<arrow::RecordBatchReader> rows, source_.Open(types, context));
  return std::make_shared<LaterReader>(std::move(rows), from_);
}

Json LaterRows::Provenance() const {
  Json provenance = source_.Provenance();
  provenance["rows_from"] = {{"column", from_.column}, {"time", FormatUtc(from_.time)}};
  return provenance;
}

absl::StatusOr<std::optional<absl::Time>> LatestTime(const Source& source, const std::string& column,
                                                     const Context& context) {
  TRY_ASSIGN(const std::shared_ptr<arrow::RecordBatchReader> rows, source.Open(nullptr, context));
  std::optional<absl::Time> latest;
  while (true) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const std::shared_ptr<arrow::RecordBatch> batch, table::Next(*rows));
    if (batch == nullptr) return latest;
    TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*batch));
    TRY_ASSIGN(const column::ColumnView* times, TimeIn(columns.view(), column));
    for (int64_t row = 0; row < times->length(); ++row) {
      if (times->IsNull(row)) continue;
      const absl::Time time = absl::FromUnixMicros(times->MicrosAt(row));
      latest = std::max(latest.value_or(time), time);
    }
  }
}

}  // namespace roost::ingest
