#include "profile/token_state.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"
#include "profile/buckets.h"
#include "profile/characters.h"
#include "profile/hyperloglog.h"
#include "profile/top_values.h"

namespace roost::profile {
namespace {

constexpr uint16_t kVersion = 2;  // of the parts' bytes: version 1 of the profile's format had none of this state

constexpr uint64_t kDifferent = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kLastPosition = 65'535;
// More words than a column has: so many that sums of several states cannot overflow.
constexpr uint64_t kMaxTokens = uint64_t{1} << 56;

absl::Status Broken(size_t position, std::string_view what) {
  return absl::DataLossError(fmt::format("words at byte {}: {}", position, what));
}

std::string LowerCase(std::string_view word) {
  std::string lower;
  while (!word.empty()) {
    const Character character = FirstCharacter(word);
    word.remove_prefix(character.length);
    AppendCharacter(lower, LowerOf(character.code));
  }
  return lower;
}

std::vector<HistogramBar> Bars(const LogHistogram& lengths, uint64_t least, uint64_t greatest) {
  if (lengths.count() == 0) return {};
  return BarsOf(lengths.Buckets(), static_cast<double>(least), static_cast<double>(greatest));
}

}  // namespace

std::vector<Token> TokensOf(std::string_view text) {
  std::vector<Token> tokens;
  bool in_word = false;
  while (!text.empty()) {
    const Character character = FirstCharacter(text);
    text.remove_prefix(character.length);
    if (KindOf(character.code) == CharacterKind::kOther) {
      in_word = false;
      continue;
    }
    if (!in_word) tokens.emplace_back();
    in_word = true;
    AppendCharacter(tokens.back().text, LowerOf(character.code));
    ++tokens.back().characters;
  }
  return tokens;
}

Vocabulary::Vocabulary(std::span<const std::string> words) {
  for (const std::string& word : words) {
    const std::string lower = LowerCase(word);
    if (words_.insert(lower).second) fingerprint_ += MixBits(Hash64(lower));
  }
  fingerprint_ = (fingerprint_ >> 1) + 1;
}

void TokenState::Record::Merge(const Record& other) {
  min_in_row = rows == 0 ? other.min_in_row : std::min(min_in_row, other.min_in_row);
  max_in_row = std::max(max_in_row, other.max_in_row);
  count += other.count;
  rows += other.rows;
  positions += other.positions;
}

void TokenState::Ends::Add(uint64_t value, bool first) {
  least = first ? value : std::min(least, value);
  greatest = std::max(greatest, value);
}

void TokenState::Ends::Merge(const Ends& other, bool first) {
  least = first ? other.least : std::min(least, other.least);
  greatest = std::max(greatest, other.greatest);
}

void TokenState::JoinVocabulary(uint64_t fingerprint) {
  if (rows_ == 0) coverage_of_ = fingerprint;
  if (coverage_of_ == fingerprint) return;
  coverage_of_ = kDifferent;
  in_vocabulary_ = 0;
}

void TokenState::Add(std::string_view text, int64_t count) {
  JoinVocabulary(vocabulary_ == nullptr ? 0 : vocabulary_->fingerprint());
  const std::vector<Token> tokens = TokensOf(text);
  row_lengths_.Add(tokens.size(), /*first=*/rows_ == 0);
  row_length_counts_.Add(static_cast<double>(tokens.size()), count);
  rows_ += count;
  absl::flat_hash_map<std::string_view, Record> in_row;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    token_lengths_.Add(token.characters, /*first=*/tokens_ == 0);
    token_length_counts_.Add(static_cast<double>(token.characters), count);
    tokens_ += count;
    characters_ += token.characters * static_cast<uint64_t>(count);
    if (vocabulary_ != nullptr && coverage_of_ != kDifferent && vocabulary_->Has(token.text)) in_vocabulary_ += count;
    Record& record = in_row[token.text];
    ++record.count;
    if (tokens.size() > 1) record.positions += i * kLastPosition / (tokens.size() - 1);
  }
  for (auto& [token, record] : in_row) {
    record.min_in_row = record.max_in_row = record.count;
    record.count *= count;
    record.rows = count;
    record.positions *= static_cast<uint64_t>(count);
    AddRecord(token, record);
  }
}

void TokenState::AddRecord(std::string_view token, const Record& record) {
  if (sketches_) return AddToSketches(token, record);
  const auto found = records_.find(token);
  if (found != records_.end()) return found->second.Merge(record);
  records_.emplace(std::string(token), record);
  text_bytes_ += token.size();
  if (records_.size() > TopValues::kMaxDistinct || text_bytes_ > TopValues::kMaxTextBytes) StopCounting();
}

