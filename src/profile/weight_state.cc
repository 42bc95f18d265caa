#include "profile/weight_state.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::profile {
namespace {

constexpr uint16_t kVersion = 2;  // of the parts' bytes: version 1 of the profile's format had none of this state

using column::ColumnView;

constexpr int64_t kMaxRowUnits = int64_t{1} << 40;
constexpr double kMicrosPerSecond = 1e6;

double WeightOf(int64_t units) { return static_cast<double>(units) / WeightState::kUnitsPerOne; }

absl::StatusOr<int64_t> ParseUnits(ByteReader& reader, int64_t most) {
  TRY_ASSIGN(const uint64_t units, reader.Varint());
  if (units <= static_cast<uint64_t>(most)) return static_cast<int64_t>(units);
  return absl::DataLossError(
      fmt::format("weights before byte {}: {} units of at most {}", reader.position(), units, most));
}

}  // namespace

int64_t WeightState::UnitsOf(double weight) {
  if (!(weight > 0) || !std::isfinite(weight)) return 0;
  const double units = std::round(weight * kUnitsPerOne);
  return units >= static_cast<double>(kMaxRowUnits) ? kMaxRowUnits : static_cast<int64_t>(units);
}

void WeightState::AddNumber(double value, int64_t units) {
  if (!std::isfinite(value)) return;
  const double weight = WeightOf(units);
  const double products[] = {weight * value};
  const double squares[] = {weight * value * value};
  finite_ += units;
  if (std::isfinite(products[0])) sums_.Add(products);
  if (std::isfinite(squares[0])) squares_.Add(squares);
  buckets_.Add(value, units);
}

void WeightState::Add(const ColumnView& column, std::span<const int64_t> units) {
  const bool is_time = column::IsTime(column.type());
  const bool is_number = column::IsNumber(column.type()) || column.type() == column::Type::kBool;
  for (int64_t row = 0; row < column.length(); ++row) {
    const int64_t weight = units[static_cast<size_t>(row)];
    if (column.IsNull(row)) {
      missing_ += weight;
      continue;
    }
    present_ += weight;
    if (weight == 0) continue;
    if (is_text_) values_.Add(column.TextAt(row), weight);
    if (is_time) AddNumber(static_cast<double>(column.MicrosAt(row)) / kMicrosPerSecond, weight);
    if (is_number) AddNumber(column.NumberAt(row), weight);
  }
}

void WeightState::Merge(const WeightState& other) {
  present_ += other.present_;
  missing_ += other.missing_;
  finite_ += other.finite_;
  sums_.Merge(other.sums_);
  squares_.Merge(other.squares_);
  buckets_.Merge(other.buckets_);
  values_.Merge(other.values_);
}

WeightedSummary WeightState::Summarize(const std::optional<double>& min, const std::optional<double>& max) const {
  WeightedSummary summary{.present = WeightOf(present_), .missing = WeightOf(missing_)};
  for (const ValueCount& value : values_.Top()) summary.top.push_back({value.value, WeightOf(value.count)});
  const std::vector<Bucket> buckets = buckets_.Buckets();
  if (buckets.empty() || !min.has_value() || !max.has_value()) return summary;
  const double weight = WeightOf(finite_);
  const double mean = sums_.Sum() / weight;
  summary.mean = mean;
  summary.standard_deviation = std::sqrt(std::max(0.0, squares_.Sum() / weight - mean * mean));
  summary.percentiles = PercentilesOf(buckets, *min, *max);
  for (const HistogramBar& bar : BarsOf(buckets, *min, *max)) {
    summary.histogram.push_back({bar.low, bar.high, WeightOf(bar.count)});
  }
  return summary;
}

void WeightState::Serialize(std::string& bytes) const {
  for (const int64_t units : {present_, missing_, finite_}) AppendVarint(bytes, static_cast<uint64_t>(units));
  sums_.Serialize(bytes);
  squares_.Serialize(bytes);
  buckets_.Serialize(bytes);
  if (is_text_) values_.Serialize(bytes);
}

absl::StatusOr<WeightState> WeightState::Parse(ByteReader& reader, bool is_text, int64_t max_units) {
  WeightState state(is_text);
  for (int64_t* units : {&state.present_, &state.missing_, &state.finite_}) {
    TRY_ASSIGN(*units, ParseUnits(reader, max_units));
  }
  if (state.present_ > max_units - state.missing_ || state.finite_ > state.present_) {
    return absl::DataLossError(fmt::format("weights before byte {}: they do not sum up", reader.position()));
  }
  TRY_ASSIGN(state.sums_, FloatSums::Parse(reader, kVersion));
  TRY_ASSIGN(state.squares_, FloatSums::Parse(reader, kVersion));
  TRY_ASSIGN(state.buckets_, WeightedBuckets::Parse(reader, state.finite_));
  if (is_text) {
    TRY_ASSIGN(state.values_, TopValues::Parse(reader, state.present_));
  }
  return state;
}

}  // namespace roost::profile
