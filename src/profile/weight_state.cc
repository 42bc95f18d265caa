#include "profile/weight_state.h"

#include <algorithm>
#include <cmath>
#include <utility>

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
  units_.finite += units;
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
      units_.missing += weight;
      continue;
    }
    units_.present += weight;
    if (weight == 0) continue;
    if (is_text_) values_.Add(column.TextAt(row), weight);
    if (is_time) AddNumber(static_cast<double>(column.MicrosAt(row)) / kMicrosPerSecond, weight);
    if (is_number) AddNumber(column.NumberAt(row), weight);
  }
}

void WeightState::Merge(const WeightState& other) {
  units_.present += other.units_.present;
  units_.missing += other.units_.missing;
  units_.finite += other.units_.finite;
  sums_.Merge(other.sums_);
  squares_.Merge(other.squares_);
  buckets_.Merge(other.buckets_);
  values_.Merge(other.values_);
}

WeightedSummary WeightState::Summarize(const std::optional<double>& min, const std::optional<double>& max) const {
  WeightedSummary summary{.present = WeightOf(units_.present), .missing = WeightOf(units_.missing)};
  for (const ValueCount& value : values_.Top()) summary.top.push_back({value.value, WeightOf(value.count)});
  const std::vector<Bucket> buckets = buckets_.Buckets();
  if (buckets.empty() || !min.has_value() || !max.has_value()) return summary;
  const double weight = WeightOf(units_.finite);
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
  for (const int64_t units : {units_.present, units_.missing, units_.finite})
    AppendVarint(bytes, static_cast<uint64_t>(units));
  sums_.Serialize(bytes);
  squares_.Serialize(bytes);
  buckets_.Serialize(bytes);
  if (is_text_) values_.Serialize(bytes);
}

absl::StatusOr<WeightState> WeightState::Parse(ByteReader& reader, bool is_text, int64_t max_units) {
  int64_t present = 0, missing = 0, finite = 0;
  for (int64_t* units : {&present, &missing, &finite}) {
    TRY_ASSIGN(*units, ParseUnits(reader, max_units));
  }
  if (present > max_units - missing || finite > present) {
    return absl::DataLossError(fmt::format("weights before byte {}: they do not sum up", reader.position()));
  }
  TRY_ASSIGN(FloatSums sums, FloatSums::Parse(reader, kVersion));
  TRY_ASSIGN(FloatSums squares, FloatSums::Parse(reader, kVersion));
  TRY_ASSIGN(WeightedBuckets buckets, WeightedBuckets::Parse(reader, finite));
  TRY_ASSIGN(TopValues values, is_text ? TopValues::Parse(reader, present) : TopValues());
  return WeightState(is_text, {present, missing, finite}, std::move(sums), std::move(squares), std::move(buckets),
                     std::move(values));
}

}  // namespace roost::profile
