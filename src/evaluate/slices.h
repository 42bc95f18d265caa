#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "column/batch.h"

namespace roost::evaluate {

/// What of a time rows are cut by: its month (1 to 12), weekday (1, Monday, to 7) or hour (0 to 23), in UTC.
enum class TimePart { kMonth, kWeekday, kHour };

/// One column by which rows are cut: by each of its values where nothing else is set. Rows without a value (null, NaN)
/// are together, as "COLUMN is missing".
struct SliceKey {
  std::string column;
  std::optional<std::string> value;  ///< only rows with this value, as names write it
  /// Numbers: ascending; rows are cut into those below the first, between two, and from the last on. A row on a border
  /// is above it.
  std::vector<double> borders;
  int64_t quantiles = 0;         ///< numbers: 2 to 100 ranges of about equally many rows; fewer where many are equal
  std::optional<TimePart> part;  ///< times: must be set
};

/// Slices of one kind: none of them has a row in common. No key: all rows are one slice. Two or three: all
/// combinations.
struct SliceSpec {
  std::vector<SliceKey> keys;
};

struct SliceOptions {
  int64_t min_rows = 100;    ///< slices of fewer rows are left out; 1 or more
  int64_t max_values = 100;  ///< slices of one spec, those with the most rows; 1 to 1,000
};

struct Slice {
  /// "all rows", "origin=SFO", "origin=SFO & distance in [500, 1000)", "distance < 500", "month(departure)=3".
  std::string name;
  int64_t rows = 0;
  size_t spec = 0;
};

struct LeftOutSlice {
  std::string name;
  int64_t rows = 0;
  bool too_few_rows = false;  ///< else there are more than max_values with more rows
};

/// Overlapping sets of rows.
///
/// Rows that are in the same slices are one cell, so that what is true of a slice is known from its cells, and a row is
/// looked at once for all slices. The slices are in several groups where there would be too many cells.
struct SliceSet {
  struct Group {
    std::vector<uint32_t> cell_of_row;
    std::vector<std::vector<uint32_t>> slices_of_cell;  ///< indices into `slices`, ascending; may be none
  };

  size_t num_rows = 0;
  /// In the order of the specs; of one spec by falling rows, but ranges and parts of times in their own order.
  std::vector<Slice> slices;
  /// What was asked for and is no slice. Of a spec at most kMaxNamed by name, and the others together.
  std::vector<LeftOutSlice> left_out;
  std::vector<Group> groups;

  static constexpr size_t kMaxCells = 16'384;  ///< of a group of more than one spec
  static constexpr size_t kMaxNamed = 1000;

  /// The numbers of a slice's rows, ascending. Cost: a pass over the rows.
  std::vector<size_t> RowsOf(size_t slice) const;
};

/// Cuts the rows of `batches`, numbered one batch after the other. Weights do not count: rows are counted as such.
/// InvalidArgument for no rows, options out of range, more than three keys, a key that does not fit its column, and
/// more than 16,777,216 values of a column; NotFound for a column that is not there. Names do not depend on the order
/// of the rows. Cost: a hash a row and key, and for each spec another; 4 bytes a row for each group.
absl::StatusOr<SliceSet> MakeSlices(std::span<const column::BatchView> batches, std::span<const SliceSpec> specs,
                                    const SliceOptions& options);

}  // namespace roost::evaluate
