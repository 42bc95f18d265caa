#include "profile/text_state.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"
#include "base/utf8.h"
#include "profile/patterns.h"
#include "profile/text_kinds.h"

namespace roost::profile {
namespace {

// In bits. `values` are all `count` rows.
double EntropyOf(const std::vector<ValueCount>& values, int64_t count) {
  const auto total = static_cast<double>(count);
  double entropy = 0;
  for (const ValueCount& value : values) {
    const auto rows = static_cast<double>(value.count);
    entropy += rows / total * std::log2(total / rows);
  }
  return entropy;
}

// Statistics that only some states have: the union has them where all parts have them. `theirs` is of some rows.
template <typename State>
void MergeWhereBoth(std::optional<State>& ours, const std::optional<State>& theirs, bool ours_is_empty) {
  if (ours && theirs) {
    ours->Merge(*theirs);
  } else if (ours_is_empty) {
    ours = theirs;
  } else {
    ours.reset();
  }
}

template <typename State>
void SerializeWhereThere(const std::optional<State>& state, std::string& bytes) {
  AppendFixed(bytes, static_cast<uint8_t>(state ? 1 : 0));
  if (state) state->Serialize(bytes);
}

template <typename State>
absl::Status ParseWhereThere(ByteReader& reader, int64_t count, std::optional<State>& state) {
  TRY_ASSIGN(const uint8_t is_there, reader.Fixed<uint8_t>());
  state.reset();
  if (is_there == 0) return absl::OkStatus();
  if (is_there == 1) {
    TRY_ASSIGN(state, State::Parse(reader, count));
    return absl::OkStatus();
  }
  return absl::DataLossError(fmt::format("text statistics: neither there nor not before byte {}", reader.position()));
}

}  // namespace

TextState::TextState(Kind kind, const TextOptions& options) : kind_(kind) {
  if (kind == Kind::kBytes) images_.emplace();
  if (kind == Kind::kText && options.tokens) tokens_.emplace(options.vocabulary);
}

void TextState::AddValue(std::string_view value, int64_t count) {
  const uint64_t length = value.size();
  min_length_ = count_ == 0 ? length : std::min(min_length_, length);
  max_length_ = std::max(max_length_, length);
  total_length_ += length * static_cast<uint64_t>(count);
  count_ += count;
  if (length == 0) empty_ += count;
  if (!IsUtf8(value)) invalid_utf8_ += count;
  values_.Add(value, count);
  if (images_) images_->Add(value, count);
  if (tokens_) tokens_->Add(value, count);
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
  // A dictionary of more values than there are rows would be looked through for few of them.
  if (column.is_dictionary() && column.dictionary().length() <= column.length()) {
    AddDictionary(column);
    return;
  }
  const bool has_nulls = column.has_nulls();
  for (int64_t row = 0; row < column.length(); ++row) {
    if (!has_nulls || !column.IsNull(row)) AddValue(column.TextAt(row), 1);
  }
}

absl::Status TextState::CheckMerge(const TextState& other) const {
  return tokens_.has_value() && other.tokens_.has_value() ? tokens_->CheckMerge(*other.tokens_) : absl::OkStatus();
}

void TextState::Merge(const TextState& other) {
  if (other.count_ == 0) return;
  MergeWhereBoth(images_, other.images_, count_ == 0);
  MergeWhereBoth(tokens_, other.tokens_, count_ == 0);
  min_length_ = count_ == 0 ? other.min_length_ : std::min(min_length_, other.min_length_);
  max_length_ = std::max(max_length_, other.max_length_);
  total_length_ += other.total_length_;
  count_ += other.count_;
  empty_ += other.empty_;
  invalid_utf8_ += other.invalid_utf8_;
  values_.Merge(other.values_);
}

std::vector<WeightedText> TextState::Texts(const std::vector<ValueCount>& top) const {
  std::vector<WeightedText> texts;
  if (exact()) {
    for (const ValueCount& value : top) texts.push_back({value.value, static_cast<double>(value.count)});
  } else if (const auto sample = values_.Sample()) {
    texts = TextsOf(*sample, top, count_);
  }
  return texts;
}

TextSummary TextState::Summarize() const {
  TextSummary summary{.empty = empty_,
                      .invalid_utf8 = invalid_utf8_,
                      .min_length = static_cast<int64_t>(min_length_),
                      .max_length = static_cast<int64_t>(max_length_),
                      .top = values_.Top(),
                      .exact = values_.exact()};
  if (count_ == 0) return summary;
  summary.mean_length = static_cast<double>(total_length_) / static_cast<double>(count_);
  if (exact()) summary.entropy = EntropyOf(summary.top, count_);
  if (kind_ == Kind::kText) {
    const std::vector<WeightedText> texts = Texts(summary.top);
    summary.patterns = PatternsOf(texts);
    summary.kinds = KindsOf(texts);
    summary.patterns_are_exact = exact();
  }
  if (images_) summary.images = images_->Summarize();
  if (tokens_) summary.tokens = tokens_->Summarize();
  return summary;
}

void TextState::Serialize(std::string& bytes) const {
  AppendVarint(bytes, static_cast<uint64_t>(empty_));
  AppendVarint(bytes, static_cast<uint64_t>(invalid_utf8_));
  AppendVarint(bytes, min_length_);
  AppendVarint(bytes, max_length_);
  AppendVarint(bytes, total_length_);
  values_.Serialize(bytes);
  SerializeWhereThere(images_, bytes);
  SerializeWhereThere(tokens_, bytes);
}

absl::StatusOr<TextState> TextState::Parse(ByteReader& reader, Kind kind, int64_t count, int version) {
  const size_t start = reader.position();
  TextState state(kind);
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
  if (version == 1) {  // had neither
    if (count > 0) state.images_.reset();
    return state;
  }
  TRY(ParseWhereThere(reader, count, state.images_));
  TRY(ParseWhereThere(reader, count, state.tokens_));
  return state;
}

}  // namespace roost::profile
