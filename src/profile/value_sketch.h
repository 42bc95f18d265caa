#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "profile/hyperloglog.h"
#include "profile/summary.h"

namespace roost::profile {

/// Frequent values of a text column that has too many distinct ones to count each.
///
/// Every counter is a sum over the rows and every register a maximum: there are no evictions, so `Merge` is commutative
/// and associative, and any split of the same rows gives the same bytes.
/// - A count is estimated by Count-Min (Cormode and Muthukrishnan, 2005) with 4 rows of 8,192 counters: never too low,
///   and too high by at most 0.034 % of all rows with probability 98 %.
/// - The frequent values themselves come from group testing (Cormode and Muthukrishnan, "What's hot and what's not",
///   2005): values fall by hash into 256 buckets, twice; a bucket counts for each bit of the value (and of its hash)
///   how often it was set. Where one value makes up most of a bucket, the majority of each bit spells it. A value with
///   a share p of the rows is found with a probability of at least 1 - (1 / (256 p))^2: 84 % for 1 %, 99.4 % for 5 %;
///   values without competitors of their kind far more often. Values that are longer than `kPrefix` bytes are spelled
///   up to there and end with "...".
///
/// Memory 1.8 MB; cost about 0.05 µs an Add of one row, as the bits of up to 255 such values are first counted in
/// planes (bit p of all counters in one word of plane p), and 0.3 µs of several rows. Threads: one at a time.
class ValueSketch {
 public:
  static constexpr size_t kPrefix = 32;

  ValueSketch();

  /// `count` rows with `value`, whose Hash64 is `hash`.
  void Add(std::string_view value, uint64_t hash, int64_t count);
  void Merge(const ValueSketch& other);

  double Distinct() const { return distinct_.Estimate(); }
  /// That were added.
  uint64_t rows() const { return rows_; }

  /// The values found, by falling estimate, then by value; those below 1/256 of all rows are left out.
  std::vector<ValueCount> Frequent() const;

  void Serialize(std::string& bytes) const;
  static absl::StatusOr<ValueSketch> Parse(ByteReader& reader);

 private:
  static constexpr size_t kDepth = 4;  // of Count-Min
  static constexpr size_t kWidthBits = 13;
  static constexpr size_t kWidth = size_t{1} << kWidthBits;
  static constexpr size_t kTables = 2;  // of group testing
  static constexpr size_t kGroups = 256;
  static constexpr size_t kBits = 64 + 8 + 8 * kPrefix;  // hash, length, characters
  static constexpr size_t kGroupSize = 1 + kBits;        // the group's rows, then for each bit how often it was set
  static constexpr size_t kWords = (kBits + 63) / 64;
  static constexpr size_t kPlanes = 8;

  using Bits = std::array<uint64_t, kWords>;

  /// What is not in a group's counters yet: plane p has bit p of the number of times that each bit was set.
  struct Pending {
    uint32_t added = 0;
    std::array<Bits, kPlanes> planes{};
  };

  static size_t GroupOf(size_t table, uint64_t hash);
  static Bits BitsOf(std::string_view value, uint64_t hash);
  static void AddPending(const Pending& pending, uint64_t* group);
  void AddOnce(const Bits& bits, size_t group);
  /// The counters of all groups with what is pending.
  std::vector<uint64_t> Groups() const;
  uint64_t Estimate(uint64_t hash) const;
  /// Adds to `found` the value that makes up most of a group, where there is one.
  void Spell(const std::vector<uint64_t>& groups, size_t table, size_t group, std::vector<ValueCount>& found) const;

  HyperLogLog distinct_;
  std::vector<uint64_t> counts_;  // kDepth rows of kWidth
  std::vector<uint64_t> groups_;  // kTables tables of kGroups groups of kGroupSize
  std::vector<Pending> pending_;  // one a group
  uint64_t rows_ = 0;
};

}  // namespace roost::profile
