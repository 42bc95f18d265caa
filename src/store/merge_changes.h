#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/row_key.h"
#include "store/store.h"
#include "store/table_diff.h"

namespace roost::store {

/// Which rows of one table are which of another: some pairs are told, some rows are in one of both only, the others
/// follow in the order in which they stand.
class RowMap {
 public:
  RowMap() = default;
  /// `pairs`: rows of the first table and of the second; `only_first`, `only_second`: rows of one of both.
  RowMap(const std::vector<std::pair<int64_t, int64_t>>& pairs, std::vector<int64_t> only_first,
         std::vector<int64_t> only_second);

  /// The row of the second table that is `row` of the first, or -1.
  int64_t ToSecond(int64_t row) const { return Map(row, pairs_, first_, second_); }
  /// The other way round.
  int64_t ToFirst(int64_t row) const { return Map(row, inverse_, second_, first_); }

 private:
  static int64_t Map(int64_t row, const std::map<int64_t, int64_t>& told, const std::vector<int64_t>& from,
                     const std::vector<int64_t>& to);

  std::map<int64_t, int64_t> pairs_;
  std::map<int64_t, int64_t> inverse_;
  std::vector<int64_t> first_;   // rows of the first table that do not simply follow, ascending
  std::vector<int64_t> second_;  // of the second
};

/// Where the values of a row stand: a row of a batch of SideChanges.
struct RowPlace {
  size_t batch = 0;
  int64_t at = 0;
};

/// A value for people; empty where there are no values.
std::string TextOf(const std::shared_ptr<arrow::Array>& values, int64_t row);

/// What one side of a merge made of the base, by the base's rows (in stored order). Memory: all changed rows.
class SideChanges {
 public:
  struct Changed {
    int64_t side_row = 0;
    RowPlace place;
    absl::flat_hash_set<int64_t> columns;  ///< ids, as the base has them, of those with another value
  };

  /// Reads the differences from `base` to `side`.
  static absl::StatusOr<SideChanges> Load(Store& store, const CommitInfo& base, const CommitInfo& side,
                                          const Context& context);

  const TableChanges& summary() const { return summary_; }
  const std::map<int64_t, Changed>& changed() const { return changed_; }
  const absl::flat_hash_set<int64_t>& removed() const { return removed_; }
  const std::map<int64_t, RowPlace>& added() const { return added_; }  ///< by their rows of the side
  const RowMap& rows() const { return rows_; }                         ///< from the base to the side

  /// The values of a column: "new.NAME" with the side's name, or "old.NAME" with the base's. Null where the batch has
  /// none of them.
  std::shared_ptr<arrow::Array> Values(size_t batch, const std::string& field) const;

  /// More rows of the side, with its column names, as a batch whose fields are "new.NAME"; returns its place.
  size_t AddBatch(const arrow::RecordBatch& rows);

 private:
  absl::Status AddRows(const std::shared_ptr<arrow::RecordBatch>& rows,
                       std::vector<std::pair<int64_t, int64_t>>& pairs);

  TableChanges summary_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  std::map<int64_t, Changed> changed_;
  absl::flat_hash_set<int64_t> removed_;
  std::map<int64_t, RowPlace> added_;
  RowMap rows_;
};

}  // namespace roost::store
