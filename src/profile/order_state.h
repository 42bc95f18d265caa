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
  /// `column` is of the same type in all calls.
  void Add(const column::ColumnView& column);
  void Merge(const OrderState& later);

  /// `unit` is what one second or one unit of the values is: 1,000,000 for times.
  OrderSummary Summarize(double unit) const;

  void Serialize(std::string& bytes) const;
  /// DataLoss where `reader` is not at a whole state, or one of more than `max_count` values.
  static absl::StatusOr<OrderState> Parse(ByteReader& reader, int64_t max_count);

 private:
  // A value that compares as the column's do: doubles as doubles, all others as integers of 64 bits.
  struct Value {
    double number = 0;
    int64_t integer = 0;
  };

  static Value ValueOf(double number) { return {.number = number}; }
  static Value ValueOf(int64_t integer) { return {.integer = integer}; }

  template <typename Wide, typename Get>
  void AddValues(const column::ColumnView& column, const Get& get);
  template <typename Stored, typename Wide>
  void AddStored(const column::ColumnView& column);
  template <typename Wide>
  void AddBlock(std::span<const Wide> values);
  void AddPair(const Value& first, const Value& second);

  int64_t count_ = 0;  // of values
  int64_t rises_ = 0;
  int64_t falls_ = 0;
  double greatest_gap_ = 0;
  Value first_;  // where count_ > 0
  Value last_;
};

}  // namespace roost::profile
