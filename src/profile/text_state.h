#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "column/column_view.h"
#include "profile/images.h"
#include "profile/summary.h"
#include "profile/token_state.h"
#include "profile/top_values.h"
#include "profile/value_sample.h"

namespace roost::profile {

/// What is told of a text column on request.
struct TextOptions {
  bool tokens = false;                           ///< words (token_state.h); not of binary columns
  std::shared_ptr<const Vocabulary> vocabulary;  ///< null, or what their coverage is told of
};

/// The statistics of a text or binary column, over the rows that are not null. A law-abiding state: see README.md.
///
/// Where a state without words is merged with one that has them, or one without images that was read from version 1 of
/// the format, the union has none.
///
/// Cost: about 3 ns a row where the column is dictionary-encoded (codes are counted, each distinct value is looked at
/// once a batch), else about 40 ns; words cost by themselves. Summarize looks at each distinct value: up to 0.1 s.
/// Threads: a state belongs to one thread at a time.
class TextState {
 public:
  enum class Kind : uint8_t { kText, kBytes };
  /// The type is text or binary.
  static Kind KindOf(column::Type type) { return column::IsBytes(type) ? Kind::kBytes : Kind::kText; }

  explicit TextState(Kind kind, const TextOptions& options = {});

  /// `column` is of this state's kind.
  void Add(const column::ColumnView& column);
  /// OutOfRange where both have more words together than are counted.
  absl::Status CheckMerge(const TextState& other) const;
  /// Legal where CheckMerge(other) is OK.
  void Merge(const TextState& other);

  int64_t count() const { return count_; }
  TextSummary Summarize() const;
  double Distinct() const { return values_.Distinct(); }
  /// TextSummary::top by itself.
  std::vector<ValueCount> Top() const { return values_.Top(); }
  bool exact() const { return values_.exact(); }

  void Serialize(std::string& bytes) const;
  /// `version`: of the profile's format, in which the bytes were written. DataLoss where `reader` is not at a whole
  /// state, or one of other than `count` rows.
  static absl::StatusOr<TextState> Parse(ByteReader& reader, Kind kind, int64_t count, int version);

 private:
  void AddValue(std::string_view value, int64_t count);
  void AddDictionary(const column::ColumnView& column);
  /// Texts that stand for all rows; empty where version 1 of the format left none to tell from.
  std::vector<WeightedText> Texts(const std::vector<ValueCount>& top) const;

  Kind kind_;
  int64_t count_ = 0;
  int64_t empty_ = 0;
  int64_t invalid_utf8_ = 0;
  uint64_t min_length_ = 0;  // 0 where count_ is 0
  uint64_t max_length_ = 0;
  uint64_t total_length_ = 0;
  TopValues values_;
  std::optional<ImageState> images_;  // of bytes
  std::optional<TokenState> tokens_;  // of text, on request
};

}  // namespace roost::profile
