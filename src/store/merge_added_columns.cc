#include "store/merge_added_columns.h"

#include <string>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "store/arrow_leaf.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

/// Rows of a batch of ours that theirs has too.
struct CommonRows {
  int64_t first = 0;  // the row of ours at which the batch begins
  std::vector<int64_t> base;
  std::shared_ptr<arrow::Array> ours;    // numbers in the batch
  std::shared_ptr<arrow::Array> theirs;  // stored rows
};

absl::StatusOr<CommonRows> FindCommonRows(int64_t first, int64_t count, const SideChanges& our_changes,
                                          const SideChanges& their_changes) {
  CommonRows common{.first = first};
  arrow::Int64Builder ours;
  arrow::Int64Builder theirs;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t base_row = our_changes.rows().ToFirst(first + i);
    const int64_t their_row = base_row < 0 ? -1 : their_changes.rows().ToSecond(base_row);
    if (their_row < 0) continue;
    common.base.push_back(base_row);
    TRY_ARROW(ours.Append(i));
    TRY_ARROW(theirs.Append(their_row));
  }
  TRY_ARROW_ASSIGN(common.ours, ours.Finish());
  TRY_ARROW_ASSIGN(common.theirs, theirs.Finish());
  return common;
}

absl::StatusOr<std::vector<RowKey>> KeysOf(const std::shared_ptr<arrow::Array>& values) {
  TRY_ASSIGN(const auto plain, WithoutDictionary(values));
  const int64_t id = 1;
  return RowKeysOf({&plain, 1}, {&id, 1});
}

/// The key of a row for people, or its number in the base.
std::string NameOf(const arrow::RecordBatch& batch, const std::vector<std::string>& key, int64_t row,
                   int64_t base_row) {
  std::string name;
  for (const std::string& column : key) {
    name += fmt::format("{}{}={}", name.empty() ? "" : ", ", column, TextOf(batch.GetColumnByName(column), row));
  }
  return name.empty() ? fmt::format("row {}", FormatCount(base_row + 1)) : name;
}

absl::Status CompareColumn(const arrow::RecordBatch& batch, const MergedColumn& column,
                           const std::shared_ptr<arrow::ChunkedArray>& theirs, const CommonRows& common,
                           const std::vector<std::string>& key, DifferentCells& cells) {
  TRY_ARROW_ASSIGN(const std::shared_ptr<arrow::Array> our_values,
                   arrow::compute::Take(*batch.GetColumnByName(column.ours), *common.ours));
  TRY_ARROW_ASSIGN(const arrow::Datum taken, arrow::compute::Take(theirs, common.theirs));
  TRY_ARROW_ASSIGN(const std::shared_ptr<arrow::Array> their_values,
                   arrow::Concatenate(taken.chunked_array()->chunks()));
  TRY_ASSIGN(const std::vector<RowKey> our_keys, KeysOf(our_values));
  TRY_ASSIGN(const std::vector<RowKey> their_keys, KeysOf(their_values));
  const auto& rows = static_cast<const arrow::Int64Array&>(*common.ours);
  for (size_t i = 0; i < our_keys.size(); ++i) {
    if (our_keys[i] == their_keys[i]) continue;
    const auto at = static_cast<int64_t>(i);
    cells.conflicts.push_back({.kind = "cell",
                               .where = NameOf(batch, key, rows.Value(at), common.base[i]),
                               .column = column.name,
                               .ours = TextOf(our_values, at),
                               .theirs = TextOf(their_values, at)});
    cells.our_rows.insert(common.first + rows.Value(at));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DifferentCells> CompareAddedColumns(Store& store, const CommitInfo& ours,
                                                   const std::vector<MergedColumn>& columns,
                                                   const std::vector<std::shared_ptr<arrow::ChunkedArray>>& theirs,
                                                   const SideChanges& our_changes, const SideChanges& their_changes,
                                                   const Context& context) {
  DifferentCells cells;
  const std::vector<std::string>& key = our_changes.summary().key;
  std::vector<std::string> names(key.begin(), key.end());
  for (const MergedColumn& column : columns) {
    if (column.is_added_twice) names.push_back(column.ours);
  }
  TRY_ASSIGN(const auto reader, store.Read(ours, {.columns = names, .stored_order = true}, context));
  int64_t first = 0;
  while (true) {
    TRY(context.CheckCancelled());
    std::shared_ptr<arrow::RecordBatch> batch;
    TRY_ARROW(reader->ReadNext(&batch));
    if (batch == nullptr) return cells;
    TRY_ASSIGN(const CommonRows common, FindCommonRows(first, batch->num_rows(), our_changes, their_changes));
    first += batch->num_rows();
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].is_added_twice) TRY(CompareColumn(*batch, columns[i], theirs[i], common, key, cells));
    }
  }
}

}  // namespace roost::store
