#include "evaluate/resample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "evaluate/replicates.h"
#include "evaluate/terms.h"
#include "profile/exact_sum.h"
#include "profile/special_functions.h"

namespace roost::evaluate {
namespace {

using predict::Task;

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

absl::Status CheckOptions(const MeasureOptions& options, Task task, size_t num_models) {
  if (options.metrics.empty() || num_models == 0) {
    return absl::InvalidArgumentError("there is nothing to measure: a model and a metric are needed");
  }
  const std::span<const NamedMetric> known = MetricsOf(task);
  for (const NamedMetric* metric : options.metrics) {
    const bool is_known =
        std::any_of(known.begin(), known.end(), [metric](const NamedMetric& one) { return &one == metric; });
    if (!is_known) {
      return absl::InvalidArgumentError(
          fmt::format("{} is no metric of task {}", metric->name, predict::TaskName(task)));
    }
  }
  for (const auto& [first, second] : options.pairs) {
    if (first >= num_models || second >= num_models) {
      return absl::InvalidArgumentError(
          fmt::format("the pair of models {} and {} is not among {} models", first, second, num_models));
    }
  }
  if (options.resamples != 0 && (options.resamples < 20 || options.resamples > 10'000)) {
    return absl::InvalidArgumentError(
        fmt::format("{} resamples; there must be 20 to 10,000, or none", options.resamples));
  }
  if (options.least_units < 2) {
    return absl::InvalidArgumentError(fmt::format("least_units is {}; it must be 2 or more", options.least_units));
  }
  if (options.calibration_bins < 1 || options.calibration_bins > 1000) {
    return absl::InvalidArgumentError(
        fmt::format("calibration_bins is {}; it must be 1 to 1000", options.calibration_bins));
  }
  return absl::OkStatus();
}

absl::Status CheckUnits(const MeasuredRows& rows) {
  if (rows.units.empty()) return absl::OkStatus();
  if (rows.units.size() != rows.targets.size()) {
    return absl::InvalidArgumentError(
        fmt::format("{} rows have {} units; every row needs one", rows.targets.size(), rows.units.size()));
  }
  if (rows.task != Task::kRanking) return absl::OkStatus();
  absl::flat_hash_map<int64_t, int64_t> unit_of_group;
  for (size_t row = 0; row < rows.groups.size(); ++row) {
    if (unit_of_group.try_emplace(rows.groups[row], rows.units[row]).first->second != rows.units[row]) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: other rows of its group are of another unit; a group is drawn as a whole", row));
    }
  }
  return absl::OkStatus();
}

// Whether all models bring what each row is worth.
absl::StatusOr<bool> CheckValues(const MeasuredRows& rows, std::span<const ModelScores> models) {
  bool has_values = !models.empty();
  for (const ModelScores& model : models) has_values = has_values && !model.values.empty();
  for (size_t model = 0; model < models.size(); ++model) {
    const std::span<const double> values = models[model].values;
    if (values.empty() && !has_values) continue;
    const bool has_task = rows.task != Task::kClasses && rows.task != Task::kRanking;
    if (!has_task || !has_values || values.size() != rows.targets.size()) {
      return absl::InvalidArgumentError(fmt::format(
          "model {}: {} values of {} rows; all models have one a row or none, of tasks with one number a row", model,
          values.size(), rows.targets.size()));
    }
    const auto bad =
        std::find_if(values.begin(), values.end(), [](double value) { return !(std::abs(value) <= kLargestValue); });
    if (bad == values.end()) continue;
    return absl::InvalidArgumentError(
        fmt::format("model {}: row {} is worth {}", model, std::distance(values.begin(), bad), *bad));
  }
  return has_values;
}

absl::Status CheckAll(const MeasuredRows& rows, std::span<const ModelScores> models, const SliceSet& slices,
                      const MeasureOptions& options) {
  TRY(CheckOptions(options, rows.task, models.size()));
  if (rows.targets.size() != slices.num_rows || slices.num_rows > std::numeric_limits<uint32_t>::max()) {
    return absl::InvalidArgumentError(
        fmt::format("{} rows are measured in slices of {} rows", rows.targets.size(), slices.num_rows));
  }
  for (size_t model = 0; model < models.size(); ++model) {
    const std::string which = fmt::format("model {}", model);
    TRY(Annotate(CheckTaskRows(rows.task, {.scores = models[model].scores,
                                           .num_outputs = models[model].num_outputs,
                                           .targets = rows.targets,
                                           .weights = rows.weights,
                                           .groups = rows.groups}),
                 which));
    if (!(models[model].threshold >= 0 && models[model].threshold <= 1)) {
      return absl::InvalidArgumentError(
          fmt::format("{}: threshold is {}; it must be in [0, 1]", which, models[model].threshold));
    }
  }
  TRY(CheckUnits(rows));
  TRY_ASSIGN(const bool has_values, CheckValues(rows, models));
  if (has_values) return absl::OkStatus();
  if (rows.amounts != nullptr) return CheckAmounts(rows.task, *rows.amounts, rows.targets.size());
  for (const NamedMetric* metric : options.metrics) {
    if (metric->name == "value") {
      return WithHint(absl::InvalidArgumentError("the metric 'value' needs to know what predictions are worth"),
                      "Declare what outcomes are worth, or leave the metric out.");
    }
  }
  return absl::OkStatus();
}

// The number of the unit that a row is drawn with.
uint64_t UnitOf(const MeasuredRows& rows, size_t row) {
  if (!rows.units.empty()) return static_cast<uint64_t>(rows.units[row]);
  if (rows.task == Task::kRanking) return static_cast<uint64_t>(rows.groups[row]);
  return row;
}

double WeightOf(const MeasuredRows& rows, size_t row) { return rows.weights.empty() ? 1 : rows.weights[row]; }

double ExactSum(std::span<const double> terms) {
  profile::FloatSums sum;
  sum.Add(terms);
  return sum.Sum();
}

// Takes no order of the rows, as sums of what was centred keep its last bits.
double CentreOf(const MeasuredRows& rows) {
  if (rows.task != Task::kNumber && rows.task != Task::kCounts) return 0;
  return ExactSum(rows.targets) / static_cast<double>(rows.targets.size());
}

// Of a ranking, its groups count that have a relevant row, each with its rows' mean weight.
void AddGroups(const MeasuredRows& rows, std::span<const size_t> of_slice,
               absl::flat_hash_map<uint64_t, double>& weight_of_unit) {
  struct Group {
    uint64_t unit = 0;
    double weight = 0;
    double rows = 0;
    bool is_relevant = false;
  };
  absl::flat_hash_map<int64_t, Group> groups;
  for (const size_t row : of_slice) {
    if (WeightOf(rows, row) == 0) continue;
    Group& group = groups[rows.groups[row]];
    group.unit = UnitOf(rows, row);
    group.weight += WeightOf(rows, row);
    group.rows += 1;
    group.is_relevant |= rows.targets[row] > 0;
  }
  for (const auto& [number, group] : groups) {
    if (group.is_relevant) weight_of_unit[group.unit] += group.weight / group.rows;
  }
}

// (sum of weights)^2 / sum of squared weights.
double EffectiveNumber(std::span<const double> weights) {
  std::vector<double> squares;
  squares.reserve(weights.size());
  for (const double weight : weights) squares.push_back(weight * weight);
  const double total = ExactSum(weights);
  const double sum_of_squares = ExactSum(squares);
  return sum_of_squares > 0 ? total / sum_of_squares * total : 0;
}

// Rows, weight and effective units of one slice.
SliceFigures SizeOf(const MeasuredRows& rows, std::span<const size_t> of_slice) {
  const bool is_ranking = rows.task == Task::kRanking;
  std::vector<double> weights;
  weights.reserve(of_slice.size());
  absl::flat_hash_map<uint64_t, double> weight_of_unit;
  for (const size_t row : of_slice) {
    const double weight = WeightOf(rows, row);
    if (weight == 0) continue;
    weights.push_back(weight);
    if (!is_ranking && !rows.units.empty()) weight_of_unit[UnitOf(rows, row)] += weight;
  }
  SliceFigures figures{.rows = static_cast<int64_t>(weights.size()), .weight = ExactSum(weights)};
  if (!is_ranking && rows.units.empty()) {
    figures.effective_units = EffectiveNumber(weights);
    return figures;
  }
  if (is_ranking) AddGroups(rows, of_slice, weight_of_unit);
  std::vector<double> of_units;
  for (const auto& [unit, weight] : weight_of_unit) of_units.push_back(weight);
  figures.effective_units = EffectiveNumber(of_units);
  return figures;
}

// The spread of what is defined of `resampled`; absent where a tenth is not.
std::optional<double> StandardError(std::span<const double> resampled) {
  double sum = 0;
  double count = 0;
  for (const double value : resampled) {
    if (!std::isfinite(value)) continue;
    sum += value;
    ++count;
  }
  if (count < 2 || count < 0.9 * static_cast<double>(resampled.size())) return std::nullopt;
  const double mean = sum / count;
  double squares = 0;
  for (const double value : resampled) {
    if (std::isfinite(value)) squares += (value - mean) * (value - mean);
  }
  return std::sqrt(squares / (count - 1));
}

class Estimating {
 public:
  Estimating(const Measurement& measurement, const SliceSums& sums,
             std::span<const std::vector<std::vector<std::optional<double>>>> by_order, LaneTable& resampled)
      : measurement_(measurement), sums_(sums), by_order_(by_order), resampled_(resampled) {}

