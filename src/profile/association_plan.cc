#include "profile/association_plan.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/format.h"
#include "base/status.h"
#include "profile/log_histogram.h"

namespace roost::profile {
namespace {

constexpr size_t kMaxFeatureTexts = 100;
constexpr size_t kMaxClasses = 32;
// With at most so many different percentiles, a number's values are taken one by one.
constexpr size_t kMaxFeatureValues = 32;
constexpr size_t kMaxNumberClasses = 10;
constexpr size_t kLabelStep = 5;  // of percentiles: numbers as labels have 20 bins

bool HasNumbers(column::Type type) {
  return column::IsNumber(type) || column::IsTime(type) || type == column::Type::kBool;
}
bool HasTexts(column::Type type) { return column::IsText(type) || column::IsBytes(type); }
bool CanBeRead(const ColumnSummary& column) {
  return (HasNumbers(column.type) && column.number.has_value()) || (HasTexts(column.type) && column.text.has_value());
}

// Bins of at least some dozens of rows, as far as there are rows for it.
size_t FeatureStep(int64_t rows) { return rows >= 10'000 ? 1 : rows >= 1'000 ? 5 : 10; }

std::vector<double> Ascending(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

// "[0, 15)", the last one "[15, 95]"; the value itself where each bin has one.
std::vector<std::string> NamesOf(const ColumnSummary& column, const std::vector<double>& starts, bool one_by_one) {
  const auto shown = [&column](double value) {
    if (column.type == column::Type::kBool) return std::string(value == 0 ? "false" : "true");
    return column::IsTime(column.type) ? FormatUtc(absl::FromUnixMicros(std::llround(value * 1e6)))
                                       : FormatExact(value);
  };
  std::vector<std::string> names;
  for (size_t bin = 0; bin < starts.size(); ++bin) {
    const bool last = bin + 1 == starts.size();
    const double end = last ? column.number->max.value_or(starts[bin]) : starts[bin + 1];
    names.push_back(one_by_one ? shown(starts[bin])
                               : fmt::format("[{}, {}{}", shown(starts[bin]), shown(end), last ? ']' : ')'));
  }
  return names;
}

// Where the values begin that have the percentile `value`. Those of negative numbers are the upper ends of the
// histogram's buckets (log_histogram.h), and a bucket is not to be split.
double BeginOf(double value, column::Type type) {
  if (value >= 0 || column::IsTime(type)) return value;
  constexpr int kDroppedBits = 52 - LogHistogram::kMantissaBits;
  const uint64_t bucket = std::bit_cast<uint64_t>(-value) >> kDroppedBits;
  return -std::nextafter(std::bit_cast<double>((bucket + 1) << kDroppedBits), 0.0);
}

Binning NumberBins(const ColumnSummary& column, size_t step, size_t max_values) {
  const std::vector<double>& percentiles = column.number->percentiles;
  if (percentiles.empty()) return Binning::OfNumbers({}, {"any"});
  std::vector<double> starts = Ascending(percentiles);
  const bool one_by_one =
      column.distinct_is_exact && column.distinct == static_cast<double>(starts.size()) && starts.size() <= max_values;
  if (starts.size() > max_values) {
    // No value is below the least one.
    std::vector<double> quantiles{percentiles.front()};
    for (size_t q = step; q < 100; q += step) quantiles.push_back(percentiles[q]);
    starts = Ascending(std::move(quantiles));
  }
  std::vector<std::string> names = NamesOf(column, starts, one_by_one);
  starts.erase(starts.begin());
  for (double& start : starts) start = BeginOf(start, column.type);
  return Binning::OfNumbers(std::move(starts), std::move(names));
}

Binning TextBins(const TextSummary& text, size_t max_values) {
  std::vector<std::string> values;
  for (const ValueCount& value : text.top) {
    if (values.size() == max_values) break;
    values.push_back(value.value);
  }
  return Binning::OfTexts(values);
}

bool IsClass(const ColumnSummary& label) {
  if (label.type == column::Type::kBool || HasTexts(label.type)) return true;
  if (!column::IsNumber(label.type) || label.distinct > kMaxNumberClasses + 0.5) return false;
  // Values that share a bucket of the histogram have the same percentiles: then they cannot be told apart as classes.
  return static_cast<double>(Ascending(label.number->percentiles).size()) + 0.5 > label.distinct;
}

PlannedColumn Planned(const ColumnSummary& column, int64_t rows, bool as_label) {
  PlannedColumn planned{.name = column.name};
  if (HasTexts(column.type)) {
    planned.kind = PlannedColumn::Kind::kText;
    planned.bins = TextBins(*column.text, as_label ? kMaxClasses : kMaxFeatureTexts);
    return planned;
  }
  planned.kind = column::IsTime(column.type) ? PlannedColumn::Kind::kTime : PlannedColumn::Kind::kNumber;
  planned.bins = as_label ? NumberBins(column, kLabelStep, kMaxNumberClasses)
                          : NumberBins(column, FeatureStep(rows), kMaxFeatureValues);
  planned.center = column.number->mean.value_or(0);
  planned.scale = column.number->standard_deviation.value_or(0);
  return planned;
}

}  // namespace

Binning Binning::OfNumbers(std::vector<double> edges, std::vector<std::string> names) {
  Binning bins;
  bins.edges_ = std::move(edges);
  bins.names_ = std::move(names);
  bins.names_.push_back("missing");
  return bins;
}

Binning Binning::OfTexts(const std::vector<std::string>& values) {
  Binning bins;
  for (const std::string& value : values) {
    bins.bin_of_.emplace(value, static_cast<uint16_t>(bins.names_.size()));
    bins.names_.push_back(value);
  }
  bins.names_.push_back("other");
  bins.names_.push_back("missing");
  return bins;
}

uint16_t Binning::BinOf(double value) const {
  if (std::isnan(value)) return missing();
  return static_cast<uint16_t>(std::upper_bound(edges_.begin(), edges_.end(), value) - edges_.begin());
}

uint16_t Binning::BinOf(std::string_view value) const {
  const auto found = bin_of_.find(value);
  return found == bin_of_.end() ? static_cast<uint16_t>(names_.size() - 2) : found->second;
}

void Binning::Describe(std::string& bytes) const {
  AppendVarint(bytes, edges_.size());
  for (const double edge : edges_) AppendFixed(bytes, edge);
  AppendVarint(bytes, names_.size());
  for (const std::string& name : names_) AppendString(bytes, name);
}

absl::StatusOr<size_t> AssociationPlan::PositionOf(const ProfileSummary& summary, std::string_view name,
                                                   bool as_label) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].name == name) return i;
  }
  for (const ColumnSummary& column : summary.columns) {
    if (column.name != name) continue;
    if (!CanBeRead(column)) {
      return absl::InvalidArgumentError(
          fmt::format("column '{}' is {}: only numbers, bools, times and texts can be held against each other", name,
                      column.type_text));
    }
    columns_.push_back(Planned(column, summary.rows, as_label));
    return columns_.size() - 1;
  }
  std::vector<std::string> names;
  for (const ColumnSummary& column : summary.columns) names.push_back(column.name);
  const std::string_view closest = ClosestName(name, names);
  return WithHint(absl::InvalidArgumentError(fmt::format("no column '{}'", name)),
                  closest.empty() ? "" : fmt::format("did you mean '{}'?", closest));
}

