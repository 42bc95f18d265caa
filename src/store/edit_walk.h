#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "store/row_edits.h"

namespace roost::store {

/// Walks a patch in the order of its result. The positions in `changed` must follow `edits`, as ChangedInKept tells.
class EditWalk {
 public:
  EditWalk(const RowEdits& edits, std::span<const int64_t> changed) : edits_(edits), changed_(changed) {}

  /// Calls keep(base_start, length) for rows that stay, replace(base_start) for one that is given anew, and
  /// insert(length) for new ones.
  template <typename Keep, typename Replace, typename Insert>
  void Run(const Keep& keep, const Replace& replace, const Insert& insert) {
    int64_t base = 0;
    int64_t row = 0;
    size_t next = 0;
    for (const EditStep& step : edits_.steps) {
      const int64_t end = row + step.keep;
      while (row < end) {
        const int64_t until = next < changed_.size() ? std::min(changed_[next], end) : end;
        if (until > row) keep(base, until - row);
        base += until - row;
        row = until;
        if (row == end) break;
        replace(base++);
        ++row;
        ++next;
      }
      base += step.remove;
      if (step.insert > 0) insert(step.insert);
      row += step.insert;
    }
  }

 private:
  const RowEdits& edits_;
  std::span<const int64_t> changed_;
};

/// How many rows are new.
inline int64_t InsertedRows(const RowEdits& edits) {
  int64_t inserted = 0;
  for (const EditStep& step : edits.steps) inserted += step.insert;
  return inserted;
}

/// Whether rows get other values, and none come, go or move.
inline bool NothingMoves(const RowEdits& edits) {
  return edits.steps.size() <= 1 && edits.base_rows == edits.rows && InsertedRows(edits) == 0;
}

/// How many of `changed`, ascending, lie in kept rows; all of them where a patch is well-formed.
inline int64_t ChangedInKept(const RowEdits& edits, std::span<const int64_t> changed) {
  int64_t in_kept = 0;
  int64_t row = 0;
  size_t next = 0;
  for (const EditStep& step : edits.steps) {
    while (next < changed.size() && changed[next] < row + step.keep) {
      if (changed[next] >= row) ++in_kept;
      ++next;
    }
    row += step.keep + step.insert;
  }
  return in_kept;
}

}  // namespace roost::store
