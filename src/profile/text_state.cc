#include "profile/text_state.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"
#include "profile/utf8.h"

namespace roost::profile {

void TextState::AddValue(std::string_view value, int64_t count) {
  const uint64_t length = value.size();
  min_length_ = count_ == 0 ? length : std::min(min_length_, length);
  max_length_ = std::max(max_length_, length);
  total_length_ += length * static_cast<uint64_t>(count);
  count_ += count;
  if (length == 0) empty_ += count;
  if (!IsUtf8(value)) invalid_utf8_ += count;
  values_.Add(value, count);
}

void TextState::AddDictionary(const column::ColumnView& column) {
  const column::ColumnView& dictionary = column.dictionary();
  std::vector<int64_t> counts(static_cast<size_t>(dictionary.length()));
  const bool has_nulls = column.CountNulls() > 0;
  column.VisitCodes([&](const auto codes) {
    for (size_t row = 0; row < codes.size(); ++row) {
      if (!has_nulls || !column.IsNull(static_cast<int64_t>(row))) ++counts[static_cast<size_t>(codes[row])];
    }
  });
  for (size_t code = 0; code < counts.size(); ++code) {
    if (counts[code] > 0) AddValue(dictionary.TextAt(static_cast<int64_t>(code)), counts[code]);
  }
}

void TextState::Add(const column::ColumnView& column) {
  if (column.is_dictionary()) {
    AddDictionary(column);
    return;
  }
  const bool has_nulls = column.has_nulls();
  for (int64_t row = 0; row < column.length(); ++row) {
    if (!has_nulls || !column.IsNull(row)) AddValue(column.TextAt(row), 1);
  }
}

void TextState::Merge(const TextState& other) {
  if (other.count_ == 0) return;
  min_length_ = count_ == 0 ? other.min_length_ : std::min(min_length_, other.min_length_);
  max_length_ = std::max(max_length_, other.max_length_);
  total_length_ += other.total_length_;
  count_ += other.count_;
  empty_ += other.empty_;
  invalid_utf8_ += other.invalid_utf8_;
  values_.Merge(other.values_);
}

TextSummary TextState::Summarize() const {
  TextSummary summary{.empty = empty_,
                      .invalid_utf8 = invalid_utf8_,
                      .min_length = static_cast<int64_t>(min_length_),
                      .max_length = static_cast<int64_t>(max_length_),
                      .top = values_.Top(),
                      .exact = values_.exact()};
  if (count_ > 0) summary.mean_length = static_cast<double>(total_length_) / static_cast<double>(count_);
  return summary;
}

void TextState::Serialize(std::string& bytes) const {
  AppendVarint(bytes, static_cast<uint64_t>(empty_));
  AppendVarint(bytes, static_cast<uint64_t>(invalid_utf8_));
  AppendVarint(bytes, min_length_);
  AppendVarint(bytes, max_length_);
  AppendVarint(bytes, total_length_);
  values_.Serialize(bytes);
}

absl::StatusOr<TextState> TextState::Parse(ByteReader& reader, int64_t count) {
  const size_t start = reader.position();
  TextState state;
  state.count_ = count;
  TRY_ASSIGN(const uint64_t empty, reader.Varint());
  TRY_ASSIGN(const uint64_t invalid_utf8, reader.Varint());
  TRY_ASSIGN(state.min_length_, reader.Varint());
  TRY_ASSIGN(state.max_length_, reader.Varint());
  TRY_ASSIGN(state.total_length_, reader.Varint());
  if (std::max(empty, invalid_utf8) > static_cast<uint64_t>(count) || state.min_length_ > state.max_length_) {
    return absl::DataLossError(fmt::format("text statistics at byte {}: figures that cannot be together", start));
  }
  state.empty_ = static_cast<int64_t>(empty);
  state.invalid_utf8_ = static_cast<int64_t>(invalid_utf8);
  TRY_ASSIGN(state.values_, TopValues::Parse(reader, count));
  return state;
}

}  // namespace roost::profile
