#include "store/merge_table.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/format.h"
#include "base/status.h"
#include "store/arrow_leaf.h"
#include "store/merge_added_columns.h"
#include "store/merge_changes.h"
#include "store/merge_columns.h"
#include "store/table_diff.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

constexpr int64_t kBeforeAll = -1;

/// A row of theirs that comes behind a row of ours.
struct Insertion {
  int64_t their_row = 0;
  RowPlace place;
};

/// What is to be done with the rows of ours.
struct Edits {
  absl::flat_hash_map<int64_t, int64_t> twins;  // added row of ours -> the row that theirs added with the same key
  absl::flat_hash_set<int64_t> dropped;         // rows of ours
  absl::flat_hash_map<int64_t, std::map<size_t, RowPlace>> cells;   // row of ours -> merged column -> theirs
  std::map<int64_t, std::vector<Insertion>> inserted;               // behind a row of ours, or kBeforeAll
  std::vector<std::shared_ptr<arrow::ChunkedArray>> their_columns;  // for each merged column that is theirs
};

/// Decides, row by row, what is taken from theirs.
class Decider {
 public:
  Decider(Store& store, const CommitInfo& theirs, SideChanges& our_changes, SideChanges& their_changes,
          const MergedColumns& columns, OnConflict on_conflict, const Context& context)
      : store_(store),
        theirs_(theirs),
        our_changes_(our_changes),
        their_changes_(their_changes),
        columns_(columns.columns),
        on_conflict_(on_conflict),
        context_(context) {
    result_.conflicts = columns.conflicts;
  }

  absl::Status Run() {
    for (const int64_t row : Sorted(their_changes_.removed())) Remove(row);
    for (const auto& [row, changed] : their_changes_.changed()) TRY(Change(row, changed));
    TRY(Add());
    TRY(BringBack());
    result_.rows_changed = static_cast<int64_t>(edits_.cells.size());
    return absl::OkStatus();
  }

  /// Rows of ours that have cells of theirs whatever is decided here.
  void CountAsChanged(const absl::flat_hash_set<int64_t>& our_rows) {
    for (const int64_t row : our_rows) edits_.cells[row];
  }

  MergedTable& result() { return result_; }
  Edits& edits() { return edits_; }

 private:
  static std::vector<int64_t> Sorted(const absl::flat_hash_set<int64_t>& rows) {
    std::vector<int64_t> sorted(rows.begin(), rows.end());
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }

  bool takes_theirs() const { return on_conflict_ == OnConflict::kTheirs; }

  /// The key of a row for people, or its number in the base.
  std::string NameOf(const SideChanges& side, const RowPlace& place, int64_t base_row) const {
    std::string name;
    for (const std::string& key : side.summary().key) {
      const auto values = side.Values(place.batch, "new." + key);
      if (values != nullptr) name += fmt::format("{}{}={}", name.empty() ? "" : ", ", key, TextOf(values, place.at));
    }
    return name.empty() ? fmt::format("row {}", FormatCount(base_row + 1)) : name;
  }

  void Remove(int64_t base_row) {
    if (our_changes_.removed().contains(base_row)) return;
    const auto changed = our_changes_.changed().find(base_row);
    if (changed != our_changes_.changed().end()) {
      result_.conflicts.push_back({.kind = "row removed there",
                                   .where = NameOf(our_changes_, changed->second.place, base_row),
                                   .ours = "changed",
                                   .theirs = "removed"});
      if (!takes_theirs()) return;
    }
    edits_.dropped.insert(our_changes_.rows().ToSecond(base_row));
    result_.rows_removed += 1;
  }

