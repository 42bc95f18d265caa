#include "store/table_change.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>

#include "base/status.h"
#include "store/column_renames.h"
#include "store/key_change.h"
#include "store/key_check.h"
#include "store/leaf_codec.h"
#include "store/ordered_reader.h"
#include "store/patch_planner.h"
#include "store/reorder.h"
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

/// Batches that were read ahead, then those of a reader: in the table's columns, with their keys checked, in the order
/// in which they were handed in.
class CheckedReader : public arrow::RecordBatchReader {
 public:
  CheckedReader(const TablePlan& plan, arrow::RecordBatchVector first, arrow::RecordBatchReader& rest, KeyCheck& check)
      : fields_(plan.fields), first_(std::move(first)), rest_(rest), check_(check) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const int field : fields_) fields.push_back(rest.schema()->field(field));
    schema_ = arrow::schema(std::move(fields));
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (next_ < first_.size()) {
      *batch = std::exchange(first_[next_++], nullptr);
    } else {
      ARROW_RETURN_NOT_OK(rest_.ReadNext(batch));
    }
    if (*batch == nullptr) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(*batch, (*batch)->SelectColumns(fields_));
    return table::ToArrow(check_.Add(**batch));
  }

 private:
  const std::vector<int> fields_;
  std::shared_ptr<arrow::Schema> schema_;
  arrow::RecordBatchVector first_;
  size_t next_ = 0;
  arrow::RecordBatchReader& rest_;
  KeyCheck& check_;
};

/// Puts all rows, in the table's columns, into `writer`.
absl::Status WriteRows(arrow::RecordBatchReader& reader, const Context& context, TableWriter& writer) {
  for (int64_t rows = 0;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    TRY_ARROW(reader.ReadNext(&batch));
    if (batch == nullptr) return absl::OkStatus();
    TRY(writer.Add(*batch));
    rows += batch->num_rows();
    context.Report({.stage = "storing", .unit = "rows", .done = rows, .total = 0});
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
  arrow::RecordBatchVector first;
  std::map<std::string, int64_t> renames;
  if (parent.has_value() && MayRename(*parent, *reader.schema())) {
    TRY(ReadAhead(reader, kCutSampleRows, first));
    TRY_ASSIGN(const auto sample, FirstRows(reader.schema(), first, kCutSampleRows));
    TRY_ASSIGN(renames, FindRenames(*parent, *sample, loader, context));
  }
  TRY_ASSIGN(TablePlan plan, PlanSnapshot(*reader.schema(), parent, request.key, renames));
  if (plan.table.cut_columns.empty()) {
    if (first.empty()) TRY(ReadAhead(reader, kCutSampleRows, first));
    TRY_ASSIGN(const auto sample, FirstRows(reader.schema(), first, kCutSampleRows));
    ChooseCut(*sample, plan);
  }
  KeyCheck check(plan.table);
  Reordered ordered{.rows = std::make_shared<CheckedReader>(plan, std::move(first), reader, check)};
  if (parent.has_value()) {
    TRY_ASSIGN(ordered, ReorderLikeParent(*parent, plan.table, loader, std::move(ordered.rows), {}, context));
  }
  if (ordered.order.has_value()) {
    TRY_ASSIGN(plan.table.order, AddOrder(*ordered.order, records));
  }
  std::optional<PatchPlanner> planner;
  if (parent.has_value()) TRY(planner.emplace(*parent, plan.table, loader, context).Load());
  TableWriter writer(plan.table, planner.has_value() ? &*planner : nullptr, records, context);
  TRY(WriteRows(*ordered.rows, context, writer));
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
  if (parent.order.has_value()) {
    TRY_ASSIGN(RowOrder order, LoadOrder(parent, loader.records()));
    TRY_ASSIGN(plan.table.order, AddOrder(OrderAfterAppend(std::move(order), parent.rows), records));
  }
  PatchPlanner planner(parent, plan.table, loader, context);
  TRY(planner.Load());
  planner.StartAtLastTile();
  TableWriter writer(plan.table, &planner, records, context);
  TRY(ReopenLastTile(parent, loader, context, writer));
  const int64_t bytes_before = writer.bytes_in();
  KeyCheck check(plan.table);
  TRY(check.AddParent(parent, loader, context));
  CheckedReader rows(plan, {}, reader, check);
  TRY(WriteRows(rows, context, writer));
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
