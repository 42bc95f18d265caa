#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "profile/buckets.h"

namespace roost::profile {

/// Quantiles of finite doubles from exact bucket counts, in at most 56 KB.
///
/// A bucket holds the values that share their sign, exponent and the first 9 - level bits of the mantissa. The level is
/// the least one at which the pages in use (a page is a sign and an exponent) have at most 11,776 buckets together:
/// 0 for up to 23 pages (all whole numbers from -1,024 to 1,024), 1 for up to 46, and so on to 8. That rule looks at
/// the set of values alone, and counts are integers: `Merge` is commutative and associative, and any split of the same
/// rows over any number of states gives the same bytes. NaN and infinities are not values: count them apart.
///
/// A bucket's point (buckets.h) is within 0.2 % of its values at the levels 0 and 1; at level 2 (47 pages: values of
/// one sign that spread over 14 powers of ten) within 0.4 %, and at each further one within twice as much.
///
/// Cost: about 2 ns a value; 1 KiB for each page of up to 65,535 values, then 2 KiB. Threads: a state belongs to one
/// thread at a time.
/// Source: the bucket rule is that of DDSketch (Masson, Rim, Lee, PVLDB 12(12), 2019) with powers of two split evenly,
/// which needs no logarithm; halving the resolution when full is the collapse of UDDSketch (Epicoco et al., 2020).
class LogHistogram {
 public:
  static constexpr int kMantissaBits = 9;  // of a bucket at level 0
  static constexpr int kMaxLevel = 8;      // at which every finite double has a bucket

  LogHistogram() : pages_(kGroupPages) {}

  /// Counts each of `values`, all of them finite.
  void Add(std::span<const double> values);
  /// Counts `value`, which is finite, `count` times.
  void Add(double value, int64_t count);
  /// Counts `values[i]`, all of them finite, `counts[i]` times.
  void Add(std::span<const double> values, std::span<const uint32_t> counts);

  /// Adds the counts of `other` to this state.
  void Merge(const LogHistogram& other);

  /// Number of values counted.
  int64_t count() const { return count_; }
  int level() const { return level_; }
  /// Number of buckets in use.
  int64_t size() const;

  /// The buckets in use, in the order of their values. At level 0 a bucket's point is its end nearer to zero, so that
  /// whole numbers up to 1,024 are exact; at the others it is the middle, but 0 of the bucket that holds 0.
  std::vector<Bucket> Buckets() const;

  /// Layout: docs/formats/profile.md. Equal states append equal bytes.
  void Serialize(std::string& bytes) const;

  /// Reads the layout of that version of the profile's format (1 or 2); what version 1 kept finer is coarsened.
  /// DataLoss where `reader` is not at a whole state, or one of more than `max_count` values.
  static absl::StatusOr<LogHistogram> Parse(ByteReader& reader, int64_t max_count, uint16_t version);

 private:
  static constexpr uint32_t kPages = 4096;  // one for each sign and exponent
  static constexpr uint32_t kGroupPages = 64;
  static constexpr uint32_t kMaxCounters = 23 << kMantissaBits;

  /// 1 + where the page's counters begin; 0 where the page is not in use.
  uint16_t PlaceOf(uint32_t page) const {
    return pages_[group_of_[page / kGroupPages] * kGroupPages + page % kGroupPages];
  }
  /// Gives `page`, which is not in use, its counters, and goes up to the level that this needs.
  void Use(uint32_t page);
  void Coarsen();
  /// Counts values while their pages are in use, `times(i)` times each; returns how many that were.
  template <typename Counter, typename Times>
  size_t CountKnown(std::span<const double> values, const Times& times, Counter* counters) const;
  template <typename Times>
  void AddBlock(std::span<const double> values, int64_t count, const Times& times);
  void AddBits(uint64_t bits, int64_t count);
  void AddAt(size_t counter, uint64_t count);
  uint64_t CountAt(size_t counter) const;
  /// Sees to it that `count` more values overflow no counter.
  void MakeRoom(int64_t count);
  void Widen();
  /// Leaves no wide counter at or above `limit`.
  void TakeOffGreat(uint64_t limit);
  /// Calls visit(page) for the pages in use.
  template <typename Visit>
  void ForEachPage(const Visit& visit) const;
  /// Calls visit(key, count) for the buckets in use, in the order of their values. A key is the bits of the bucket's
  /// end nearer to zero, without those that all its values do not share.
  template <typename Visit>
  void ForEach(const Visit& visit) const;

  int level_ = 0;
  uint32_t num_pages_ = 0;
  int64_t count_ = 0;  // of all values
  // The pages by groups of 64: group 0 has none in use and stands for all groups that are not there.
  std::array<uint8_t, kPages / kGroupPages> group_of_{};
  std::vector<uint16_t> pages_;
  // (512 >> level_) counters for each page, in the order of first use: narrow ones while count_ fits them.
  bool is_wide_ = false;
  std::vector<uint16_t> narrow_;
  std::vector<uint32_t> wide_;
  uint64_t greatest_ = 0;                   // no wide counter is above
  std::map<uint32_t, uint64_t> overflown_;  // what was taken off wide counters that became too great
};

}  // namespace roost::profile
