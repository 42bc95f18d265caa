#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "store/change_rows.h"
#include "store/table_diff.h"
#include "store/table_object.h"
#include "store/tile_match.h"

namespace roost::store {

/// Where the values of a ChangeField come from.
struct ChangeSource {
  int64_t id = 0;       ///< of the column
  int64_t common = -1;  ///< its place among the common columns, or -1
};

/// How the columns of two tables belong together.
struct DiffColumns {
  std::vector<ColumnChange> changes;
  std::vector<CommonColumn> common;
  std::vector<size_t> change_of;  ///< for each common column its place in `changes`
  std::vector<size_t> key;        ///< places among the common columns; empty where nothing tells rows apart
  bool is_key_declared = false;
  std::vector<size_t> hashed;  ///< the columns by whose values rows are aligned
  std::vector<ChangeField> fields;
  std::vector<ChangeSource> sources;  ///< for each field
};

/// `shared_columns` as in DiffOptions.
absl::StatusOr<DiffColumns> CompareColumns(const TableObject& old_table, const TableObject& new_table,
                                           int64_t shared_columns);

}  // namespace roost::store