  // Fills in what `figures`, of which the sizes are known, lack.
  void Fill(size_t slice, SliceFigures& figures) {
    const MeasureOptions& options = measurement_.options;
    const auto resamples = static_cast<size_t>(options.resamples);
    claims_ = resamples > 0 && figures.effective_units >= static_cast<double>(options.least_units);
    degrees_ = std::min(static_cast<double>(options.resamples), figures.effective_units) - 1;
    if (claims_) FinishSums(slice);
    const size_t num_metrics = options.metrics.size();
    std::vector<std::vector<double>> lanes(measurement_.models.size() * num_metrics);
    for (size_t item = 0; claims_ && item < lanes.size(); ++item) {
      for (size_t r = 0; r < resamples; ++r) lanes[item].push_back(resampled_.At(r, slice, item));
    }
    for (size_t model = 0; model < measurement_.models.size(); ++model) {
      figures.models.emplace_back();
      for (size_t metric = 0; metric < num_metrics; ++metric) {
        Estimate estimate = Of(ValueOf(slice, model, metric), lanes[model * num_metrics + metric]);
        if (estimate.standard_error == 0.0) estimate.standard_error.reset();
        figures.models.back().push_back(estimate);
      }
    }
    for (const auto& [first, second] : options.pairs) {
      figures.differences.emplace_back();
      for (size_t metric = 0; metric < num_metrics; ++metric) {
        const std::optional<double> a = figures.models[first][metric].value;
        const std::optional<double> b = figures.models[second][metric].value;
        std::vector<double> difference = lanes[first * num_metrics + metric];
        const std::vector<double>& other = lanes[second * num_metrics + metric];
        for (size_t r = 0; r < difference.size(); ++r) difference[r] -= other[r];
        figures.differences.back().push_back(
            Of(a.has_value() && b.has_value() ? std::optional(*a - *b) : std::nullopt, difference));
      }
    }
  }