void TokenState::AddToSketches(std::string_view token, const Record& record) {
  const uint64_t hash = Hash64(token);
  sketches_->counts.Add(token, hash, record.count);
  sketches_->rows.Add(token, hash, record.rows);
}

void TokenState::StopCounting() {
  sketches_.emplace();
  for (const auto& [token, record] : records_) AddToSketches(token, record);
  records_ = Records();
  text_bytes_ = 0;
}

absl::Status TokenState::CheckMerge(const TokenState& other) const {
  if (static_cast<uint64_t>(tokens_) + static_cast<uint64_t>(other.tokens_) <= kMaxTokens) return absl::OkStatus();
  return absl::OutOfRangeError(fmt::format("a text of more than {} words", kMaxTokens));
}

void TokenState::Merge(const TokenState& other) {
  if (other.rows_ == 0) return;
  JoinVocabulary(other.coverage_of_);
  if (coverage_of_ != kDifferent) in_vocabulary_ += other.in_vocabulary_;
  row_lengths_.Merge(other.row_lengths_, /*first=*/rows_ == 0);
  if (other.tokens_ > 0) token_lengths_.Merge(other.token_lengths_, /*first=*/tokens_ == 0);
  row_length_counts_.Merge(other.row_length_counts_);
  token_length_counts_.Merge(other.token_length_counts_);
  rows_ += other.rows_;
  tokens_ += other.tokens_;
  characters_ += other.characters_;
  if (!other.sketches_) {
    for (const auto& [token, record] : other.records_) AddRecord(token, record);
    return;
  }
  if (!sketches_) StopCounting();
  sketches_->counts.Merge(other.sketches_->counts);
  sketches_->rows.Merge(other.sketches_->rows);
}

