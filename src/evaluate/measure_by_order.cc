#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status.h"
#include "base/thread_pool.h"
#include "evaluate/by_order.h"
#include "evaluate/replicates.h"

namespace roost::evaluate {
namespace {

using predict::Task;

// A group of slices, and the slices of its cells as the kernels want them.
struct GroupSlices {
  const SliceSet::Group& group;
  size_t first_slice = 0;
  size_t num_slices = 0;
  std::vector<uint32_t> first;   // of each cell, in slices
  std::vector<uint32_t> slices;  // numbered from first_slice
};

GroupSlices MakeGroupSlices(const SliceSet::Group& group) {
  GroupSlices result{.group = group};
  size_t last = 0;
  result.first_slice = std::numeric_limits<size_t>::max();
  for (const std::vector<uint32_t>& of_cell : group.slices_of_cell) {
    if (of_cell.empty()) continue;
    result.first_slice = std::min<size_t>(result.first_slice, of_cell.front());
    last = std::max<size_t>(last, of_cell.back());
  }
  if (result.first_slice == std::numeric_limits<size_t>::max()) return result;
  result.num_slices = last - result.first_slice + 1;
  for (const std::vector<uint32_t>& of_cell : group.slices_of_cell) {
    result.first.push_back(static_cast<uint32_t>(result.slices.size()));
    for (const uint32_t slice : of_cell) {
      result.slices.push_back(static_cast<uint32_t>(slice - result.first_slice));
    }
  }
  result.first.push_back(static_cast<uint32_t>(result.slices.size()));
  return result;
}

// The rows as the kernels want them, in the order of `ranked`.
std::vector<OrderedRow> OrderedRows(std::span<const RankedValue> ranked, std::span<const uint32_t> cells,
                                    std::span<const uint64_t> keys) {
  std::vector<OrderedRow> rows;
  rows.reserve(ranked.size());
  for (size_t i = 0; i < ranked.size(); ++i) {
    rows.push_back({keys[ranked[i].row], ranked[i].weight, cells[i], ranked[i].role});
  }
  return rows;
}

// Walks over the rows in one block of resamples, and calls visit(bin, roles) for each bin with what its rows weigh.
template <typename Visit>
absl::Status ForEachBin(std::span<const SliceBin> bins, std::span<const OrderedRow> rows, const GroupSlices& slices,
                        size_t block, const Context& context, const Visit& visit) {
  std::vector<double> roles(slices.num_slices * 2 * kLanes);
  size_t done = 0;
  for (const SliceBin& bin : bins) {
    TRY(context.CheckCancelled());
    AddRoles({.rows = rows.data() + done,
              .count = bin.end - done,
              .first = slices.first.data(),
              .slices = slices.slices.data()},
             block, roles.data());
    done = bin.end;
    visit(bin, roles.data() + size_t{bin.slice} * 2 * kLanes);
  }
  return absl::OkStatus();
}

class ByOrderMeasuring {
 public:
  ByOrderMeasuring(const Measurement& measurement, size_t model, const SliceSums& sums, LaneTable& resampled)
      : measurement_(measurement), model_(model), sums_(sums), resampled_(resampled) {
    const ScoredRows rows = measurement.RowsOf(model);
    if (measurement.rows.task == Task::kBinary) {
      ranked_ = Ranked(rows.scores, rows.weights, rows.targets);
    } else {
      std::vector<double> errors;
      errors.reserve(rows.targets.size());
      for (size_t row = 0; row < rows.targets.size(); ++row) {
        errors.push_back(std::abs(rows.scores[row] - rows.targets[row]));
      }
      ranked_ = Ranked(errors, rows.weights, {});
    }
  }

  absl::Status Measure(const SliceSet::Group& group, std::vector<std::vector<std::optional<double>>>& values) {
    const GroupSlices slices = MakeGroupSlices(group);
    if (slices.num_slices == 0) return absl::OkStatus();
    if (measurement_.rows.task == Task::kBinary) return MeasureBinary(slices, values);
    return MeasureMedians(slices, values);
  }

 private:
  // Calls visit(metric) with the places of the metrics by `order`.
  template <typename Visit>
  void ForEachMetric(ByOrder order, const Visit& visit) const {
    for (size_t metric = 0; metric < measurement_.options.metrics.size(); ++metric) {
      if (measurement_.options.metrics[metric]->by_order == order) visit(metric);
    }
  }
  double* ResampledOf(size_t block, size_t slice, size_t metric) const {
    return resampled_.Of(block, slice) + (model_ * measurement_.options.metrics.size() + metric) * kLanes;
  }