 private:
  Estimate Of(std::optional<double> value, std::span<const double> resampled) const {
    Estimate estimate{.value = value, .degrees = degrees_};
    if (claims_ && value.has_value()) estimate.standard_error = StandardError(resampled);
    return estimate;
  }

  std::optional<double> ValueOf(size_t slice, size_t model, size_t metric) const {
    const NamedMetric& of = *measurement_.options.metrics[metric];
    if (of.by_order != ByOrder::kNone) return by_order_[model][slice][metric];
    return of.of_sums(std::span(sums_.exact[slice])
                          .subspan(sums_.first_sum[model], sums_.first_sum[model + 1] - sums_.first_sum[model]));
  }

  // The metrics of the sums in each resample.
  void FinishSums(size_t slice) {
    const MeasureOptions& options = measurement_.options;
    std::vector<double> sums;
    for (size_t model = 0; model < measurement_.models.size(); ++model) {
      for (size_t r = 0; r < static_cast<size_t>(options.resamples); ++r) {
        sums.clear();
        for (size_t sum = sums_.first_sum[model]; sum < sums_.first_sum[model + 1]; ++sum) {
          sums.push_back(sums_.lanes.At(r, slice, sum));
        }
        for (size_t metric = 0; metric < options.metrics.size(); ++metric) {
          if (options.metrics[metric]->by_order != ByOrder::kNone) continue;
          const size_t item = model * options.metrics.size() + metric;
          resampled_.Of(r / kLanes, slice)[item * kLanes + r % kLanes] =
              options.metrics[metric]->of_sums(sums).value_or(kUndefined);
        }
      }
    }
  }

