#pragma once

#include <compare>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/leaf.h"

namespace roost::store {

/// 128 bits that stand for the values of a row's key columns. Equal keys have equal bits, also after a column was
/// widened; different keys in practice never do, and who changes rows because of it compares the values first.
struct RowKey {
  uint64_t high = 0;
  uint64_t low = 0;

  friend auto operator<=>(const RowKey&, const RowKey&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const RowKey& key) {
    return H::combine(std::move(state), key.high, key.low);
  }
};

/// The keys of the rows of `columns`, which are the key's columns (no dictionaries) with these ids.
std::vector<RowKey> RowKeysOf(std::span<const std::shared_ptr<arrow::Array>> columns, std::span<const int64_t> ids);

/// The same of leaves, not in dictionary form.
std::vector<RowKey> RowKeysOf(std::span<const Leaf> leaves, std::span<const int64_t> ids);

/// Whether no two rows have the same key, for any number of rows.
/// Memory: 24 bytes a row up to `max_rows_in_memory` rows; what is more lies sorted in temporary files without a name.
/// Threads: one.
class UniqueKeys {
 public:
  explicit UniqueKeys(size_t max_rows_in_memory = size_t{1} << 22) : max_rows_(max_rows_in_memory) {}

  /// The keys of the next rows. ResourceExhausted and the like where a temporary file cannot be written.
  absl::Status Add(std::span<const RowKey> keys);

  /// Two rows, counted from 0 in the order of Add, that have the same key; {-1, -1} where all keys differ. The last
  /// call.
  absl::StatusOr<std::pair<int64_t, int64_t>> FindTwice();

 private:
  struct Entry {
    RowKey key;
    int64_t row = 0;

    friend auto operator<=>(const Entry&, const Entry&) = default;
  };
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, CloseFile>;
  class Run;

  absl::Status Spill();

  size_t max_rows_;
  int64_t rows_ = 0;
  std::vector<Entry> entries_;
  std::vector<File> files_;  // sorted entries each
};

}  // namespace roost::store