  absl::Status MeasureBinary(const GroupSlices& slices, std::vector<std::vector<std::optional<double>>>& values) {
    const std::vector<uint32_t> cells = CellsOf(ranked_, slices.group);
    std::vector<ThresholdFigure> threshold_figures;
    ForEachMetric(ByOrder::kBestThreshold, [&](size_t metric) {
      threshold_figures.push_back(measurement_.options.metrics[metric]->of_threshold);
    });
    const std::vector<BinaryOrderFigures> figures =
        BinaryOrder(ranked_, cells, slices.group, slices.first_slice, slices.num_slices,
                    measurement_.options.calibration_bins, threshold_figures);
    for (size_t slice = 0; slice < slices.num_slices; ++slice) {
      std::vector<std::optional<double>>& of_slice = values[slices.first_slice + slice];
      ForEachMetric(ByOrder::kAuc, [&](size_t metric) { of_slice[metric] = figures[slice].auc; });
      ForEachMetric(ByOrder::kAveragePrecision,
                    [&](size_t metric) { of_slice[metric] = figures[slice].average_precision; });
      ForEachMetric(ByOrder::kCalibrationError,
                    [&](size_t metric) { of_slice[metric] = figures[slice].calibration_error; });
      size_t next = 0;
      ForEachMetric(ByOrder::kBestThreshold, [&](size_t metric) { of_slice[metric] = figures[slice].best[next++]; });
    }
    if (measurement_.num_blocks() == 0) return absl::OkStatus();
    const std::vector<SliceBin> bins =
        SliceBins(ranked_, cells, slices.group, slices.first_slice, slices.num_slices, figures);
    const std::vector<OrderedRow> rows = OrderedRows(ranked_, cells, measurement_.keys);
    return measurement_.context.pool->ParallelFor(
        measurement_.num_blocks(), [&](size_t block) { return ResampleBinary(slices, rows, bins, block); });
  }

  absl::Status ResampleBinary(const GroupSlices& slices, std::span<const OrderedRow> rows,
                              std::span<const SliceBin> bins, size_t block) {
    std::vector<BinaryLanes> totals(slices.num_slices);
    for (size_t slice = 0; slice < slices.num_slices; ++slice) {
      totals[slice] = AllLeft(block, slices.first_slice + slice);
      StartThresholds(totals[slice], block, slices.first_slice + slice);
    }
    std::vector<BinaryLanes> lanes = totals;
    TRY(ForEachBin(bins, rows, slices, block, measurement_.context, [&](const SliceBin& bin, double* roles) {
      BinaryLanes& of_slice = lanes[bin.slice];
      TakeThreshold(totals[bin.slice], of_slice, block, slices.first_slice + bin.slice);
      FlushBinary(bin.mean, roles, of_slice);
      if (bin.ends_calibration_bin) CloseCalibrationBin(of_slice);
    }));
    for (size_t slice = 0; slice < slices.num_slices; ++slice) {
      FinishBinary(totals[slice], lanes[slice], block, slices.first_slice + slice);
    }
    return absl::OkStatus();
  }

  // A slice before its first bin.
  BinaryLanes AllLeft(size_t block, size_t slice) const {
    BinaryLanes lanes{};
    const double* sums = sums_.lanes.Of(block, slice) + sums_.first_sum[model_] * kLanes;
    const auto sum = [sums](binary_sums::Total total) { return sums + static_cast<size_t>(total) * kLanes; };
    for (size_t lane = 0; lane < kLanes; ++lane) {
      lanes.positives_left[lane] = sum(binary_sums::kTruePositives)[lane] + sum(binary_sums::kFalseNegatives)[lane];
      lanes.negatives_left[lane] = sum(binary_sums::kTrueNegatives)[lane] + sum(binary_sums::kFalsePositives)[lane];
    }
    return lanes;
  }

  // The threshold above all scores.
  void StartThresholds(const BinaryLanes& totals, size_t block, size_t slice) {
    ForEachMetric(ByOrder::kBestThreshold, [&](size_t metric) {
      const ThresholdFigure figure = measurement_.options.metrics[metric]->of_threshold;
      double* best = ResampledOf(block, slice, metric);
      for (size_t lane = 0; lane < kLanes; ++lane) {
        best[lane] = figure(0, 0, totals.positives_left[lane], totals.negatives_left[lane]);
      }
    });
  }

