#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "profile/buckets.h"

namespace roost::profile {

/// Quantiles of instants (microseconds) from exact counts in buckets of equal width.
///
/// The width is the smallest power of two microseconds with which at most `kMaxBuckets` buckets are in use. That rule
/// looks at the set of values alone, so any split of the same values gives the same width and the same bytes. Up to
/// 4,096 distinct instants are exact; beyond, a bucket is narrower than 1/2,048 of the span from first to last.
///
/// Cost: 1 ns a value where neighbours are alike, about 8 ns else; up to 100 KB. Threads: a state belongs to one
/// thread at a time.
/// Source: halving the resolution when full is the collapse of UDDSketch (Epicoco et al., 2020).
class TimeHistogram {
 public:
  static constexpr size_t kMaxBuckets = 4096;

  void Add(std::span<const int64_t> micros);
  void Merge(const TimeHistogram& other);

  int64_t count() const { return count_; }
  /// Whether each bucket holds a single instant.
  bool exact() const { return level_ == 0; }
  /// Number of buckets in use.
  size_t size() const { return counts_.size(); }

  /// The buckets in use, ascending, in seconds since 1970-01-01T00:00Z. A bucket's point is its beginning.
  std::vector<Bucket> Buckets() const;

  void Serialize(std::string& bytes) const;
  /// DataLoss where `reader` is not at a whole state, or one of more than `max_count` values.
  static absl::StatusOr<TimeHistogram> Parse(ByteReader& reader, int64_t max_count);

 private:
  static constexpr int kMaxLevel = 52;  // at which 64-bit values have 4,096 buckets

  void AddBucket(int64_t key, int64_t count);
  void Coarsen(int level);
  std::vector<std::pair<int64_t, int64_t>> Sorted() const;

  int level_ = 0;                                 // a bucket is 2^level_ microseconds wide
  absl::flat_hash_map<int64_t, int64_t> counts_;  // by value >> level_
  int64_t count_ = 0;                             // sum of counts_
};

}  // namespace roost::profile
