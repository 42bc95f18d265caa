#pragma once

#include <optional>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "store/table_object.h"

namespace roost::store {

/// How a reader's rows enter a table.
struct TablePlan {
  TableObject table;        ///< columns and cut; no rows yet
  std::vector<int> fields;  ///< for each column of the table, its field in the reader's schema
};

/// A whole new table of `schema`. Columns that `parent` has by the same name keep their ids, and the cuts go on to
/// depend on the columns that they depended on, so that a new column moves no cut. InvalidArgument where a column
/// cannot be stored, or a name is twice there, empty, or not UTF-8.
absl::StatusOr<TablePlan> PlanSnapshot(const arrow::Schema& schema, const std::optional<TableObject>& parent);

/// Rows of `schema` after those of `parent`. InvalidArgument names each column that is missing, new or of another type.
absl::StatusOr<TablePlan> PlanAppend(const arrow::Schema& schema, const TableObject& parent);

}  // namespace roost::store
