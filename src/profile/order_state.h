#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "column/column_view.h"
#include "profile/summary.h"

namespace roost::profile {

/// How the values of a column of numbers, bools or times follow each other: rises, falls, repeats, the greatest gap.
/// Nulls, NaN and infinities are left out.
/// Times are compared as microseconds.
///
/// Unlike the other states this one follows the rows' order: Merge appends the rows of the other state after those of
/// this one. It is associative, so any split of rows that keeps their order gives the same bytes.
///
/// Cost: about 0.5 ns a value where none is null. Threads: a state belongs to one thread at a time.
class OrderState {
 public:
  /// Of a column of floats (or decimals), or of integers, bools and times.
  explicit OrderState(bool is_float) : is_float_(is_float) {}

  /// `column` is of the same type in all calls.
  void Add(const column::ColumnView& column);
  void Merge(const OrderState& later);

  /// `unit` is what one second or one unit of the values is: 1,000,000 for times.
  OrderSummary Summarize(double unit) const;

  void Serialize(std::string& bytes) const;
  /// DataLoss where `reader` is not at a whole state in format `version`, or one of more than `max_count` values.
  static absl::StatusOr<OrderState> Parse(ByteReader& reader, bool is_float, int64_t max_count, uint16_t version);

 private:
  template <typename Wide, typename Get>
  void AddValues(const column::ColumnView& column, const Get& get);
  template <typename Stored>
  void AddStored(const column::ColumnView& column, std::span<const Stored> values);
  template <typename Wide>
  void AddBlock(std::span<const Wide> values);
  void AddPair(int64_t first, int64_t second);

  bool is_float_;
  int64_t count_ = 0;  // of values
  int64_t rises_ = 0;
  int64_t falls_ = 0;
  double greatest_gap_ = 0;
  // Where count_ > 0, as whole numbers that order as the values do: of floats their OrderedBits.
  int64_t first_ = 0;
  int64_t last_ = 0;
};

}  // namespace roost::profile
