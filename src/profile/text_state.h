#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "column/column_view.h"
#include "profile/summary.h"
#include "profile/top_values.h"

namespace roost::profile {

/// The statistics of a text or binary column, over the rows that are not null. A law-abiding state: see README.md.
///
/// Cost: about 3 ns a row where the column is dictionary-encoded (codes are counted, each distinct value is looked at
/// once a batch), else about 40 ns. Threads: a state belongs to one thread at a time.
class TextState {
 public:
  /// `column` holds text or bytes.
  void Add(const column::ColumnView& column);
  void Merge(const TextState& other);

  int64_t count() const { return count_; }
  TextSummary Summarize() const;
  double Distinct() const { return values_.Distinct(); }
  bool exact() const { return values_.exact(); }

  void Serialize(std::string& bytes) const;
  /// DataLoss where `reader` is not at a whole state, or one of other than `count` rows.
  static absl::StatusOr<TextState> Parse(ByteReader& reader, int64_t count);

 private:
  void AddValue(std::string_view value, int64_t count);
  void AddDictionary(const column::ColumnView& column);

  int64_t count_ = 0;
  int64_t empty_ = 0;
  int64_t invalid_utf8_ = 0;
  uint64_t min_length_ = 0;  // 0 where count_ is 0
  uint64_t max_length_ = 0;
  uint64_t total_length_ = 0;
  TopValues values_;
};

}  // namespace roost::profile
