#include "store/merge_changes.h"

#include <algorithm>
#include <utility>

#include <arrow/api.h>

#include "base/status.h"
#include "store/arrow_leaf.h"
#include "table/arrow_status.h"
#include "table/json_value.h"
#include "table/nested_type.h"

namespace roost::store {

RowMap::RowMap(const std::vector<std::pair<int64_t, int64_t>>& pairs, std::vector<int64_t> only_first,
               std::vector<int64_t> only_second)
    : first_(std::move(only_first)), second_(std::move(only_second)) {
  for (const auto& [first, second] : pairs) {
    pairs_[first] = second;
    inverse_[second] = first;
  }
  // Those that are told are no part of the order either. In both tables as many are left.
  for (const int64_t row : first_) pairs_[row] = -1;
  for (const int64_t row : second_) inverse_[row] = -1;
  for (const auto& [first, second] : pairs) {
    first_.push_back(first);
    second_.push_back(second);
  }
  std::sort(first_.begin(), first_.end());
  std::sort(second_.begin(), second_.end());
}

int64_t RowMap::Map(int64_t row, const std::map<int64_t, int64_t>& told, const std::vector<int64_t>& from,
                    const std::vector<int64_t>& to) {
  if (const auto found = told.find(row); found != told.end()) return found->second;
  const int64_t rank = row - (std::lower_bound(from.begin(), from.end(), row) - from.begin());
  // The rank-th row that is not in `to`: behind as many of `to` as have at most that many others before them.
  size_t low = 0;
  size_t high = to.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (to[middle] - static_cast<int64_t>(middle) <= rank) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return rank + static_cast<int64_t>(low);
}

std::string TextOf(const std::shared_ptr<arrow::Array>& values, int64_t row) {
  if (values == nullptr) return "";
  if (table::IsNested(*values->type()) && values->IsValid(row)) {
    const auto json = table::JsonTexts(values->Slice(row, 1), table::JsonBytes::kAsHex);
    return json.ok() ? TextOf(*json, 0) : "";
  }
  const auto scalar = values->GetScalar(row);
  return scalar.ok() ? (*scalar)->ToString() : "";
}

absl::StatusOr<SideChanges> SideChanges::Load(Store& store, const CommitInfo& base, const CommitInfo& side,
                                              const Context& context) {
  SideChanges changes;
  TRY_ASSIGN(const auto reader, DiffRows(store, base, side, {}, context, &changes.summary_));
  std::vector<std::pair<int64_t, int64_t>> pairs;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  while (true) {
    TRY(context.CheckCancelled());
    std::shared_ptr<arrow::RecordBatch> batch;
    TRY_ARROW(reader->ReadNext(&batch));
    if (batch == nullptr) break;
    batches.push_back(std::move(batch));
  }
  // The summary is complete at the end only.
  for (const auto& batch : batches) TRY(changes.AddRows(batch, pairs));
  std::vector<int64_t> added;
  for (const auto& [row, place] : changes.added_) added.push_back(row);
  changes.rows_ = RowMap(pairs, {changes.removed_.begin(), changes.removed_.end()}, std::move(added));
  return changes;
}

absl::Status SideChanges::AddRows(const std::shared_ptr<arrow::RecordBatch>& rows,
                                  std::vector<std::pair<int64_t, int64_t>>& pairs) {
  const size_t number = batches_.size();
  batches_.push_back(rows);
  const auto& op = static_cast<const arrow::StringArray&>(*rows->GetColumnByName("op"));
  const auto& old_row = static_cast<const arrow::Int64Array&>(*rows->GetColumnByName("row_old"));
  const auto& new_row = static_cast<const arrow::Int64Array&>(*rows->GetColumnByName("row_new"));
  // Of a changed row, the values of columns that did not change are null on both sides.
  struct Compared {
    int64_t id = 0;
    std::vector<RowKey> before;
    std::vector<RowKey> after;
  };
  std::vector<Compared> columns;
  for (const ColumnChange& column : summary_.columns) {
    if (!column.is_compared) continue;
    const int64_t id = column.before->id;
    TRY_ASSIGN(const auto before, WithoutDictionary(Values(number, "old." + column.before->name)));
    TRY_ASSIGN(const auto after, WithoutDictionary(Values(number, "new." + column.after->name)));
    columns.push_back(
        {.id = id, .before = RowKeysOf({&before, 1}, {&id, 1}), .after = RowKeysOf({&after, 1}, {&id, 1})});
  }
  for (int64_t i = 0; i < rows->num_rows(); ++i) {
    const RowPlace place{.batch = number, .at = i};
    const std::string_view what = op.GetView(i);
    if (what == "added") {
      added_[new_row.Value(i)] = place;
    } else if (what == "removed") {
      removed_.insert(old_row.Value(i));
    } else {
      pairs.emplace_back(old_row.Value(i), new_row.Value(i));
      if (what == "moved") continue;
      Changed& changed = changed_[old_row.Value(i)];
      changed.side_row = new_row.Value(i);
      changed.place = place;
      for (const Compared& column : columns) {
        const auto at = static_cast<size_t>(i);
        if (column.before[at] != column.after[at]) changed.columns.insert(column.id);
      }
    }
  }
  return absl::OkStatus();
}

std::shared_ptr<arrow::Array> SideChanges::Values(size_t batch, const std::string& field) const {
  return batches_[batch]->GetColumnByName(field);
}

size_t SideChanges::AddBatch(const arrow::RecordBatch& rows) {
  arrow::FieldVector fields;
  for (const auto& field : rows.schema()->fields()) fields.push_back(field->WithName("new." + field->name()));
  batches_.push_back(arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(), rows.columns()));
  return batches_.size() - 1;
}

}  // namespace roost::store
