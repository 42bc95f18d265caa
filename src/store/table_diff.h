#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/store.h"
#include "store/table_object.h"

namespace roost::store {

/// A column of the one or the other table, or of both.
struct ColumnChange {
  std::optional<StoredColumn> before;  ///< not where the column is new
  std::optional<StoredColumn> after;   ///< not where the column was dropped
  /// Both have the same id, so that their values were compared. A column whose values got another kind of type has
  /// another id: it is the same by its name only.
  bool is_compared = false;
  bool is_moved = false;      ///< it stands in another place among the columns of both
  int64_t changed_cells = 0;  ///< in rows of both tables; compared columns only

  bool IsAdded() const { return !before.has_value(); }
  bool IsDropped() const { return !after.has_value(); }
  bool IsRenamed() const { return before.has_value() && after.has_value() && before->name != after->name; }
  bool IsRetyped() const { return before.has_value() && after.has_value() && before->type != after->type; }
};

/// How one table differs from another.
struct TableChanges {
  std::vector<ColumnChange> columns;  ///< in the order of the later table; then the dropped ones
  std::vector<std::string> key;       ///< columns of the later table by which rows were told apart; may be empty
  bool is_key_declared = false;
  int64_t rows_before = 0;
  int64_t rows_after = 0;
  int64_t rows_added = 0;
  int64_t rows_removed = 0;
  int64_t rows_changed = 0;  ///< in both tables, with another value in a column of both
  int64_t rows_moved = 0;    ///< in both tables with the same values, in another order

  /// Whether the tables are the same in rows, columns and order.
  bool None() const;
};

struct DiffOptions {
  /// Rows that are handed out of each kind (added, removed, changed, moved), the first ones; negative: all. All are
  /// counted in any case.
  int64_t rows_of_each_kind = -1;
  /// The tiles of the earlier table are stored as patches on those of the later one: what DiffRows sets for versions
  /// that are compared from the later to the earlier. It decides what is read, not what is found.
  bool is_backwards = false;
  /// Columns whose ids are not below this got them after the tables went apart: the same id is the same column only
  /// where the name is the same too.
  int64_t shared_columns = std::numeric_limits<int64_t>::max();
};

/// The differences between two tables, handed out as rows.
///
/// The rows have these columns: `op` ("changed", "moved", "removed" or "added"), `row_old` and `row_new` (positions
/// from 0; null where the row is not in that table), `changed_columns` (names in the later table, joined by commas;
/// null but in changed rows) and, for every column, `old.NAME` and `new.NAME`. Removed rows have all old values, added
/// rows all new ones; of changed and moved rows those of the key and of the changed columns are given. Values of a
/// column that only one table has are no changes of rows. Changed rows come first, in the order of the later table;
/// then moved, removed and added ones.
///
/// Which rows are the same: those with an equal declared key; without one, those with an equal value of the column by
/// which the table is cut, or whose other columns are all equal; without such a column, rows in the same place between
/// rows that are equal. Applied to the earlier table, in any order, the changes give the later one: the rows that they
/// do not name follow in the order in which they stand.
///
/// Cost: tiles that both tables have are skipped by their ids; of the others, what a patch says of them is read, and
/// values only where rows are handed out or where no patch tells what changed. Memory: the tiles at one place, 16
/// bytes for each removed and added row, and 24 more for at most 2^24 of them on each side, among which moved rows are
/// looked for; rows beyond that are removed and added.
/// Threads: one at a time; the work runs on the context's pool.
class TableDiff {
 public:
  /// `loader` and what `context` points to outlive the result. `before` need not be an earlier version than `after`.
  static absl::StatusOr<std::unique_ptr<TableDiff>> Make(TableObject before, TableObject after, TileLoader& loader,
                                                         const DiffOptions& options, const Context& context);
  ~TableDiff();

  std::shared_ptr<arrow::Schema> schema() const;

  /// The next rows; null at the end.
  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Next();

  /// What changed; complete when Next has given null.
  const TableChanges& changes() const;

 private:
  struct State;
  explicit TableDiff(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// The differences of two versions as a reader of such rows; `changes`, if not null, is filled at its end and outlives
/// the reader, as the store does.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> DiffRows(Store& store, const CommitInfo& before,
                                                                   const CommitInfo& after, const DiffOptions& options,
                                                                   const Context& context, TableChanges* changes);

}  // namespace roost::store