absl::StatusOr<AssociationPlan> AssociationPlan::Make(const ProfileSummary& summary,
                                                      const AssociationOptions& options) {
  if (options.label.empty() && options.correlated.empty()) {
    return absl::InvalidArgumentError("neither a label nor columns to correlate are named");
  }
  if (options.correlated.size() > kMaxCorrelated) {
    return absl::InvalidArgumentError(
        fmt::format("{} columns to correlate: at most {} are allowed", options.correlated.size(), kMaxCorrelated));
  }
  AssociationPlan plan;
  const auto add = [&](std::string_view name, std::vector<size_t>& list) -> absl::Status {
    TRY_ASSIGN(const size_t position, plan.PositionOf(summary, name, /*as_label=*/false));
    if (std::find(list.begin(), list.end(), position) != list.end()) {
      return absl::InvalidArgumentError(fmt::format("column '{}' is named twice", name));
    }
    list.push_back(position);
    return absl::OkStatus();
  };
  if (!options.label.empty()) {
    TRY_ASSIGN(plan.label_, plan.PositionOf(summary, options.label, /*as_label=*/true));
    plan.label_is_class_ = IsClass(*summary.Find(options.label));
    for (const std::string& name : options.features) {
      if (name == options.label) return absl::InvalidArgumentError(fmt::format("'{}' is the label itself", name));
      TRY(add(name, plan.features_));
    }
    for (const ColumnSummary& column : summary.columns) {
      if (!options.features.empty() || column.name == options.label || !CanBeRead(column)) continue;
      TRY(add(column.name, plan.features_));
    }
    if (plan.features_.empty()) {
      return absl::InvalidArgumentError(fmt::format("there is nothing to hold against the label '{}'", options.label));
    }
  }
  for (const std::string& name : options.correlated) {
    TRY(add(name, plan.correlated_));
    if (plan.columns_[plan.correlated_.back()].kind == PlannedColumn::Kind::kText) {
      return absl::InvalidArgumentError(fmt::format("column '{}' has texts: only numbers and times correlate", name));
    }
  }
  plan.SetFingerprint();
  return plan;
}

void AssociationPlan::SetFingerprint() {
  std::string bytes;
  const auto append_all = [&bytes](const std::vector<size_t>& list) {
    AppendVarint(bytes, list.size());
    for (const size_t position : list) AppendVarint(bytes, position);
  };
  for (const PlannedColumn& column : columns_) {
    AppendString(bytes, column.name);
    AppendFixed(bytes, static_cast<uint8_t>(column.kind));
    AppendFixed(bytes, column.center);
    AppendFixed(bytes, column.scale);
    column.bins.Describe(bytes);
  }
  AppendVarint(bytes, label_.has_value() ? *label_ + 1 : 0);
  AppendFixed(bytes, static_cast<uint8_t>(label_is_class_ ? 1 : 0));
  append_all(features_);
  append_all(correlated_);
  fingerprint_ = Hash64(bytes);
}

}  // namespace roost::profile
