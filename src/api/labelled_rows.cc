#include "api/labelled_rows.h"

#include <algorithm>
#include <cmath>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "expr/expression.h"
#include "table/bridge.h"
#include "table/filter.h"
#include "table/read.h"

namespace roost::api {
namespace {

absl::StatusOr<const column::ColumnView*> RequireTime(const column::BatchView& batch, const std::string& name) {
  TRY_ASSIGN(const column::ColumnView* column, batch.Require(name));
  if (!column::IsTime(column->type())) {
    return absl::InvalidArgumentError(
        fmt::format("model.split.column: '{}' is of type {}, want a date or timestamp", name, column->TypeText()));
  }
  return column;
}

// The columns that features, label and split read, each once.
absl::StatusOr<std::vector<std::string>> ColumnsOf(const config::ModelConfig& model) {
  TRY_ASSIGN(const expr::Expression label, expr::Expression::Parse(model.label));
  std::vector<std::string> columns = label.columns();
  columns.push_back(model.split.column);
  for (const transform::FeatureSpec& feature : model.features) columns.push_back(feature.column);
  std::vector<std::string> unique;
  for (const std::string& column : columns) {
    if (std::find(unique.begin(), unique.end(), column) == unique.end()) unique.push_back(column);
  }
  return unique;
}

absl::StatusOr<std::vector<int8_t>> LabelsOf(const std::string& label, const column::BatchView& batch,
                                             const Context& context) {
  TRY_ASSIGN(const expr::Expression expression, expr::Expression::Parse(label));
  const auto bound = expression.Bind(expr::ColumnsOf(batch));
  if (!bound.ok()) return Annotate(bound.status(), "model.label");
  const auto labels = bound->EvaluateBoolean(batch, context);
  if (!labels.ok()) return Annotate(labels.status(), "model.label");
  return labels;
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadColumns(Project& project,
                                                                      const store::CommitInfo& version,
                                                                      std::vector<std::string> columns,
                                                                      const Context& context) {
  return project.store().Read(version, {.columns = std::move(columns), .dictionary_strings = true}, context);
}

}  // namespace

absl::StatusOr<absl::Time> SplitTime(Project& project, const store::CommitInfo& version,
                                     const config::SplitConfig& split, const Context& context) {
  TRY_ASSIGN(const auto rows, ReadColumns(project, version, {split.column}, context));
  std::vector<int64_t> times;  // microseconds
  while (true) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const auto batch, table::Next(*rows));
    if (batch == nullptr) break;
    TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*batch));
    TRY_ASSIGN(const column::ColumnView* column, RequireTime(columns.view(), split.column));
    for (int64_t row = 0; row < column->length(); ++row) {
      if (!column->IsNull(row)) times.push_back(column->MicrosAt(row));
    }
  }
  if (times.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("model.split.column: '{}' has no value in {}@{}", split.column, version.dataset, version.version));
  }
  const auto num_train = static_cast<size_t>(std::ceil(static_cast<double>(times.size()) * (1 - split.evaluate_share)));
  const auto place = times.begin() + static_cast<ptrdiff_t>(std::min(num_train, times.size() - 1));
  std::nth_element(times.begin(), place, times.end());
  return absl::FromUnixMicros(*place);
}

absl::StatusOr<LabelledReader> LabelledReader::Open(Project& project, const store::CommitInfo& version,
                                                    const config::ModelConfig& model, absl::Time split_at, Side side,
                                                    const Context& context) {
  LabelledReader reader(model, split_at, side, version.rows, context);
  TRY_ASSIGN(std::vector<std::string> columns, ColumnsOf(model));
  auto rows = ReadColumns(project, version, std::move(columns), context);
  if (!rows.ok()) return Annotate(rows.status(), fmt::format("the columns of model '{}'", model.name));
  reader.rows_ = *std::move(rows);
  return reader;
}

absl::StatusOr<std::optional<LabelledBatch>> LabelledReader::Next() {
  while (true) {
    TRY(context_.CheckCancelled());
    TRY_ASSIGN(const auto batch, table::Next(*rows_));
    if (batch == nullptr) return std::nullopt;
    done_ += batch->num_rows();
    context_.Report({side_ == Side::kTrain ? "reading" : "scoring", "rows", done_, total_});
    TRY_ASSIGN(const column::OwnedBatch all, table::ToColumns(*batch));
    TRY_ASSIGN(const std::vector<int8_t> labels, LabelsOf(model_.label, all.view(), context_));
    TRY_ASSIGN(const column::ColumnView* time, RequireTime(all.view(), model_.split.column));
    std::vector<uint8_t> wanted(labels.size(), 0);
    std::vector<int8_t> kept;
    for (size_t row = 0; row < labels.size(); ++row) {
      if (labels[row] < 0 || time->IsNull(static_cast<int64_t>(row))) {
        ++unlabelled_;
        continue;
      }
      const bool early = time->MicrosAt(static_cast<int64_t>(row)) < split_micros_;
      if (early != (side_ == Side::kTrain)) continue;
      wanted[row] = 1;
      kept.push_back(labels[row]);
    }
    if (kept.empty()) continue;
    TRY_ASSIGN(const auto selected, table::Select(batch, wanted));
    TRY_ASSIGN(column::OwnedBatch rows, table::ToColumns(*selected));
    return LabelledBatch{std::move(rows), std::move(kept)};
  }
}

}  // namespace roost::api