  const Measurement& measurement_;
  const SliceSums& sums_;
  std::span<const std::vector<std::vector<std::optional<double>>>> by_order_;  // by model, slice and metric
  LaneTable& resampled_;
  bool claims_ = false;
  double degrees_ = 0;
};

}  // namespace

std::optional<Interval> Estimate::At(double confidence) const {
  if (!value.has_value() || !standard_error.has_value()) return std::nullopt;
  const double reach = profile::StudentQuantile(0.5 + confidence / 2, degrees) * *standard_error;
  return Interval{*value - reach, *value + reach};
}

Tendency TendencyOf(const NamedMetric& metric, const Estimate& difference, double confidence) {
  const std::optional<Interval> interval = difference.At(confidence);
  const bool has_direction = metric.better == Better::kHigher || metric.better == Better::kLower;
  if (!interval.has_value() || !has_direction || (interval->low <= 0 && interval->high >= 0)) return Tendency::kUnclear;
  return (interval->low > 0) == (metric.better == Better::kHigher) ? Tendency::kBetter : Tendency::kWorse;
}

TermSet Measurement::needs() const {
  TermSet needs = 0;
  for (const NamedMetric* metric : options.metrics) needs |= metric->needs;
  return needs;
}

bool Measurement::NeedsOrder() const {
  return std::any_of(options.metrics.begin(), options.metrics.end(),
                     [](const NamedMetric* metric) { return metric->by_order != ByOrder::kNone; });
}

ScoredRows Measurement::RowsOf(size_t model) const {
  return {.scores = models[model].scores,
          .num_outputs = models[model].num_outputs,
          .targets = rows.targets,
          .weights = rows.weights,
          .groups = rows.groups};
}

absl::StatusOr<std::vector<SliceFigures>> MeasureSlices(const MeasuredRows& rows, std::span<const ModelScores> models,
                                                        const SliceSet& slices, const MeasureOptions& options,
                                                        const Context& context) {
  TRY(CheckAll(rows, models, slices, options));
  std::vector<uint64_t> keys;
  keys.reserve(rows.targets.size());
  for (size_t row = 0; row < rows.targets.size(); ++row) keys.push_back(UnitKey(context.seed, UnitOf(rows, row)));
  const Measurement measurement{rows, models, slices, options, context, keys, CentreOf(rows)};
  TRY_ASSIGN(const SliceSums sums, SumSlices(measurement));

  const size_t num_slices = slices.slices.size();
  LaneTable resampled(measurement.num_blocks(), num_slices, models.size() * options.metrics.size());
  std::vector<std::vector<std::vector<std::optional<double>>>> by_order(
      models.size(), std::vector<std::vector<std::optional<double>>>(
                         num_slices, std::vector<std::optional<double>>(options.metrics.size())));
  for (size_t model = 0; measurement.NeedsOrder() && model < models.size(); ++model) {
    TRY(MeasureByOrder(measurement, model, sums, by_order[model], resampled));
  }

  std::vector<SliceFigures> figures(num_slices);
  const absl::Status estimated = context.pool->ParallelFor(num_slices, [&](size_t slice) -> absl::Status {
    TRY(context.CheckCancelled());
    figures[slice] = SizeOf(rows, slices.RowsOf(slice));
    Estimating(measurement, sums, by_order, resampled).Fill(slice, figures[slice]);
    return absl::OkStatus();
  });
  TRY(estimated);
  return figures;
}

}  // namespace roost::evaluate
