#pragma once

#include <cstdint>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "base/context.h"
#include "store/row_key.h"
#include "store/table_object.h"
#include "store/tile_loader.h"

namespace roost::store {

/// Checks the declared key of rows that are added: those of the dataset first, where there are any, then the given.
/// Rows that come in the order of a key of one column of whole numbers or times are checked by that alone, at 8 bytes a
/// row; others as UniqueKeys says.
class KeyCheck {
 public:
  /// `table` outlives the check. Nothing is checked where it has no key.
  explicit KeyCheck(const TableObject& table);

  /// The rows of `parent`, which have different keys already.
  absl::Status AddParent(const TableObject& parent, TileLoader& loader, const Context& context);

  /// Given rows, in the table's columns. InvalidArgument, naming the row, for a null in the key.
  absl::Status Add(const arrow::RecordBatch& batch);

  /// InvalidArgument, naming both rows, where two have the same key. The last call.
  absl::Status Finish();

 private:
  bool GoesOn(const arrow::Array& numbers);
  absl::Status GiveUpOrder();

  const TableObject& table_;
  UniqueKeys unique_;
  int64_t before_ = 0;             // rows of the parent
  int64_t rows_ = 0;               // given rows
  LeafType type_;                  // of the key's only column, where it is one of numbers; set with place_
  int place_ = -1;                 // of that column; -1 where the key is another one
  bool is_in_order_ = false;       // all rows up to now are in the order of the key
  std::vector<uint64_t> numbers_;  // while they are: the keys of those not yet in unique_, as OrderedNumber gives them
};

}  // namespace roost::store
