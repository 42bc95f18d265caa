#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "profile/smallest_hashes.h"

namespace roost::profile {

/// How many rows are copies of others: the 4,096 distinct rows with the smallest hashes, and how often each came,
/// exactly. A law-abiding state: see README.md.
///
/// Cost: 1 ns a row where there are many distinct rows, about 5 ns where there are few. Up to 200 KB. Threads: a state
/// belongs to one thread at a time.
class RowSample {
 public:
  static constexpr size_t kRows = 4096;

  /// `row_hashes`: a hash of each row (row_hash.h).
  void Add(std::span<const uint64_t> row_hashes);
  void Merge(const RowSample& other);

  int64_t rows() const { return rows_; }
  /// Whether there are no more distinct rows than are kept.
  bool exact() const;

  /// Share (0 to 1) of the rows that are a further copy of another row; empty without rows.
  ///
  /// Exact, or 1 - distinct / rows in the sample. Rows that come very often are mostly not in a sample of distinct
  /// rows: where the number of distinct rows that the sample's greatest hash implies (Bar-Yossef et al., RANDOM 2002;
  /// standard error 1.6 %) differs from that by more than four standard errors, it is used instead.
  std::optional<double> DuplicateShare() const;

  void Serialize(std::string& bytes) const;
  /// DataLoss where `reader` is not at a whole state, or one of other than `rows` rows.
  static absl::StatusOr<RowSample> Parse(ByteReader& reader, int64_t rows);

 private:
  SmallestHashes<int64_t, kRows> counts_;
  int64_t rows_ = 0;
};

}  // namespace roost::profile
