#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "column/batch.h"
#include "evaluate/slices.h"

namespace roost::evaluate {

/// What rows are by one key: an index into `names`, or kNone for those that the key leaves out.
struct KeyCodes {
  static constexpr int32_t kNone = -1;

  std::vector<int32_t> of_row;
  std::vector<std::string> names;  ///< some may have no row
  bool has_order = false;          ///< the names are in an order of their own
};

/// The codes of the rows of all batches. Errors as MakeSlices.
absl::StatusOr<KeyCodes> CodesOf(std::span<const column::BatchView> batches, const SliceKey& key);

}  // namespace roost::evaluate