  // The threshold at the lowest score that is left. Keeps the greatest figure.
  void TakeThreshold(const BinaryLanes& totals, const BinaryLanes& left, size_t block, size_t slice) {
    ForEachMetric(ByOrder::kBestThreshold, [&](size_t metric) {
      const ThresholdFigure figure = measurement_.options.metrics[metric]->of_threshold;
      double* best = ResampledOf(block, slice, metric);
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const double next = figure(left.positives_left[lane], left.negatives_left[lane], totals.positives_left[lane],
                                   totals.negatives_left[lane]);
        best[lane] = std::max(best[lane], next);  // NaN stays
      }
    });
  }

  void FinishBinary(const BinaryLanes& totals, const BinaryLanes& lanes, size_t block, size_t slice) {
    const auto fill = [&](ByOrder order, const auto& value_of) {
      ForEachMetric(order, [&](size_t metric) {
        double* values = ResampledOf(block, slice, metric);
        for (size_t lane = 0; lane < kLanes; ++lane) {
          // 0 / 0 is NaN: not defined.
          values[lane] = value_of(lane, totals.positives_left[lane], totals.negatives_left[lane]);
        }
      });
    };
    fill(ByOrder::kAuc, [&](size_t lane, double positives, double negatives) {
      return lanes.pairs[lane] / 2 / (positives * negatives);
    });
    fill(ByOrder::kAveragePrecision,
         [&](size_t lane, double positives, double) { return lanes.precisions[lane] / positives; });
    fill(ByOrder::kCalibrationError,
         [&](size_t lane, double positives, double negatives) { return lanes.gaps[lane] / (positives + negatives); });
  }

  absl::Status MeasureMedians(const GroupSlices& slices, std::vector<std::vector<std::optional<double>>>& values) {
    const std::vector<uint32_t> cells = CellsOf(ranked_, slices.group);
    const std::vector<std::optional<double>> medians =
        Medians(ranked_, cells, slices.group, slices.first_slice, slices.num_slices);
    for (size_t slice = 0; slice < slices.num_slices; ++slice) {
      ForEachMetric(ByOrder::kMedianError,
                    [&](size_t metric) { values[slices.first_slice + slice][metric] = medians[slice]; });
    }
    if (measurement_.num_blocks() == 0) return absl::OkStatus();
    const std::vector<SliceBin> bins =
        SliceBins(ranked_, cells, slices.group, slices.first_slice, slices.num_slices, {});
    const std::vector<OrderedRow> rows = OrderedRows(ranked_, cells, measurement_.keys);
    return measurement_.context.pool->ParallelFor(
        measurement_.num_blocks(), [&](size_t block) { return ResampleMedians(slices, rows, bins, block); });
  }

  absl::Status ResampleMedians(const GroupSlices& slices, std::span<const OrderedRow> rows,
                               std::span<const SliceBin> bins, size_t block) {
    std::vector<MedianLanes> lanes(slices.num_slices, MedianLanes{});
    for (size_t slice = 0; slice < slices.num_slices; ++slice) {
      // The first sum of number_sums is that of the weights.
      const double* totals = sums_.lanes.Of(block, slices.first_slice + slice) + sums_.first_sum[model_] * kLanes;
      for (size_t lane = 0; lane < kLanes; ++lane) {
        lanes[slice].half[lane] = totals[lane] / 2;
        lanes[slice].median[lane] = std::nan("");
      }
    }
    TRY(ForEachBin(bins, rows, slices, block, measurement_.context, [&](const SliceBin& bin, double* roles) {
      FlushMedian(bin.lowest, bin.highest, roles, lanes[bin.slice]);
    }));
    for (size_t slice = 0; slice < slices.num_slices; ++slice) {
      ForEachMetric(ByOrder::kMedianError, [&](size_t metric) {
        std::copy_n(lanes[slice].median, kLanes, ResampledOf(block, slices.first_slice + slice, metric));
      });
    }
    return absl::OkStatus();
  }

  const Measurement& measurement_;
  size_t model_;
  const SliceSums& sums_;
  LaneTable& resampled_;
  std::vector<RankedValue> ranked_;
};

}  // namespace

absl::Status MeasureByOrder(const Measurement& measurement, size_t model, const SliceSums& sums,
                            std::vector<std::vector<std::optional<double>>>& values, LaneTable& resampled) {
  ByOrderMeasuring measuring(measurement, model, sums, resampled);
  for (const SliceSet::Group& group : measurement.slices.groups) TRY(measuring.Measure(group, values));
  return absl::OkStatus();
}

}  // namespace roost::evaluate
