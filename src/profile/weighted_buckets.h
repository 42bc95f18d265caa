#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "profile/buckets.h"

namespace roost::profile {

/// Exact counts of weights in buckets of numbers: as many mantissa bits (at most 9) as keep 4,096 buckets in use.
/// Which these are depends on the set of values alone.
class WeightedBuckets {
 public:
  static constexpr size_t kMaxBuckets = 4096;

  /// `value` is finite, `units` > 0.
  void Add(double value, int64_t units);
  void Merge(const WeightedBuckets& other);

  /// Ascending; the counts are units.
  std::vector<Bucket> Buckets() const;

  void Serialize(std::string& bytes) const;
  /// DataLoss where `reader` is not at whole buckets, or at ones of other than `total_units` units.
  static absl::StatusOr<WeightedBuckets> Parse(ByteReader& reader, int64_t total_units);

 private:
  void Limit();

  int level_ = 0;  // mantissa bits left out
  absl::flat_hash_map<int64_t, int64_t> units_;
};

}  // namespace roost::profile
