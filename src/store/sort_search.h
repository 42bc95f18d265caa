#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "base/context.h"
#include "store/sort_keys.h"

namespace roost::store {

/// Looks for columns by which rows are sorted, while they pass by once. Columns that are not are left after a few rows.
/// Threads: one calls; columns are worked on in parallel on the context's pool. Memory: a bit a row for each column
/// that is still in question, and one batch.
class SortSearch {
 public:
  /// Columns that sort the rows up to the row `end`, all columns but the last with ties.
  struct Found {
    std::vector<SortColumn> columns;
    std::vector<size_t> places;  ///< of the columns among those of the rows
    std::vector<bool> tied;      ///< for each row, whether nothing tells it from the row before
  };

  /// Single columns; `column_ids` are those of the rows' columns.
  explicit SortSearch(std::vector<int64_t> column_ids);

  /// `found` and one more column each.
  SortSearch(std::vector<int64_t> column_ids, std::vector<Found> found);

  /// The next rows: columns without dictionaries.
  absl::Status Add(const arrow::RecordBatch& batch, const Context& context);

  /// What sorts the first `end` rows, in the order of the columns: at most `most`.
  std::vector<Found> Results(int64_t end, size_t most) const;

 private:
  struct Candidate {
    size_t base = 0;  // in bases_
    size_t column = 0;
    SortWays alive = kAllSortWays;
    std::array<int64_t, 8> ends;  // for each way the first row that is not where it should be
    std::vector<bool> tied;
  };

  void Follow(Candidate& candidate, const SortKeys& keys) const;

  std::vector<int64_t> column_ids_;
  std::vector<Found> bases_;  // one without columns in a search of single columns
  std::vector<Candidate> candidates_;
  std::vector<std::unique_ptr<SortKeys>> last_;  // for each column the row before, where it is still asked for
  int64_t rows_ = 0;
};

}  // namespace roost::store
