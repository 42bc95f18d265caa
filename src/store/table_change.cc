#include "store/table_change.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "store/key_change.h"
#include "store/patch_planner.h"
#include "store/row_key.h"
#include "store/table_plan.h"
#include "store/table_reader.h"
#include "store/table_writer.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

/// The next batches of `reader`, `wanted` rows or more where there are as many.
absl::Status ReadAhead(arrow::RecordBatchReader& reader, int64_t wanted, arrow::RecordBatchVector& batches) {
  for (int64_t rows = 0; rows < wanted;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    TRY_ARROW(reader.ReadNext(&batch));
    if (batch == nullptr) return absl::OkStatus();
    rows += batch->num_rows();
    batches.push_back(std::move(batch));
  }
  return absl::OkStatus();
}

/// The first `wanted` rows of `batches` as one.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> FirstRows(const std::shared_ptr<arrow::Schema>& schema,
                                                              const arrow::RecordBatchVector& batches, int64_t wanted) {
  TRY_ARROW_ASSIGN(const auto table, arrow::Table::FromRecordBatches(schema, batches));
  TRY_ARROW_ASSIGN(auto batch, table->Slice(0, wanted)->CombineChunksToBatch());
  return batch;
}

/// Checks the declared key of rows that are added: those of the dataset first, where there are any, then the given.
class KeyCheck {
 public:
  explicit KeyCheck(const TableObject& table) : table_(table) {}

  /// The rows of `parent`, which have different keys already.
  absl::Status AddParent(const TableObject& parent, TileLoader& loader, const Context& context) {
    if (table_.key.empty()) return absl::OkStatus();
    before_ = parent.rows;
    return ForEachTileKeys(parent, loader, context,
                           [&](const TilePlace&, std::span<const RowKey> keys) { return unique_.Add(keys); });
  }

  /// Given rows, in the table's columns.
  absl::Status Add(const arrow::RecordBatch& batch) {
    if (table_.key.empty()) return absl::OkStatus();
    TRY_ASSIGN(const std::vector<RowKey> keys, KeysOfBatch(batch, table_, rows_));
    rows_ += batch.num_rows();
    return unique_.Add(keys);
  }

  absl::Status Finish() {
    if (table_.key.empty()) return absl::OkStatus();
    TRY_ASSIGN(const auto twice, unique_.FindTwice());
    if (twice.first < 0) return absl::OkStatus();
    const std::string key = KeyText(table_);
    if (twice.first < before_) {
      return WithHint(absl::InvalidArgumentError(fmt::format("row {} of the given rows has the same key ({}) as row {} "
                                                             "of the dataset",
                                                             FormatCount(twice.second - before_ + 1), key,
                                                             FormatCount(twice.first + 1))),
                      "To replace rows by others with the same key use '--upsert'.");
    }
    return WithHint(absl::InvalidArgumentError(fmt::format("rows {} and {} of the given rows have the same key ({})",
                                                           FormatCount(twice.first - before_ + 1),
                                                           FormatCount(twice.second - before_ + 1), key)),
                    "A key tells every row apart; declare another one with '--key', or remove one of the rows.");
  }

 private:
  const TableObject& table_;
  UniqueKeys unique_;
  int64_t before_ = 0;  // rows of the parent
  int64_t rows_ = 0;    // given rows
};

/// Puts `first` and all batches that follow into `writer`, columns in the table's order.
absl::Status WriteRows(const TablePlan& plan, arrow::RecordBatchVector first, arrow::RecordBatchReader& reader,
                       const Context& context, KeyCheck& check, TableWriter& writer) {
  int64_t rows = 0;
  const auto write = [&](const arrow::RecordBatch& batch) -> absl::Status {
    TRY_ARROW_ASSIGN(const std::shared_ptr<arrow::RecordBatch> ordered, batch.SelectColumns(plan.fields));
    TRY(check.Add(*ordered));
    TRY(writer.Add(*ordered));
    rows += batch.num_rows();
    context.Report({.stage = "storing", .unit = "rows", .done = rows, .total = 0});
    return absl::OkStatus();
  };
  for (auto& batch : first) TRY(write(*std::exchange(batch, nullptr)));
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    TRY_ARROW(reader.ReadNext(&batch));
    if (batch == nullptr) return absl::OkStatus();
    TRY(write(*batch));
  }
}

