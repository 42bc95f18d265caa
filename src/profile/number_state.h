#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "column/column_view.h"
#include "profile/distribution.h"
#include "profile/exact_sum.h"
#include "profile/hyperloglog.h"
#include "profile/int128.h"
#include "profile/log_histogram.h"
#include "profile/summary.h"
#include "profile/time_histogram.h"

namespace roost::profile {

/// The statistics of a column of numbers, bools or times, over the rows that are not null. A law-abiding state: see
/// README.md. Integers are summed as integers, times as microseconds (finer times are rounded down).
///
/// Cost: 2 ns a value for integers of a small range, 5 to 8 ns for other numbers, 10 ns for times in no order
/// (profile_benchmark.cc); 1 to 64 KB, however many rows. Threads: a state belongs to one thread at a time.
class NumberState {
 public:
  enum class Kind { kFloat, kInteger, kTime };

  explicit NumberState(Kind kind) : kind_(kind) {}

  /// The kind of state that a column of `type` needs; `type` is a number, bool or time.
  static Kind KindOf(column::Type type);

  /// `column` is of this state's kind.
  void Add(const column::ColumnView& column);

  /// `other` is of the same kind.
  void Merge(const NumberState& other);

  /// Values that are not null.
  int64_t count() const { return finite_ + nan_ + positive_infinity_ + negative_infinity_; }
  int64_t zeros() const { return zeros_; }
  NumberSummary Summarize() const;
  /// Without `missing`.
  Distribution GetDistribution() const;

  /// Number of distinct finite values: exact where `distinct_is_exact`, else to within about 1.6 %. Exact are integers
  /// between -1,024 and 1,024, times with at most 4,096 distinct ones, and columns of a single value.
  double Distinct() const;
  bool distinct_is_exact() const;

  void Serialize(std::string& bytes) const;
  /// Reads the layout of that version of the profile's format (1 or 2).
  /// DataLoss where `reader` is not at a whole state of `kind`, or one of other than `count` values.
  static absl::StatusOr<NumberState> Parse(ByteReader& reader, Kind kind, int64_t count, uint16_t version);

 private:
  // Values go through these in blocks that fit the first-level cache.
  void AddFloats(std::span<const double> values);
  void AddFinite(std::span<const double> values);
  template <typename Integer>
  void AddIntegers(std::span<const Integer> values);
  void AddTimes(std::span<const int64_t> micros);
  /// What all integers have in common: their number, the least and the greatest.
  template <typename Integer>
  void AddEnds(std::span<const Integer> values, Integer least, Integer greatest);
  /// Some distinct integers, and how often each came.
  struct CountedIntegers {
    static constexpr size_t kMost = 512;
    std::array<int64_t, kMost> values;
    std::array<uint32_t, kMost> counts;
    size_t size = 0;
  };
  void AddDistinct(CountedIntegers& counted);
  /// Values from `least` on, below `least` + `range`: each distinct one is added once, with its count.
  template <typename Integer>
  void AddCounted(std::span<const Integer> values, Integer least, size_t range);
  template <typename Stored, typename Wide>
  void AddStored(const column::ColumnView& column);
  template <typename Wide, typename Get>
  void AddRows(const column::ColumnView& column, const Get& get);
  void AddBlock(std::span<const double> values) { AddFloats(values); }
  void AddBlock(std::span<const int64_t> values) { kind_ == Kind::kTime ? AddTimes(values) : AddIntegers(values); }
  void AddBlock(std::span<const uint64_t> values) { AddIntegers(values); }
  std::vector<Bucket> Buckets() const;
  /// Whether each bucket of the histogram holds one value.
  bool HistogramIsExact() const;
  double MinimumAsDouble() const;
  double MaximumAsDouble() const;

  Kind kind_;
  int64_t finite_ = 0;
  int64_t zeros_ = 0;
  int64_t negative_ = 0;
  int64_t nan_ = 0;
  int64_t positive_infinity_ = 0;
  int64_t negative_infinity_ = 0;
  // Least and greatest finite value, where finite_ > 0: the first pair for floats, the second for the others.
  double float_min_ = 0;
  double float_max_ = 0;
  Int128 integer_min_ = 0;
  Int128 integer_max_ = 0;
  FloatSums float_sums_;
  IntegerSums integer_sums_;
  LogHistogram histogram_;        // not of times
  TimeHistogram time_histogram_;  // of times
  HyperLogLog distinct_;
};

}  // namespace roost::profile
