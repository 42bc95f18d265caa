#include "transform/fit_statistics.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/format.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "transform/source_columns.h"

namespace roost::transform {
namespace {

// Rows that one thread takes at once, and those that it decodes at once.
constexpr int64_t kSliceRows = 65'536;
constexpr int64_t kPieceRows = 4'096;

struct Slice {
  const column::BatchView* batch = nullptr;
  int64_t begin = 0;
  int64_t rows = 0;
};

std::vector<Slice> SlicesOf(std::span<const column::BatchView> batches) {
  std::vector<Slice> slices;
  for (const column::BatchView& batch : batches) {
    for (int64_t begin = 0; begin < batch.num_rows(); begin += kSliceRows) {
      slices.push_back({&batch, begin, std::min(kSliceRows, batch.num_rows() - begin)});
    }
  }
  return slices;
}

column::BatchView RowsOf(const Slice& slice) {
  std::vector<column::ColumnView> columns;
  for (const column::ColumnView& column : slice.batch->columns()) {
    columns.push_back(column.Slice(slice.begin, slice.rows));
  }
  return column::BatchView(slice.rows, std::move(columns));
}

// The decoded columns of some rows.
struct Rows {
  std::span<const Decoded> sources;
  size_t count = 0;
  EntryScratch* scratch = nullptr;
};

void AddNumbers(const FittedFeature& feature, const Rows& rows, FeatureStatistics& statistics) {
  const NumberSteps clip{.clip_low = feature.steps.clip_low, .clip_high = feature.steps.clip_high};
  std::vector<double> raw, prepared;
  VisitNumbers(feature, rows.sources, [&](const auto& number_at) {
    for (size_t row = 0; row < rows.count; ++row) {
      const double number = number_at(row);
      if (IsMissing(number)) continue;
      raw.push_back(number);
      const double clipped = Prepare(clip, number);
      // Without the sign of 0: which of 0 and -0 came first must not matter.
      statistics.least = std::min(statistics.least, clipped + 0.0);
      prepared.push_back(statistics.wanted.log ? std::log1p(clipped) : clipped);
    }
  });
  statistics.rows += static_cast<int64_t>(raw.size());
  if (statistics.wanted.raw) statistics.raw.Add(ValuesColumn(std::move(raw)).view());
  if (statistics.wanted.prepared) statistics.prepared.Add(ValuesColumn(std::move(prepared)).view());
}

void CountWord(std::string_view word, FeatureStatistics& statistics) {
  const auto known = statistics.words.find(word);
  if (known != statistics.words.end()) {
    ++known->second;
  } else {
    statistics.words.emplace(word, 1);
  }
}

// Each word of a row once.
void CountDistinct(std::vector<std::string_view>& words, FeatureStatistics& statistics) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  for (const std::string_view word : words) CountWord(word, statistics);
  ++statistics.rows;
}

void AddWords(const FittedFeature& feature, const Rows& rows, FeatureStatistics& statistics) {
  const Decoded& column = rows.sources[feature.sources.front()];
  std::vector<std::string_view> words;
  NumberBuffer buffer;
  for (size_t row = 0; row < rows.count; ++row) {
    words.clear();
    if (feature.use == Operation::kCross) {
      if (!CrossKeyAt(feature, rows.sources, row, rows.scratch->key)) continue;
      words.push_back(rows.scratch->key);
    } else if (feature.use == Operation::kTokens) {
      if (column.missing[row] != 0) continue;
      rows.scratch->words.Take(column.texts[row], feature.lower);
      VisitRuns(rows.scratch->words, feature.ngrams, [&](std::string_view run) { words.push_back(run); });
    } else if (feature.use == Operation::kMultiHot) {
      if (column.missing[row] != 0) continue;
      const auto list = column.TextsAt(row);
      words.assign(list.begin(), list.end());
    } else {
      const WordAtRow word = WordAt(column, row, buffer);
      if (word.is_missing) continue;
      words.push_back(word.word);
    }
    CountDistinct(words, statistics);
  }
}

void CountRows(const FittedFeature& feature, const Rows& rows, FeatureStatistics& statistics) {
  const Decoded& column = rows.sources[feature.sources.front()];
  for (size_t row = 0; row < rows.count; ++row) {
    const bool is_missing =
        column.kind == column::Kind::kNumber ? IsMissing(column.numbers[row]) : column.missing[row] != 0;
    statistics.rows += is_missing ? 0 : 1;
  }
}

absl::Status CheckWords(const FeatureStatistics& statistics, const FittedFeature& feature, size_t position) {
  if (statistics.words.size() <= kMaxCountedWords) return absl::OkStatus();
  return WithHint(
      absl::ResourceExhaustedError(fmt::format("{}: it has more than {} distinct words, and no more can be counted",
                                               DescribeFeature(position, OperationName(feature.use), feature.Label()),
                                               FormatCount(kMaxCountedWords))),
      "use hash_buckets (use: hash for a column of single words), which needs no vocabulary");
}

// One thread's count.
class Counter {
 public:
  Counter(const Transform::Fitted& fitted, std::span<const StatisticsWanted> wanted)
      : fitted_(fitted), statistics_(wanted.size()), is_read_(fitted.num_sources()) {
    for (size_t i = 0; i < wanted.size(); ++i) {
      statistics_[i].wanted = wanted[i];
      if (!wanted[i].any()) continue;
      for (const size_t source : fitted.features[i].sources) is_read_[source] = true;
    }
  }

