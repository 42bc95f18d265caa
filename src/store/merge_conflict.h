#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"

namespace roost::store {

/// What becomes of what both sides changed differently.
enum class OnConflict {
  kFail,    ///< nothing is made; the conflicts are told
  kOurs,    ///< the branch that is merged into keeps its own
  kTheirs,  ///< it takes the other side's
};

/// Something that both sides changed differently, in words for people.
struct Conflict {
  /// "cell", "row removed there", "row removed here", "row added twice", "column" or "file".
  std::string kind;
  std::string where;   ///< the row by its key or number, or the path
  std::string column;  ///< of cells and columns
  std::string base;
  std::string ours;
  std::string theirs;

  friend bool operator==(const Conflict&, const Conflict&) = default;
};

/// The conflicts as rows of strings: the members of Conflict.
absl::StatusOr<std::shared_ptr<arrow::Table>> ToTable(const std::vector<Conflict>& conflicts);

}  // namespace roost::store
