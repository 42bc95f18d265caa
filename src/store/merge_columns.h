#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "store/merge_changes.h"
#include "store/merge_conflict.h"
#include "store/table_object.h"

namespace roost::store {

/// A column of the merged table.
struct MergedColumn {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string ours;        ///< its name among ours; empty: only theirs has it
  std::string theirs;      ///< its name among theirs; empty: only ours has it
  int64_t base_id = -1;    ///< its id in the base; -1: it came later
  bool is_theirs = false;  ///< all of its values are theirs
  /// Both sides added it, with the same type. A row that both have takes its value from theirs if `is_theirs`, else
  /// from ours; a row of one side from that one.
  bool is_added_twice = false;
};

struct MergedColumns {
  std::vector<MergedColumn> columns;  ///< in the order of ours, then what came with theirs
  std::vector<Conflict> conflicts;    ///< columns that both changed differently, resolved as OnConflict says
};

/// What becomes of the columns. Those of the base are told by their ids: a column that one side dropped goes unless the
/// other changed values in it; a new name or a wider type of one side is taken. Columns that came later are told by
/// their names: the same name with the same type on both sides is one column, with other types a conflict. So are two
/// columns that would have one name otherwise, because a side renamed one: the winner's names stand, and
/// the other column has the name that the winner gives it, or goes where the winner has no such column.
absl::StatusOr<MergedColumns> MergeColumns(const TableObject& base, const TableObject& ours, const TableObject& theirs,
                                           const SideChanges& our_changes, const SideChanges& their_changes,
                                           OnConflict on_conflict);

}  // namespace roost::store
