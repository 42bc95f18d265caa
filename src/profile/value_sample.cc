#include "profile/value_sample.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/status.h"
#include "base/utf8.h"
#include "profile/value_sketch.h"

namespace roost::profile {
namespace {

// As a sketch spells it.
std::string AsFrequent(const std::string& value) {
  if (value.size() <= ValueSketch::kPrefix) return value;
  return std::string(CutUtf8(value, ValueSketch::kPrefix)) + "...";
}

}  // namespace

void ValueSample::AddTo(Entry& entry, std::string_view value, int64_t count) {
  const std::string_view cut = CutUtf8(value, kMaxBytes);
  // Of texts with the same hash the lesser one is shown, whichever came first.
  if (entry.count == 0 || cut < entry.value) entry.value = cut;
  entry.count += count;
}

void ValueSample::Add(std::string_view value, uint64_t hash, int64_t count) {
  if (Entry* entry = entries_.At(hash)) AddTo(*entry, value, count);
}

void ValueSample::Merge(const ValueSample& other) {
  entries_.Merge(other.entries_, [this](Entry& ours, const Entry& theirs) { AddTo(ours, theirs.value, theirs.count); });
}

std::vector<ValueCount> ValueSample::Values() const {
  std::vector<ValueCount> values;
  for (const auto& [hash, entry] : entries_.Sorted()) values.push_back({.value = entry->value, .count = entry->count});
  // Long texts may be equal where they are cut: their order is that of their hashes.
  std::stable_sort(values.begin(), values.end(), [](const ValueCount& a, const ValueCount& b) {
    return a.count != b.count ? a.count > b.count : a.value < b.value;
  });
  return values;
}

void ValueSample::Serialize(std::string& bytes) const {
  const auto sorted = entries_.Sorted();
  AppendVarint(bytes, sorted.size());
  for (const auto& [hash, entry] : sorted) {
    AppendFixed(bytes, hash);
    AppendString(bytes, entry->value);
    AppendVarint(bytes, static_cast<uint64_t>(entry->count));
  }
}

absl::StatusOr<ValueSample> ValueSample::Parse(ByteReader& reader, int64_t max_count) {
  const size_t start = reader.position();
  const auto broken = [start](std::string_view what) {
    return absl::DataLossError(fmt::format("sample of values at byte {}: {}", start, what));
  };
  ValueSample state;
  TRY_ASSIGN(const uint64_t num_values, reader.Varint());
  if (num_values > kValues) return broken("more values than may be");
  uint64_t last = 0;
  int64_t rest = max_count;
  for (uint64_t i = 0; i < num_values; ++i) {
    TRY_ASSIGN(const uint64_t hash, reader.Fixed<uint64_t>());
    TRY_ASSIGN(const std::string_view value, reader.String());
    TRY_ASSIGN(const uint64_t count, reader.Varint());
    if (i > 0 && hash <= last) return broken("hashes that do not ascend");
    if (value.size() > kMaxBytes) return broken("a value that is too long");
    if (count == 0 || count > static_cast<uint64_t>(rest)) return broken("counts that do not sum up");
    rest -= static_cast<int64_t>(count);
    state.AddTo(*state.entries_.At(hash), value, static_cast<int64_t>(count));
    last = hash;
  }
  return state;
}

std::vector<WeightedText> TextsOf(const std::vector<ValueCount>& sample, const std::vector<ValueCount>& frequent,
                                  int64_t rows) {
  // A sketch lists what has 1/256 of the rows, and counts a little too many: what has somewhat less in the sample,
  // whose counts are exact, may be listed there.
  constexpr int64_t kListedShare = 300;
  std::vector<WeightedText> texts;
  absl::flat_hash_set<std::string> in_sample;
  int64_t sampled = 0;
  int64_t rest = rows;
  for (const ValueCount& value : sample) {
    if (value.count < rows / kListedShare) {
      sampled += value.count;
      continue;
    }
    in_sample.insert(AsFrequent(value.value));
    rest -= value.count;
    texts.push_back({.value = value.value, .weight = static_cast<double>(value.count)});
  }
  for (const ValueCount& value : frequent) {
    if (in_sample.contains(value.value)) continue;
    const int64_t count = std::clamp<int64_t>(value.count, 0, std::max<int64_t>(rest, 0));
    if (count == 0) continue;
    rest -= count;
    texts.push_back({.value = value.value, .weight = static_cast<double>(count)});
  }
  if (rest <= 0 || sampled == 0) return texts;
  const double scale = static_cast<double>(rest) / static_cast<double>(sampled);
  for (const ValueCount& value : sample) {
    if (value.count >= rows / kListedShare) continue;
    texts.push_back({.value = value.value, .weight = static_cast<double>(value.count) * scale});
  }
  return texts;
}

}  // namespace roost::profile
