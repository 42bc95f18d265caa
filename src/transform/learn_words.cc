#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "base/utf8.h"
#include "transform/learn.h"

namespace roost::transform {
namespace {

struct CountedWord {
  std::string_view word;
  int64_t count = 0;
};

// A cross's words whose parts hold the separator could not be told apart from others.
bool IsTellable(const FittedFeature& feature, std::string_view word) {
  if (feature.use != Operation::kCross) return true;
  return std::count(word.begin(), word.end(), kCrossSeparator) == static_cast<int64_t>(feature.columns.size()) - 1;
}

std::vector<CountedWord> Candidates(const FeatureSpec& spec, const profile::ColumnSummary* column,
                                    const FeatureStatistics& statistics, const FittedFeature& feature) {
  std::vector<CountedWord> candidates;
  const bool has_share = feature.use == Operation::kTokens;
  const double most = has_share ? spec.max_share * static_cast<double>(statistics.rows) : 0;
  const auto add = [&](std::string_view word, int64_t count) {
    if (count < spec.min_count || (has_share && static_cast<double>(count) > most)) return;
    // Words that are not UTF-8 could not be written as JSON and read back.
    if (IsUtf8(word) && IsTellable(feature, word)) candidates.push_back({word, count});
  };
  if (statistics.wanted.words) {
    for (const auto& [word, count] : statistics.words) add(word, count);
  } else {
    for (const profile::ValueCount& entry : column->text->top) add(entry.value, entry.count);
  }
  return candidates;
}

// By falling count, then by bytes; at most `top`.
void KeepMostFrequent(int64_t top, std::vector<CountedWord>& words) {
  const auto before = [](const CountedWord& a, const CountedWord& b) {
    return a.count != b.count ? a.count > b.count : a.word < b.word;
  };
  const auto kept = std::min(words.size(), static_cast<size_t>(top));
  std::partial_sort(words.begin(), words.begin() + static_cast<int64_t>(kept), words.end(), before);
  words.resize(kept);
}

absl::Status NoWord(const FeatureSpec& spec, const FittedFeature& feature) {
  if (feature.use == Operation::kTokens && spec.max_share < 1) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("no word stands in at least {} rows and at most {} of the rows",
                                               FormatCount(spec.min_count), FormatShare(spec.max_share))),
        "lower min_count or raise max_share, or leave this feature out");
  }
  return WithHint(
      absl::InvalidArgumentError(fmt::format("no word came at least {} times", FormatCount(spec.min_count))),
      "lower min_count, or leave this feature out");
}

int32_t UnknownBuckets(const FeatureSpec& spec, Operation use) {
  const bool has_unknown = use == Operation::kOneHot || use == Operation::kCross || use == Operation::kMultiHot;
  return has_unknown ? static_cast<int32_t>(spec.unknown_buckets) : 0;
}

}  // namespace

absl::Status LearnWords(const FeatureSpec& spec, const profile::ColumnSummary* column,
                        const FeatureStatistics& statistics, FittedFeature& feature) {
  std::vector<CountedWord> candidates = Candidates(spec, column, statistics, feature);
  KeepMostFrequent(spec.top, candidates);
  if (candidates.empty()) return NoWord(spec, feature);
  std::vector<std::string> words;
  for (const CountedWord& entry : candidates) words.emplace_back(entry.word);
  if (feature.use == Operation::kTokens && feature.weight == TokenWeight::kTfIdf) {
    feature.rows = statistics.rows;
    for (const CountedWord& entry : candidates) feature.word_rows.push_back(entry.count);
    feature.word_weights = WordWeights(feature.rows, feature.word_rows);
  }
  feature.vocabulary = Vocabulary(std::move(words), UnknownBuckets(spec, feature.use));
  return absl::OkStatus();
}

}  // namespace roost::transform