std::vector<std::pair<std::string_view, const TokenState::Record*>> TokenState::SortedByToken() const {
  std::vector<std::pair<std::string_view, const Record*>> sorted;
  sorted.reserve(records_.size());
  for (const auto& [token, record] : records_) sorted.emplace_back(token, &record);
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::vector<TokenSummary::Token> TokenState::Top() const {
  std::vector<TokenSummary::Token> top;
  if (sketches_) {
    absl::flat_hash_map<std::string, int64_t> rows_of;
    for (ValueCount& token : sketches_->rows.Frequent()) rows_of.emplace(std::move(token.value), token.count);
    for (const ValueCount& token : sketches_->counts.Frequent()) {
      const auto rows = rows_of.find(token.value);
      top.push_back({.token = token.value, .count = token.count, .rows = rows == rows_of.end() ? 0 : rows->second});
    }
    return top;
  }
  for (const auto& [token, record] : SortedByToken()) {
    const double positions = static_cast<double>(record->positions) / static_cast<double>(kLastPosition);
    top.push_back({.token = std::string(token),
                   .count = record->count,
                   .rows = record->rows,
                   .min_in_row = record->rows == rows_ ? record->min_in_row : 0,
                   .max_in_row = record->max_in_row,
                   .mean_position = positions / static_cast<double>(record->count)});
  }
  std::stable_sort(top.begin(), top.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
  return top;
}

TokenSummary TokenState::Summarize() const {
  TokenSummary summary{.tokens = tokens_,
                       .token_lengths = Bars(token_length_counts_, token_lengths_.least, token_lengths_.greatest),
                       .min_tokens = static_cast<int64_t>(row_lengths_.least),
                       .max_tokens = static_cast<int64_t>(row_lengths_.greatest),
                       .sequence_lengths = Bars(row_length_counts_, row_lengths_.least, row_lengths_.greatest),
                       .top = Top(),
                       .exact = !sketches_.has_value()};
  if (tokens_ == 0) return summary;
  summary.mean_token_length = static_cast<double>(characters_) / static_cast<double>(tokens_);
  if (coverage_of_ != 0 && coverage_of_ != kDifferent) {
    summary.coverage = static_cast<double>(in_vocabulary_) / static_cast<double>(tokens_);
  }
  return summary;
}

void TokenState::Serialize(std::string& bytes) const {
  AppendVarint(bytes, static_cast<uint64_t>(tokens_));
  for (const Ends& ends : {row_lengths_, token_lengths_}) {
    AppendVarint(bytes, ends.least);
    AppendVarint(bytes, ends.greatest);
  }
  AppendVarint(bytes, characters_);
  row_length_counts_.Serialize(bytes);
  token_length_counts_.Serialize(bytes);
  AppendFixed(bytes, coverage_of_);
  AppendVarint(bytes, static_cast<uint64_t>(in_vocabulary_));
  AppendFixed(bytes, static_cast<uint8_t>(sketches_ ? 0 : 1));
  if (sketches_) {
    sketches_->counts.Serialize(bytes);
    sketches_->rows.Serialize(bytes);
    return;
  }
  AppendVarint(bytes, records_.size());
  for (const auto& [token, record] : SortedByToken()) {
    AppendString(bytes, token);
    for (const int64_t figure : {record->count, record->rows, record->min_in_row, record->max_in_row}) {
      AppendVarint(bytes, static_cast<uint64_t>(figure));
    }
    AppendVarint(bytes, record->positions);
  }
}

absl::StatusOr<TokenState> TokenState::Parse(ByteReader& reader, int64_t rows) {
  const size_t start = reader.position();
  TokenState state;
  TRY_ASSIGN(const uint64_t tokens, reader.Varint());
  for (Ends* ends : {&state.row_lengths_, &state.token_lengths_}) {
    TRY_ASSIGN(ends->least, reader.Varint());
    TRY_ASSIGN(ends->greatest, reader.Varint());
    if (ends->least > ends->greatest) return Broken(start, "lengths that cannot be");
  }
  if (tokens > kMaxTokens || state.row_lengths_.greatest > tokens) return Broken(start, "more than there can be");
  state.rows_ = rows;
  state.tokens_ = static_cast<int64_t>(tokens);
  TRY_ASSIGN(state.characters_, reader.Varint());
  TRY_ASSIGN(state.row_length_counts_, LogHistogram::Parse(reader, rows, kVersion));
  TRY_ASSIGN(state.token_length_counts_, LogHistogram::Parse(reader, state.tokens_, kVersion));
  if (state.row_length_counts_.count() != rows || state.token_length_counts_.count() != state.tokens_) {
    return Broken(start, "histograms that do not sum up");
  }
  TRY_ASSIGN(state.coverage_of_, reader.Fixed<uint64_t>());
  TRY_ASSIGN(const uint64_t in_vocabulary, reader.Varint());
  const bool has_coverage = state.coverage_of_ != 0 && state.coverage_of_ != kDifferent;
  if (in_vocabulary > (has_coverage ? tokens : 0)) return Broken(start, "more in the vocabulary than there are");
  state.in_vocabulary_ = static_cast<int64_t>(in_vocabulary);
  TRY_ASSIGN(const uint8_t exact, reader.Fixed<uint8_t>());
  if (exact > 1) return Broken(start, "neither exact nor sketches");
  if (exact == 1) {
    TRY(state.ParseRecords(reader));
    return state;
  }
  state.sketches_.emplace();
  TRY_ASSIGN(state.sketches_->counts, ValueSketch::Parse(reader));
  TRY_ASSIGN(state.sketches_->rows, ValueSketch::Parse(reader));
  if (state.sketches_->counts.rows() != tokens || state.sketches_->rows.rows() > tokens) {
    return Broken(start, "sketches that do not sum up");
  }
  return state;
}

absl::Status TokenState::ParseRecords(ByteReader& reader) {
  const size_t start = reader.position();
  TRY_ASSIGN(const uint64_t num_records, reader.Varint());
  if (num_records > TopValues::kMaxDistinct) return Broken(start, "more exact ones than may be");
  std::string_view last;
  auto rest = static_cast<uint64_t>(tokens_);
  for (uint64_t i = 0; i < num_records; ++i) {
    TRY_ASSIGN(const std::string_view token, reader.String());
    uint64_t figures[4];
    for (uint64_t& figure : figures) {
      TRY_ASSIGN(figure, reader.Varint());
    }
    const auto [count, rows, least, greatest] = figures;
    if (i > 0 && token <= last) return Broken(start, "ones that do not ascend");
    if (least == 0 || least > greatest || greatest > count || rows == 0 || rows > count || count > rest ||
        rows > static_cast<uint64_t>(rows_)) {
      return Broken(start, fmt::format("figures of word {} that cannot be together", i));
    }
    rest -= count;
    TRY_ASSIGN(const uint64_t positions, reader.Varint());
    records_.emplace(std::string(token), Record{.count = static_cast<int64_t>(count),
                                                .rows = static_cast<int64_t>(rows),
                                                .min_in_row = static_cast<int64_t>(least),
                                                .max_in_row = static_cast<int64_t>(greatest),
                                                .positions = positions});
    text_bytes_ += token.size();
    if (text_bytes_ > TopValues::kMaxTextBytes) return Broken(start, "more text than may be");
    last = token;
  }
  if (rest != 0) return Broken(start, "counts that do not sum up");
  return absl::OkStatus();
}

}  // namespace roost::profile