/// Puts the tiles of `parent` into the plan's table, all but those of the last run.
void KeepRuns(const TableObject& parent, TableObject& table) {
  if (parent.runs.empty()) return;
  table.runs.assign(parent.runs.begin(), parent.runs.end() - 1);
  for (const TileRun& run : table.runs) table.rows += run.rows;
}

/// Gives `writer` the tiles of the parent's last run, the last of them as rows: it may go on.
absl::Status ReopenLastTile(const TableObject& parent, TileLoader& loader, const Context& context,
                            TableWriter& writer) {
  if (parent.runs.empty()) return absl::OkStatus();
  const Digest id = parent.runs.back().id;
  TRY_ASSIGN(const auto list, loader.List(id, parent));
  if (list->tiles.empty()) return absl::DataLossError("the table's last run has no tiles");
  for (size_t i = 0; i + 1 < list->tiles.size(); ++i) {
    TRY(writer.AddTile({.list_id = id, .list = list, .index = i}));
  }
  const TilePlace last{.list_id = id, .list = list, .index = list->tiles.size() - 1};
  TRY_ASSIGN(const std::shared_ptr<arrow::RecordBatch> open, ReadTile(parent, last, loader, context));
  return writer.Add(*open);
}

absl::StatusOr<ChangedTable> WriteSnapshot(const CommitRequest& request, const std::optional<TableObject>& parent,
                                           arrow::RecordBatchReader& reader, TileLoader& loader, RecordWriter& records,
                                           const Context& context) {
  TRY_ASSIGN(TablePlan plan, PlanSnapshot(*reader.schema(), parent, request.key));
  arrow::RecordBatchVector first;
  if (plan.table.cut_columns.empty()) {
    TRY(ReadAhead(reader, kCutSampleRows, first));
    TRY_ASSIGN(const auto sample, FirstRows(reader.schema(), first, kCutSampleRows));
    ChooseCut(*sample, plan);
  }
  std::optional<PatchPlanner> planner;
  if (parent.has_value()) TRY(planner.emplace(*parent, plan.table, loader, context).Load());
  TableWriter writer(plan.table, planner.has_value() ? &*planner : nullptr, records, context);
  KeyCheck check(plan.table);
  TRY(WriteRows(plan, std::move(first), reader, context, check, writer));
  TRY(check.Finish());
  TRY_ASSIGN(TableObject table, writer.Finish());
  return ChangedTable{.table = std::move(table), .bytes_in = writer.bytes_in()};
}

absl::StatusOr<ChangedTable> WriteAppend(const CommitRequest& request, const TableObject& parent,
                                         arrow::RecordBatchReader& reader, TileLoader& loader, RecordWriter& records,
                                         const Context& context) {
  TRY(CheckSameKey(request.key, parent));
  TRY_ASSIGN(TablePlan plan, PlanAppend(*reader.schema(), parent));
  KeepRuns(parent, plan.table);
  PatchPlanner planner(parent, plan.table, loader, context);
  TRY(planner.Load());
  planner.StartAtLastTile();
  TableWriter writer(plan.table, &planner, records, context);
  TRY(ReopenLastTile(parent, loader, context, writer));
  const int64_t bytes_before = writer.bytes_in();
  KeyCheck check(plan.table);
  TRY(check.AddParent(parent, loader, context));
  TRY(WriteRows(plan, {}, reader, context, check, writer));
  TRY(check.Finish());
  TRY_ASSIGN(TableObject table, writer.Finish());
  return ChangedTable{.table = std::move(table), .bytes_in = writer.bytes_in() - bytes_before};
}

}  // namespace

absl::StatusOr<ChangedTable> WriteChange(const CommitRequest& request, const std::optional<TableObject>& parent,
                                         arrow::RecordBatchReader& reader, TileLoader& loader, RecordWriter& records,
                                         const Context& context) {
  using Mode = CommitRequest::Mode;
  if (!parent.has_value() && request.mode == Mode::kDeleteKeys) {
    return absl::InvalidArgumentError("there are no rows to delete yet");
  }
  if (!parent.has_value() || request.mode == Mode::kSnapshot) {
    return WriteSnapshot(request, parent, reader, loader, records, context);
  }
  if (request.mode == Mode::kAppend) return WriteAppend(request, *parent, reader, loader, records, context);
  TRY(CheckSameKey(request.key, *parent));
  return WriteKeyChange(request.mode, *parent, reader, loader, records, context);
}

}  // namespace roost::store