  absl::Status Add(const Slice& slice, const Context& context) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const SourceColumns columns, SourceColumns::Make(fitted_, RowsOf(slice), context));
    std::vector<Decoded> sources(fitted_.num_sources());
    for (int64_t begin = 0; begin < slice.rows; begin += kPieceRows) {
      const auto count = static_cast<size_t>(std::min(kPieceRows, slice.rows - begin));
      for (size_t source = 0; source < sources.size(); ++source) {
        if (is_read_[source]) Decode(columns[source], fitted_.SourceKind(source), begin, count, sources[source]);
      }
      AddRows({sources, count, &scratch_});
    }
    for (size_t i = 0; i < statistics_.size(); ++i) TRY(CheckWords(statistics_[i], fitted_.features[i], i));
    return absl::OkStatus();
  }

  std::vector<FeatureStatistics>& statistics() { return statistics_; }

 private:
  void AddRows(const Rows& rows) {
    for (size_t i = 0; i < statistics_.size(); ++i) {
      FeatureStatistics& statistics = statistics_[i];
      const FittedFeature& feature = fitted_.features[i];
      if (statistics.wanted.words) {
        AddWords(feature, rows, statistics);
      } else if (IsOfNumbers(feature.use) && statistics.wanted.any()) {
        AddNumbers(feature, rows, statistics);
      } else if (statistics.wanted.rows) {
        CountRows(feature, rows, statistics);
      }
    }
  }

  const Transform::Fitted& fitted_;
  std::vector<FeatureStatistics> statistics_;
  std::vector<bool> is_read_;
  EntryScratch scratch_;
};

}  // namespace

void FeatureStatistics::Merge(FeatureStatistics other) {
  raw.Merge(other.raw);
  prepared.Merge(other.prepared);
  least = std::min(least, other.least);
  rows += other.rows;
  if (other.words.size() > words.size()) std::swap(words, other.words);
  for (const auto& [word, count] : other.words) words[word] += count;
}

absl::StatusOr<std::vector<FeatureStatistics>> CountOver(std::span<const column::BatchView> batches,
                                                         const Transform::Fitted& fitted,
                                                         std::span<const StatisticsWanted> wanted,
                                                         const Context& context) {
  const std::vector<Slice> slices = SlicesOf(batches);
  // Counts and exact sums do not depend on which thread takes which rows.
  const size_t num_counters = std::clamp<size_t>(slices.size(), 1, context.pool->num_threads());
  std::vector<Counter> counters(num_counters, Counter(fitted, wanted));
  std::atomic<size_t> next = 0;
  const auto count = [&](size_t counter) -> absl::Status {
    for (size_t slice = next++; slice < slices.size(); slice = next++)
      TRY(counters[counter].Add(slices[slice], context));
    return absl::OkStatus();
  };
  TRY(context.pool->ParallelFor(num_counters, count));
  std::vector<FeatureStatistics> all = std::move(counters.front().statistics());
  for (size_t counter = 1; counter < num_counters; ++counter) {
    for (size_t i = 0; i < all.size(); ++i) {
      all[i].Merge(std::move(counters[counter].statistics()[i]));
      TRY(CheckWords(all[i], fitted.features[i], i));
    }
  }
  return all;
}

}  // namespace roost::transform
