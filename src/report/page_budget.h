#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace roost::report {

/// How many bytes the foldable details of a page may have that has `fixed` bytes without them: what is left of 1.5 MB,
/// and never less than 0.4 MB, so that the most suspicious of many thousand columns have theirs.
size_t DetailBudget(size_t fixed);

/// The details of the first entries that fit into `budget` bytes, in the fullest of `num_levels` forms in which all
/// `num_entries` fit; in the last form where none does, and then not of all. `render(entry, level)` makes one; level 0
/// is the fullest. Each takes some 60 bytes more than it has, for its frame.
std::vector<std::string> DetailsWithin(size_t budget, size_t num_entries, size_t num_levels,
                                       const std::function<std::string(size_t entry, size_t level)>& render);

}  // namespace roost::report
