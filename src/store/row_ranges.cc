#include "store/row_ranges.h"

#include <algorithm>

namespace roost::store {

void RowRanges::Add(int64_t start, int64_t end) {
  if (start >= end) return;
  if (!ranges_.empty() && ranges_.back().end == start) {
    ranges_.back().end = end;
  } else {
    ranges_.push_back({.start = start, .end = end, .before = Count()});
  }
}

int64_t RowRanges::CountBefore(int64_t row) const {
  const auto next = std::upper_bound(ranges_.begin(), ranges_.end(), row,
                                     [](int64_t at, const Range& range) { return at < range.start; });
  if (next == ranges_.begin()) return 0;
  const Range& range = *(next - 1);
  return range.before + std::min(row, range.end) - range.start;
}

int64_t RowRanges::At(int64_t index) const {
  const auto next = std::upper_bound(ranges_.begin(), ranges_.end(), index,
                                     [](int64_t at, const Range& range) { return at < range.before; });
  const Range& range = *(next - 1);
  return range.start + index - range.before;
}

RowRanges RowRanges::Without(std::span<const int64_t> left_out) const {
  RowRanges rest;
  size_t next = 0;
  for (const Range& range : ranges_) {
    int64_t start = range.start;
    for (; next < left_out.size() && left_out[next] < range.end; ++next) {
      rest.Add(start, left_out[next]);
      start = left_out[next] + 1;
    }
    rest.Add(start, range.end);
  }
  return rest;
}

}  // namespace roost::store
