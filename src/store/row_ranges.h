#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace roost::store {

/// Ascending positions of rows, kept as ranges. Memory: 24 bytes a range.
class RowRanges {
 public:
  /// Adds the rows [start, end), which come after all others.
  void Add(int64_t start, int64_t end);

  int64_t Count() const {
    return ranges_.empty() ? 0 : ranges_.back().before + ranges_.back().end - ranges_.back().start;
  }

  /// How many of the rows are below `row`.
  int64_t CountBefore(int64_t row) const;

  /// The `index`-th of the rows, from 0.
  int64_t At(int64_t index) const;

  /// The rows but those in `left_out`, which are ascending and among them.
  RowRanges Without(std::span<const int64_t> left_out) const;

 private:
  struct Range {
    int64_t start = 0;
    int64_t end = 0;
    int64_t before = 0;  // rows in the ranges before
  };
  std::vector<Range> ranges_;
};

}  // namespace roost::store
