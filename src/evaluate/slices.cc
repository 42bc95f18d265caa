#include "evaluate/slices.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "base/format.h"
#include "base/status.h"
#include "evaluate/slice_key.h"

namespace roost::evaluate {
namespace {

// Numbers the pairs of an earlier number and a code from 0 on, in the order in which they come.
class Numbering {
 public:
  uint32_t Of(uint64_t earlier, uint32_t code) {
    const uint64_t pair = earlier << 32 | code;
    if (pair == last_pair_) return last_;
    last_pair_ = pair;
    last_ = numbers_.try_emplace(pair, static_cast<uint32_t>(numbers_.size())).first->second;
    return last_;
  }
  size_t size() const { return numbers_.size(); }

 private:
  absl::flat_hash_map<uint64_t, uint32_t> numbers_;
  uint64_t last_pair_ = ~uint64_t{0};
  uint32_t last_ = 0;
};

// What a spec makes of the rows before small slices are left out.
struct Parts {
  std::vector<int32_t> of_row;  // index into names and rows, or KeyCodes::kNone
  std::vector<std::string> names;
  std::vector<int64_t> rows;
  bool has_order = false;
  bool is_whole = false;
};

Parts WholeOf(size_t num_rows) {
  return {.of_row = std::vector<int32_t>(num_rows, 0),
          .names = {"all rows"},
          .rows = {static_cast<int64_t>(num_rows)},
          .is_whole = true};
}

Parts PartsOf(KeyCodes codes) {
  Parts parts{
      .of_row = std::move(codes.of_row), .names = std::move(codes.names), .rows = {}, .has_order = codes.has_order};
  parts.rows.resize(parts.names.size());
  for (const int32_t part : parts.of_row) {
    if (part != KeyCodes::kNone) ++parts.rows[static_cast<size_t>(part)];
  }
  return parts;
}

// The combinations of `parts` and `codes` that occur.
Parts Cross(const Parts& parts, const KeyCodes& codes) {
  Parts crossed;
  crossed.of_row.reserve(parts.of_row.size());
  Numbering numbering;
  for (size_t row = 0; row < parts.of_row.size(); ++row) {
    const int32_t a = parts.of_row[row];
    const int32_t b = codes.of_row[row];
    if (a == KeyCodes::kNone || b == KeyCodes::kNone) {
      crossed.of_row.push_back(KeyCodes::kNone);
      continue;
    }
    const uint32_t number = numbering.Of(static_cast<uint64_t>(a), static_cast<uint32_t>(b));
    if (number == crossed.names.size()) {
      crossed.names.push_back(parts.names[static_cast<size_t>(a)] + " & " + codes.names[static_cast<size_t>(b)]);
      crossed.rows.push_back(0);
    }
    ++crossed.rows[number];
    crossed.of_row.push_back(static_cast<int32_t>(number));
  }
  return crossed;
}

absl::StatusOr<Parts> PartsOf(std::span<const column::BatchView> batches, const SliceSpec& spec, size_t num_rows) {
  if (spec.keys.empty()) return WholeOf(num_rows);
  if (spec.keys.size() > 3) {
    return absl::InvalidArgumentError(
        fmt::format("a slice crosses {} columns; it may cross three at most", spec.keys.size()));
  }
  TRY_ASSIGN(KeyCodes first, CodesOf(batches, spec.keys.front()));
  Parts parts = PartsOf(std::move(first));
  for (size_t i = 1; i < spec.keys.size(); ++i) {
    TRY_ASSIGN(const KeyCodes codes, CodesOf(batches, spec.keys[i]));
    parts = Cross(parts, codes);
  }
  return parts;
}

// Chooses the slices among `parts`, adds them to `set`, and returns the slice of each part, or kNone.
std::vector<int32_t> Choose(const Parts& parts, size_t spec, const SliceOptions& options, SliceSet& set) {
  std::vector<size_t> order(parts.names.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::tie(parts.rows[b], parts.names[a]) < std::tie(parts.rows[a], parts.names[b]);
  });
  const auto is_small = [&](size_t part) { return parts.rows[part] < options.min_rows; };
  const auto first_small = parts.is_whole ? order.end() : std::find_if(order.begin(), order.end(), is_small);
  const auto kept = std::min<ptrdiff_t>(first_small - order.begin(), options.max_values);
  LeftOutSlice others{.too_few_rows = true};
  size_t num_others = 0;
  for (size_t i = static_cast<size_t>(kept); i < order.size(); ++i) {
    const int64_t rows = parts.rows[order[i]];
    if (i < static_cast<size_t>(kept) + SliceSet::kMaxNamed) {
      set.left_out.push_back({parts.names[order[i]], rows, is_small(order[i])});
      continue;
    }
    others.rows += rows;
    others.too_few_rows &= is_small(order[i]);
    ++num_others;
  }
  if (num_others > 0) {
    others.name =
        fmt::format("{} others like {}", FormatCount(static_cast<int64_t>(num_others)), parts.names[order.back()]);
    set.left_out.push_back(std::move(others));
  }
  order.resize(static_cast<size_t>(kept));
  if (parts.has_order) std::sort(order.begin(), order.end());
  std::vector<int32_t> slice_of_part(parts.names.size(), KeyCodes::kNone);
  for (const size_t part : order) {
    slice_of_part[part] = static_cast<int32_t>(set.slices.size());
    set.slices.push_back({parts.names[part], parts.rows[part], spec});
  }
  return slice_of_part;
}

// Cuts the cells of `group` by the slices of one more spec. False, and nothing is done, where that gives too many.
bool Refine(const std::vector<int32_t>& slice_of_row, SliceSet::Group& group) {
  std::vector<uint32_t> cells(slice_of_row.size());
  std::vector<std::vector<uint32_t>> slices_of_cell;
  Numbering numbering;
  for (size_t row = 0; row < cells.size(); ++row) {
    const uint32_t before = group.cell_of_row[row];
    cells[row] = numbering.Of(before, static_cast<uint32_t>(slice_of_row[row] + 1));
    if (cells[row] < slices_of_cell.size()) continue;
    if (numbering.size() > SliceSet::kMaxCells) return false;
    slices_of_cell.push_back(group.slices_of_cell[before]);
    if (slice_of_row[row] != KeyCodes::kNone) {
      slices_of_cell.back().push_back(static_cast<uint32_t>(slice_of_row[row]));
    }
  }
  group = {std::move(cells), std::move(slices_of_cell)};
  return true;
}

absl::Status CheckOptions(const SliceOptions& options) {
  if (options.min_rows < 1) {
    return absl::InvalidArgumentError(fmt::format("min_rows is {}; it must be 1 or more", options.min_rows));
  }
  if (options.max_values < 1 || options.max_values > 1000) {
    return absl::InvalidArgumentError(fmt::format("max_values is {}; it must be 1 to 1000", options.max_values));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<size_t> SliceSet::RowsOf(size_t slice) const {
  std::vector<size_t> rows;
  for (const Group& group : groups) {
    std::vector<bool> has_slice;
    for (const std::vector<uint32_t>& of_cell : group.slices_of_cell) {
      has_slice.push_back(std::binary_search(of_cell.begin(), of_cell.end(), static_cast<uint32_t>(slice)));
    }
    if (std::find(has_slice.begin(), has_slice.end(), true) == has_slice.end()) continue;
    for (size_t row = 0; row < group.cell_of_row.size(); ++row) {
      if (has_slice[group.cell_of_row[row]]) rows.push_back(row);
    }
  }
  return rows;
}

absl::StatusOr<SliceSet> MakeSlices(std::span<const column::BatchView> batches, std::span<const SliceSpec> specs,
                                    const SliceOptions& options) {
  TRY(CheckOptions(options));
  SliceSet set;
  for (const column::BatchView& batch : batches) set.num_rows += static_cast<size_t>(batch.num_rows());
  if (set.num_rows == 0) return absl::InvalidArgumentError("there are no rows to cut into slices");
  const SliceSet::Group whole{std::vector<uint32_t>(set.num_rows, 0), {{}}};
  for (size_t spec = 0; spec < specs.size(); ++spec) {
    TRY_ASSIGN(const Parts parts, PartsOf(batches, specs[spec], set.num_rows));
    const std::vector<int32_t> slice_of_part = Choose(parts, spec, options, set);
    std::vector<int32_t> slice_of_row(set.num_rows);
    for (size_t row = 0; row < set.num_rows; ++row) {
      const int32_t part = parts.of_row[row];
      slice_of_row[row] = part == KeyCodes::kNone ? KeyCodes::kNone : slice_of_part[static_cast<size_t>(part)];
    }
    if (!set.groups.empty() && Refine(slice_of_row, set.groups.back())) continue;
    set.groups.push_back(whole);
    Refine(slice_of_row, set.groups.back());
  }
  return set;
}

}  // namespace roost::evaluate