  absl::Status Change(int64_t base_row, const SideChanges::Changed& theirs) {
    if (our_changes_.removed().contains(base_row)) {
      result_.conflicts.push_back({.kind = "row removed here",
                                   .where = NameOf(their_changes_, theirs.place, base_row),
                                   .ours = "removed",
                                   .theirs = "changed"});
      if (takes_theirs()) brought_back_.push_back(theirs.side_row);
      return absl::OkStatus();
    }
    const int64_t our_row = our_changes_.rows().ToSecond(base_row);
    const auto ours = our_changes_.changed().find(base_row);
    for (size_t i = 0; i < columns_.size(); ++i) {
      const MergedColumn& column = columns_[i];
      if (column.base_id < 0 || column.is_theirs || column.theirs.empty()) continue;
      if (!theirs.columns.contains(column.base_id)) continue;
      if (ours != our_changes_.changed().end() && ours->second.columns.contains(column.base_id)) {
        TRY_ASSIGN(const bool is_same, IsSameCell(column, ours->second.place, theirs.place));
        if (is_same) continue;
        AddCellConflict(column, base_row, ours->second.place, theirs.place);
        if (!takes_theirs()) continue;
      }
      edits_.cells[our_row][i] = theirs.place;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<bool> IsSameCell(const MergedColumn& column, const RowPlace& ours, const RowPlace& theirs) const {
    const auto key_of = [](const std::shared_ptr<arrow::Array>& values, int64_t at) -> absl::StatusOr<RowKey> {
      TRY_ASSIGN(const auto plain, WithoutDictionary(values->Slice(at, 1)));
      const int64_t id = 1;
      return RowKeysOf({&plain, 1}, {&id, 1}).front();
    };
    TRY_ASSIGN(const RowKey a, key_of(our_changes_.Values(ours.batch, "new." + column.ours), ours.at));
    TRY_ASSIGN(const RowKey b, key_of(their_changes_.Values(theirs.batch, "new." + column.theirs), theirs.at));
    return a == b;
  }

  void AddCellConflict(const MergedColumn& column, int64_t base_row, const RowPlace& ours, const RowPlace& theirs) {
    std::string base_name = column.theirs;
    for (const ColumnChange& change : their_changes_.summary().columns) {
      if (change.is_compared && change.before->id == column.base_id) base_name = change.before->name;
    }
    result_.conflicts.push_back(
        {.kind = "cell",
         .where = NameOf(their_changes_, theirs, base_row),
         .column = column.name,
         .base = TextOf(their_changes_.Values(theirs.batch, "old." + base_name), theirs.at),
         .ours = TextOf(our_changes_.Values(ours.batch, "new." + column.ours), ours.at),
         .theirs = TextOf(their_changes_.Values(theirs.batch, "new." + column.theirs), theirs.at)});
  }

  /// The keys of added rows of a side, by its rows; empty where no key is declared.
  absl::StatusOr<std::vector<std::pair<RowKey, int64_t>>> KeysOfAdded(const SideChanges& side, bool of_theirs) const {
    std::vector<std::pair<RowKey, int64_t>> keys;
    if (!their_changes_.summary().is_key_declared || !our_changes_.summary().is_key_declared) return keys;
    std::map<size_t, std::vector<RowKey>> by_batch;
    for (const auto& [row, place] : side.added()) {
      if (!by_batch.contains(place.batch)) {
        std::vector<std::shared_ptr<arrow::Array>> arrays;
        std::vector<int64_t> ids;
        for (const MergedColumn& column : columns_) {
          const std::string& name = of_theirs ? column.theirs : column.ours;
          if (std::find(side.summary().key.begin(), side.summary().key.end(), name) == side.summary().key.end())
            continue;
          TRY_ASSIGN(arrays.emplace_back(), WithoutDictionary(side.Values(place.batch, "new." + name)));
          ids.push_back(column.base_id);
        }
        by_batch[place.batch] = RowKeysOf(arrays, ids);
      }
      keys.emplace_back(by_batch.at(place.batch)[static_cast<size_t>(place.at)], row);
    }
    return keys;
  }

  absl::Status Add() {
    TRY_ASSIGN(const auto our_keys, KeysOfAdded(our_changes_, false));
    TRY_ASSIGN(const auto their_keys, KeysOfAdded(their_changes_, true));
    absl::flat_hash_map<RowKey, int64_t> ours(our_keys.begin(), our_keys.end());
    absl::flat_hash_map<int64_t, int64_t> twice;  // row of theirs -> row of ours with the same key
    for (const auto& [key, row] : their_keys) {
      if (const auto found = ours.find(key); found != ours.end()) twice[row] = found->second;
    }
    for (const auto& [row, place] : their_changes_.added()) {
      if (const auto found = twice.find(row); found != twice.end()) {
        TRY_ASSIGN(const bool takes, TakesTwin(place, found->second));
        if (!takes) {
          edits_.twins[found->second] = row;
          continue;
        }
        edits_.dropped.insert(found->second);
      } else {
        result_.rows_added += 1;
      }
      edits_.inserted[AnchorOf(row)].push_back({.their_row = row, .place = place});
    }
    return absl::OkStatus();
  }

  /// Of two added rows with one key, whether theirs takes the place of ours.
  absl::StatusOr<bool> TakesTwin(const RowPlace& theirs, int64_t our_row) {
    const RowPlace ours = our_changes_.added().at(our_row);
    std::vector<std::string> different;
    for (const MergedColumn& column : columns_) {
      if (column.ours.empty() || column.theirs.empty()) continue;
      TRY_ASSIGN(const bool is_same, IsSameCell(column, ours, theirs));
      if (!is_same) different.push_back(column.name);
    }
    if (different.empty()) return false;
    result_.conflicts.push_back({.kind = "row added twice",
                                 .where = NameOf(their_changes_, theirs, 0),
                                 .column = fmt::format("{}", fmt::join(different, ", ")),
                                 .ours = "added",
                                 .theirs = "added"});
    return takes_theirs();
  }

  /// The row of ours behind which a row of theirs comes that ours does not have. To be asked for ascending rows: the
  /// walk back to a row of both ends where the last one began, which makes long runs of added rows linear.
  int64_t AnchorOf(int64_t their_row) {
    const int64_t last_row = std::exchange(last_row_, their_row);
    int64_t anchor = kBeforeAll;
    for (int64_t row = their_row - 1; row >= 0 && anchor == kBeforeAll; --row) {
      if (row == last_row) return last_anchor_;
      const int64_t base_row = their_changes_.rows().ToFirst(row);
      if (base_row >= 0) anchor = our_changes_.rows().ToSecond(base_row);
    }
    while (our_changes_.added().contains(anchor + 1)) ++anchor;
    return last_anchor_ = anchor;
  }

  /// Rows that ours removed and theirs changed, where theirs are taken: their other values were not read yet.
  absl::Status BringBack() {
    if (brought_back_.empty()) return absl::OkStatus();
    std::sort(brought_back_.begin(), brought_back_.end());
    TRY_ASSIGN(const auto reader, store_.Read(theirs_, {.stored_order = true}, context_));
    int64_t start = 0;
    for (auto next = brought_back_.begin(); next != brought_back_.end();) {
      std::shared_ptr<arrow::RecordBatch> batch;
      TRY_ARROW(reader->ReadNext(&batch));
      if (batch == nullptr) return absl::DataLossError("a version has fewer rows than its differences say");
      const int64_t end = start + batch->num_rows();
      if (*next < end) {
        const size_t number = their_changes_.AddBatch(*batch);
        for (; next != brought_back_.end() && *next < end; ++next) {
          edits_.inserted[AnchorOf(*next)].push_back(
              {.their_row = *next, .place = {.batch = number, .at = *next - start}});
        }
      }
      start = end;
    }
    for (auto& [row, rows] : edits_.inserted) {
      std::sort(rows.begin(), rows.end(),
                [](const Insertion& a, const Insertion& b) { return a.their_row < b.their_row; });
    }
    return absl::OkStatus();
  }

  Store& store_;
  const CommitInfo& theirs_;
  SideChanges& our_changes_;
  SideChanges& their_changes_;
  const std::vector<MergedColumn>& columns_;
  const OnConflict on_conflict_;
  const Context& context_;
  std::vector<int64_t> brought_back_;  // rows of theirs
  int64_t last_row_ = -1;              // of theirs, whose anchor is last_anchor_
  int64_t last_anchor_ = kBeforeAll;
  Edits edits_;
  MergedTable result_;
};

/// The rows of ours with the edits.
class MergedReader : public arrow::RecordBatchReader {
 public:
  MergedReader(std::shared_ptr<arrow::RecordBatchReader> ours, SideChanges our_changes, SideChanges their_changes,
               std::vector<MergedColumn> columns, Edits edits)
      : ours_(std::move(ours)),
        our_changes_(std::move(our_changes)),
        their_changes_(std::move(their_changes)),
        columns_(std::move(columns)),
        edits_(std::move(edits)) {
    arrow::FieldVector fields;
    for (const MergedColumn& column : columns_) fields.push_back(arrow::field(column.name, column.type));
    schema_ = arrow::schema(std::move(fields));
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    std::shared_ptr<arrow::RecordBatch> rows;
    ARROW_RETURN_NOT_OK(ours_->ReadNext(&rows));
    const bool is_first = std::exchange(is_first_, false);
    if (rows == nullptr && !is_first) return arrow::Status::OK();
    absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> merged = Merge(rows, is_first);
    if (!merged.ok()) return table::ToArrow(merged.status());
    *batch = *std::move(merged);
    return arrow::Status::OK();
  }

 private:
  /// A row of the result: of ours, or an inserted one.
  struct Source {
    int64_t our_row = -1;
    RowPlace place;
    int64_t their_row = -1;  // of inserted ones
  };

  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Merge(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                            bool is_first) {
    std::vector<Source> sources;
    const auto insert = [&](int64_t behind) {
      const auto found = edits_.inserted.find(behind);
      if (found == edits_.inserted.end()) return;
      for (const Insertion& row : found->second) sources.push_back({.place = row.place, .their_row = row.their_row});
    };
    if (is_first) insert(kBeforeAll);
    const int64_t count = rows == nullptr ? 0 : rows->num_rows();
    for (int64_t i = 0; i < count; ++i) {
      if (!edits_.dropped.contains(start_ + i)) sources.push_back({.our_row = start_ + i});
      insert(start_ + i);
    }
    arrow::ArrayVector columns;
    for (size_t i = 0; i < columns_.size(); ++i) {
      TRY_ASSIGN(columns.emplace_back(), MergeColumn(i, rows, sources));
    }
    start_ += count;
    return arrow::RecordBatch::Make(schema_, static_cast<int64_t>(sources.size()), std::move(columns));
  }

  absl::StatusOr<std::shared_ptr<arrow::Array>> Conformed(const std::shared_ptr<arrow::Array>& array,
                                                          const std::shared_ptr<arrow::DataType>& type) const {
    TRY_ASSIGN(std::shared_ptr<arrow::Array> plain, WithoutDictionary(array));
    if (plain->type()->Equals(*type)) return plain;
    TRY_ARROW_ASSIGN(plain, arrow::compute::Cast(*plain, type));
    return plain;
  }

  /// Joins the arrays that values come from and takes them from there.
  absl::StatusOr<std::shared_ptr<arrow::Array>> MergeColumn(size_t number,
                                                            const std::shared_ptr<arrow::RecordBatch>& rows,
                                                            const std::vector<Source>& sources) const {
    const MergedColumn& column = columns_[number];
    if (column.is_added_twice) return TakeEither(number, rows, sources);
    if (column.is_theirs) return TakeTheirs(number, sources);
    arrow::ArrayVector parts;
    std::map<int64_t, int64_t> offsets;  // batch of theirs -> where it begins among the joined values; -1: ours
    int64_t length = 0;
    const auto offset_of = [&](int64_t batch) -> absl::StatusOr<int64_t> {
      if (const auto known = offsets.find(batch); known != offsets.end()) return known->second;
      const auto values = batch < 0 ? rows->GetColumnByName(column.ours)
                                    : their_changes_.Values(static_cast<size_t>(batch), "new." + column.theirs);
      if (values == nullptr) return -1;
      TRY_ASSIGN(parts.emplace_back(), Conformed(values, column.type));
      offsets[batch] = length;
      length += parts.back()->length();
      return offsets[batch];
    };
    arrow::Int64Builder indices;
    const auto take = [&](int64_t batch, int64_t at) -> absl::Status {
      TRY_ASSIGN(const int64_t offset, offset_of(batch));
      TRY_ARROW(offset < 0 ? indices.AppendNull() : indices.Append(offset + at));
      return absl::OkStatus();
    };
    for (const Source& source : sources) {
      if (source.our_row < 0) {
        if (column.theirs.empty()) {
          TRY_ARROW(indices.AppendNull());
        } else {
          TRY(take(static_cast<int64_t>(source.place.batch), source.place.at));
        }
        continue;
      }
      const auto cells = edits_.cells.find(source.our_row);
      const bool is_changed = cells != edits_.cells.end() && cells->second.contains(number);
      if (is_changed) {
        const RowPlace& place = cells->second.at(number);
        TRY(take(static_cast<int64_t>(place.batch), place.at));
      } else {
        TRY(take(-1, source.our_row - start_));
      }
    }
    TRY_ARROW_ASSIGN(const auto places, indices.Finish());
    if (parts.empty()) {
      TRY_ARROW_ASSIGN(std::shared_ptr<arrow::Array> nulls, arrow::MakeArrayOfNull(column.type, places->length()));
      return nulls;
    }
    TRY_ARROW_ASSIGN(const auto joined, arrow::Concatenate(parts));
    TRY_ARROW_ASSIGN(std::shared_ptr<arrow::Array> taken, arrow::compute::Take(*joined, *places));
    return taken;
  }

  /// The row of theirs that a row of the result is, or -1.
  int64_t TheirRowOf(const Source& source) const {
    if (source.our_row < 0) return source.their_row;
    const int64_t base_row = our_changes_.rows().ToFirst(source.our_row);
    if (base_row >= 0) return their_changes_.rows().ToSecond(base_row);
    const auto twin = edits_.twins.find(source.our_row);
    return twin == edits_.twins.end() ? -1 : twin->second;
  }

  /// A column that is theirs, by the rows of theirs.
  absl::StatusOr<std::shared_ptr<arrow::Array>> TakeTheirs(size_t number, const std::vector<Source>& sources) const {
    arrow::Int64Builder indices;
    for (const Source& source : sources) {
      const int64_t their_row = TheirRowOf(source);
      TRY_ARROW(their_row < 0 ? indices.AppendNull() : indices.Append(their_row));
    }
    TRY_ARROW_ASSIGN(const auto places, indices.Finish());
    TRY_ARROW_ASSIGN(const arrow::Datum taken, arrow::compute::Take(edits_.their_columns[number], places));
    TRY_ARROW_ASSIGN(std::shared_ptr<arrow::Array> array, arrow::Concatenate(taken.chunked_array()->chunks()));
    return Conformed(array, columns_[number].type);
  }

  /// A column that both sides added.
  absl::StatusOr<std::shared_ptr<arrow::Array>> TakeEither(size_t number,
                                                           const std::shared_ptr<arrow::RecordBatch>& rows,
                                                           const std::vector<Source>& sources) const {
    const MergedColumn& column = columns_[number];
    arrow::ArrayVector parts;
    TRY_ASSIGN(parts.emplace_back(), TakeTheirs(number, sources));
    const int64_t theirs = parts.front()->length();
    if (rows != nullptr) {
      TRY_ASSIGN(parts.emplace_back(), Conformed(rows->GetColumnByName(column.ours), column.type));
    }
    TRY_ARROW_ASSIGN(const auto joined, arrow::Concatenate(parts));
    arrow::Int64Builder indices;
    for (size_t i = 0; i < sources.size(); ++i) {
      const bool is_ours = sources[i].our_row >= 0 && (!column.is_theirs || TheirRowOf(sources[i]) < 0);
      TRY_ARROW(indices.Append(is_ours ? theirs + sources[i].our_row - start_ : static_cast<int64_t>(i)));
    }
    TRY_ARROW_ASSIGN(const auto places, indices.Finish());
    TRY_ARROW_ASSIGN(std::shared_ptr<arrow::Array> taken, arrow::compute::Take(*joined, *places));
    return taken;
  }

  std::shared_ptr<arrow::RecordBatchReader> ours_;
  const SideChanges our_changes_;
  const SideChanges their_changes_;
  const std::vector<MergedColumn> columns_;
  const Edits edits_;
  std::shared_ptr<arrow::Schema> schema_;
  int64_t start_ = 0;  // the row of ours at which the next batch begins
  bool is_first_ = true;
};

/// The columns that are theirs, or of both sides, in memory.
absl::Status LoadTheirColumns(Store& store, const CommitInfo& theirs, const std::vector<MergedColumn>& columns,
                              const Context& context, Edits& edits) {
  std::vector<std::string> names;
  for (const MergedColumn& column : columns) {
    if (column.is_theirs || column.is_added_twice) names.push_back(column.theirs);
  }
  if (!edits.their_columns.empty()) return absl::OkStatus();
  edits.their_columns.resize(columns.size());
  if (names.empty()) return absl::OkStatus();
  TRY_ASSIGN(const auto reader, store.Read(theirs, {.columns = names, .stored_order = true}, context));
  TRY_ARROW_ASSIGN(const auto table, reader->ToTable());
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool is_read = columns[i].is_theirs || columns[i].is_added_twice;
    if (is_read) edits.their_columns[i] = table->GetColumnByName(columns[i].theirs);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MergedTable> MergeTables(Store& store, const CommitInfo& base, const CommitInfo& ours,
                                        const CommitInfo& theirs, OnConflict on_conflict, const Context& context) {
  TRY_ASSIGN(SideChanges our_changes, SideChanges::Load(store, base, ours, context));
  TRY_ASSIGN(SideChanges their_changes, SideChanges::Load(store, base, theirs, context));
  TRY_ASSIGN(const TableObject base_table, store.LoadTable(base));
  TRY_ASSIGN(const TableObject our_table, store.LoadTable(ours));
  TRY_ASSIGN(const TableObject their_table, store.LoadTable(theirs));
  TRY_ASSIGN(MergedColumns columns,
             MergeColumns(base_table, our_table, their_table, our_changes, their_changes, on_conflict));
  const bool is_any_added_twice = std::any_of(columns.columns.begin(), columns.columns.end(),
                                              [](const MergedColumn& column) { return column.is_added_twice; });
  Edits edits;
  DifferentCells different;
  if (is_any_added_twice) {
    TRY(LoadTheirColumns(store, theirs, columns.columns, context, edits));
    TRY_ASSIGN(different, CompareAddedColumns(store, ours, columns.columns, edits.their_columns, our_changes,
                                              their_changes, context));
    columns.conflicts.insert(columns.conflicts.end(), different.conflicts.begin(), different.conflicts.end());
  }
  Decider decider(store, theirs, our_changes, their_changes, columns, on_conflict, context);
  if (on_conflict == OnConflict::kTheirs) decider.CountAsChanged(different.our_rows);
  TRY(decider.Run());
  MergedTable merged = std::move(decider.result());
  if (on_conflict == OnConflict::kFail && !merged.conflicts.empty()) return merged;
  decider.edits().their_columns = std::move(edits.their_columns);
  TRY(LoadTheirColumns(store, theirs, columns.columns, context, decider.edits()));
  TRY_ASSIGN(auto rows, store.Read(ours, {.stored_order = true}, context));
  merged.rows = std::make_shared<MergedReader>(std::move(rows), std::move(our_changes), std::move(their_changes),
                                               std::move(columns.columns), std::move(decider.edits()));
  return merged;
}

}  // namespace roost::store
