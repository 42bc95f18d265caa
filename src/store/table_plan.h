#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
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

/// The rows on which ChooseCut looks: the first ones.
inline constexpr int64_t kCutSampleRows = 8'192;

/// A whole new table of `schema`. Columns that `parent` has by the same name keep their ids, unless their type became
/// another one that is no wider form, and the cuts go on to depend on what they depended on: a new column moves no cut.
/// Without a parent, or where no cut column is left, the caller chooses the cut.
/// `key` names the columns of the key; empty: as the parent has it. A key decides the cuts. `renames`: new names of
/// columns of the parent -> their ids (column_renames.h).
/// InvalidArgument where a column cannot be stored, a name is twice there, empty, or not UTF-8, or where a column of
/// the key is missing or one of floats.
absl::StatusOr<TablePlan> PlanSnapshot(const arrow::Schema& schema, const std::optional<TableObject>& parent,
                                       std::span<const std::string> key = {},
                                       const std::map<std::string, int64_t>& renames = {});

/// Chooses where the table is cut, by its first rows: tiles of about 8 MiB, and the first column that tells all rows
/// of the sample apart (no floating-point one); all columns where there is none.
void ChooseCut(const arrow::RecordBatch& sample, TablePlan& plan);

/// Rows of `schema` after those of `parent`. InvalidArgument names each column that is missing, new or of another type.
absl::StatusOr<TablePlan> PlanAppend(const arrow::Schema& schema, const TableObject& parent);

}  // namespace roost::store
