#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "store/leaf.h"

namespace roost::store {

/// A column of the rows of a difference: `old.NAME` or `new.NAME`.
struct ChangeField {
  bool is_new = false;
  std::string name;  ///< in its table
  std::string type;  ///< stored name
};

/// Values of one such column: rows of a leaf, -1 for null. Without a leaf all are null.
struct ChangeCells {
  const Leaf* leaf = nullptr;
  std::vector<int64_t> rows;
};

/// Some rows of one kind.
struct ChangeBlock {
  std::string_view op;
  std::vector<int64_t> old_rows;   ///< positions; empty for added rows
  std::vector<int64_t> new_rows;   ///< empty for removed rows
  std::vector<std::string> names;  ///< changed columns, for changed rows
  std::vector<ChangeCells> cells;  ///< for each field

  int64_t rows() const { return static_cast<int64_t>(std::max(old_rows.size(), new_rows.size())); }
};

absl::StatusOr<std::shared_ptr<arrow::Schema>> SchemaOfChanges(std::span<const ChangeField> fields);

/// The block as a batch of that schema.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> MakeChangeBatch(const std::shared_ptr<arrow::Schema>& schema,
                                                                    std::span<const ChangeField> fields,
                                                                    const ChangeBlock& block);

}  // namespace roost::store
