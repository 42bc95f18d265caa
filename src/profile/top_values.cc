#include "profile/top_values.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::profile {
namespace {

// How the values follow. Version 1 of the format had no sample.
enum Form : uint8_t { kSketch = 0, kExact = 1, kSketchAndSample = 2 };

}  // namespace

void TopValues::Add(std::string_view value, int64_t count) {
  if (sketch_) {
    AddToSketch(value, count);
    return;
  }
  const auto found = counts_.find(value);
  if (found != counts_.end()) {
    found->second += count;
    return;
  }
  counts_.emplace(std::string(value), count);
  text_bytes_ += value.size();
  if (counts_.size() > kMaxDistinct || text_bytes_ > kMaxTextBytes) StopCounting();
}

void TopValues::AddToSketch(std::string_view value, int64_t count) {
  const uint64_t hash = Hash64(value);
  sketch_->Add(value, hash, count);
  if (sample_) sample_->Add(value, hash, count);
}

void TopValues::StopCounting() {
  sketch_.emplace();
  sample_.emplace();
  for (const auto& [value, count] : counts_) AddToSketch(value, count);
  counts_ = Counts();
  text_bytes_ = 0;
}

void TopValues::Merge(const TopValues& other) {
  if (!other.sketch_) {
    for (const auto& [value, count] : other.counts_) Add(value, count);
    return;
  }
  if (!sketch_) StopCounting();
  sketch_->Merge(*other.sketch_);
  if (sample_ && other.sample_) {
    sample_->Merge(*other.sample_);
  } else {
    sample_.reset();
  }
}

double TopValues::Distinct() const {
  return sketch_ ? std::round(sketch_->Distinct()) : static_cast<double>(counts_.size());
}

std::vector<ValueCount> TopValues::SortedByValue() const {
  std::vector<ValueCount> values;
  values.reserve(counts_.size());
  for (const auto& [value, count] : counts_) values.push_back({.value = value, .count = count});
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
  return values;
}

std::vector<ValueCount> TopValues::Top() const {
  if (sketch_) return sketch_->Frequent();
  std::vector<ValueCount> values = SortedByValue();
  std::stable_sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
  return values;
}

std::optional<std::vector<ValueCount>> TopValues::Sample() const {
  if (!sample_) return std::nullopt;
  return sample_->Values();
}

void TopValues::Serialize(std::string& bytes) const {
  AppendFixed(bytes, static_cast<uint8_t>(exact() ? kExact : sample_ ? kSketchAndSample : kSketch));
  if (sketch_) {
    sketch_->Serialize(bytes);
    if (sample_) sample_->Serialize(bytes);
    return;
  }
  AppendVarint(bytes, counts_.size());
  for (const auto& [value, count] : SortedByValue()) {
    AppendString(bytes, value);
    AppendVarint(bytes, static_cast<uint64_t>(count));
  }
}

absl::StatusOr<TopValues> TopValues::Parse(ByteReader& reader, int64_t count) {
  const size_t start = reader.position();
  const auto broken = [start](std::string_view what) {
    return absl::DataLossError(fmt::format("top values at byte {}: {}", start, what));
  };
  TopValues state;
  TRY_ASSIGN(const uint8_t form, reader.Fixed<uint8_t>());
  if (form > kSketchAndSample) return broken("neither exact nor a sketch");
  if (form != kExact) {
    TRY_ASSIGN(state.sketch_, ValueSketch::Parse(reader));
    if (state.sketch_->rows() != static_cast<uint64_t>(count)) return broken("a sketch of other rows");
    if (form == kSketchAndSample) {
      TRY_ASSIGN(state.sample_, ValueSample::Parse(reader, count));
    }
    return state;
  }
  TRY_ASSIGN(const uint64_t num_values, reader.Varint());
  if (num_values > kMaxDistinct) return broken("more exact values than may be");
  std::string_view last;
  int64_t rest = count;
  for (uint64_t i = 0; i < num_values; ++i) {
    TRY_ASSIGN(const std::string_view value, reader.String());
    TRY_ASSIGN(const uint64_t value_count, reader.Varint());
    if (i > 0 && value <= last) return broken("values that do not ascend");
    if (value_count == 0 || value_count > static_cast<uint64_t>(rest)) return broken("counts that do not sum up");
    rest -= static_cast<int64_t>(value_count);
    state.text_bytes_ += value.size();
    if (state.text_bytes_ > kMaxTextBytes) return broken("more text than may be");
    state.counts_.emplace(std::string(value), static_cast<int64_t>(value_count));
    last = value;
  }
  if (rest != 0) return broken("counts that do not sum up");
  return state;
}

}  // namespace roost::profile
