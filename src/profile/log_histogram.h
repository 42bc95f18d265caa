#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "profile/buckets.h"

namespace roost::profile {

/// Quantiles of finite doubles from exact bucket counts.
///
/// A bucket holds the values that share their sign, exponent and the first `kMantissaBits` bits of the mantissa, so
/// that a bucket's ends differ by at most 2^-kMantissaBits of the value (0.2 %). Counts are integers: `Merge` is
/// commutative and associative, and any split of the same rows over any number of states gives the same bytes. NaN and
/// infinities are not values: count them apart.
///
/// Cost: about 1 ns a value; 4 KiB for each sign and exponent in use, and 8 KiB. Threads: a state belongs to one thread
/// at a time.
/// Source: the bucket rule is that of DDSketch (Masson, Rim, Lee, PVLDB 12(12), 2019) with powers of two split evenly,
/// which needs no logarithm.
class LogHistogram {
 public:
  static constexpr int kMantissaBits = 9;

  LogHistogram() : page_of_(kPages) {}

  /// Counts each of `values`, all of them finite.
  void Add(std::span<const double> values);
  /// Counts `value`, which is finite, `count` times.
  void Add(double value, int64_t count);

  /// Adds the counts of `other` to this state.
  void Merge(const LogHistogram& other);

  /// Number of values counted.
  int64_t count() const { return count_; }

  /// The buckets in use, in the order of their values. A bucket's point is its end nearer to zero: whole numbers up to
  /// 1,024 are exact.
  std::vector<Bucket> Buckets() const;

  /// Layout: docs/formats/profile.md. Equal states append equal bytes.
  void Serialize(std::string& bytes) const;

  /// DataLoss where `reader` is not at a whole state, or one of more than `max_count` values.
  static absl::StatusOr<LogHistogram> Parse(ByteReader& reader, int64_t max_count);

 private:
  static constexpr int kPages = 4096;  // one for each sign and exponent
  static constexpr int kPageSize = 1 << kMantissaBits;

  int64_t* Page(uint32_t page);
  int64_t& Counter(double value);
  /// Calls visit(key, count) for the buckets in use, in the order of their values.
  template <typename Visit>
  void ForEach(const Visit& visit) const;

  std::vector<uint16_t> page_of_;  // by sign and exponent: 1 + the page's position in counters_, 0 for none
  std::vector<int64_t> counters_;  // pages of kPageSize counters, in the order of first use
  int64_t count_ = 0;              // sum of counters_
};

}  // namespace roost::profile
