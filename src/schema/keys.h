#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "column/batch.h"

namespace roost::schema {

/// The keys of rows as fingerprints of 128 bits: two different keys of a billion are taken for one with a chance below
/// 10^-20. A number is the same key whatever it is stored as, and so is a time; -0 is 0; NaN is a value like others.
///
/// Memory: 16 bytes a key and as much again for the table, so at most about 2 x 17 bytes x `max_keys` while it grows
/// (16,000,000 keys: 570 MB). Beyond `max_keys` no more keys are remembered: what repeats one of the remembered ones is
/// still found, other repetitions are not, and `is_exact` is false. Threads: one at a time.
class KeySet {
 public:
  static constexpr size_t kMaxKeys = 16'000'000;

  explicit KeySet(std::vector<std::string> columns, size_t max_keys = kMaxKeys)
      : columns_(std::move(columns)), max_keys_(max_keys) {}

  const std::vector<std::string>& columns() const { return columns_; }

  /// Remembers the keys of `batch`. For each row whether its key was there before (2: it has a null and so no key).
  /// NotFound where a column is missing, InvalidArgument where its values cannot be read.
  absl::StatusOr<std::vector<uint8_t>> Add(const column::BatchView& batch);

  /// For each row whether its key, the values of `columns` in the order of this set's, is there; 2 where it has a null.
  absl::StatusOr<std::vector<uint8_t>> Contains(const column::BatchView& batch,
                                                const std::vector<std::string>& columns) const;

  bool is_exact() const { return exact_; }

 private:
  using Fingerprint = std::pair<uint64_t, uint64_t>;

  std::vector<std::string> columns_;
  size_t max_keys_;
  absl::flat_hash_set<Fingerprint> keys_;
  bool exact_ = true;
};

}  // namespace roost::schema
