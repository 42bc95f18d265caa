#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "store/leaf.h"
#include "store/row_edits.h"

namespace roost::store {

/// A leaf under edits, one upon the other: its rows are kept as pieces of the leaves that they come from, and copied
/// once, at the end, however many edits there were. Values that are changed where they stand are changed there.
class LeafPieces {
 public:
  /// `leaf` may be in dictionary form; then so is the result.
  explicit LeafPieces(Leaf leaf);

  /// Applies `edits`; inserted rows and those at `changed` are taken from `given`, in their order. DataLoss where the
  /// numbers of rows or the types do not fit. Cost: the pieces there are, and those that come.
  absl::Status Edit(const RowEdits& edits, std::span<const int64_t> changed, Leaf given);

  /// The leaf as it is now; the last call. Cost: one copy of the rows where pieces moved, else nothing.
  Leaf Gather() &&;

  int64_t rows() const { return rows_; }
  const LeafType& type() const { return sources_.front().type; }

 private:
  struct Piece {
    int32_t source = 0;
    int32_t start = 0;
    int32_t length = 0;
  };

  bool IsWhole() const;
  bool IsSetInPlace() const;
  void SetRows(std::span<const int64_t> changed, const Leaf& given);
  void Cut(const RowEdits& edits, std::span<const int64_t> changed, int32_t given);
  void GatherValidity(Leaf& leaf) const;
  void GatherWords(Leaf& leaf) const;

  std::vector<Leaf> sources_;  // in dictionary form all have the dictionary of the first
  std::vector<Piece> pieces_;  // no two that could be one
  int64_t rows_ = 0;
  size_t bytes_ = 0;  // values of all sources
  bool is_edited_ = false;
};

}  // namespace roost::store
