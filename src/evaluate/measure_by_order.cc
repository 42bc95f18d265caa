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

// The weights of a bin's rows in one block of resamples, by slice and role.
struct BinWeights {
  explicit BinWeights(size_t num_slices) : roles(num_slices * 2 * kLanes), touched(num_slices) {}

  void Add(const ValueBin& bin, std::span<const OrderedRow> rows, const GroupSlices& group, size_t block) {
    AddRoles({.rows = &rows[bin.begin],
              .count = bin.end - bin.begin,
              .first = group.first.data(),
              .slices = group.slices.data()},
             block, roles.data(), touched.data());
  }
  // Calls visit(slice, roles) for the slices that the bin has rows of.
  template <typename Visit>
  void ForEachTouched(const Visit& visit) {
    for (size_t slice = 0; slice < touched.size(); ++slice) {
      if (touched[slice] == 0) continue;
      touched[slice] = 0;
      visit(slice, roles.data() + slice * 2 * kLanes);
    }
  }

  std::vector<double> roles;
  std::vector<uint8_t> touched;
};

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
    bins_ = ValueBins(ranked_);
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
    const std::vector<BinaryOrderFigures> figures = BinaryOrder(
        ranked_, cells, slices.group, slices.first_slice, slices.num_slices, measurement_.options.calibration_bins);
    for (size_t slice = 0; slice < slices.num_slices; ++slice) {
      std::vector<std::optional<double>>& of_slice = values[slices.first_slice + slice];
      ForEachMetric(ByOrder::kAuc, [&](size_t metric) { of_slice[metric] = figures[slice].auc; });
      ForEachMetric(ByOrder::kAveragePrecision,
                    [&](size_t metric) { of_slice[metric] = figures[slice].average_precision; });
      ForEachMetric(ByOrder::kCalibrationError,
                    [&](size_t metric) { of_slice[metric] = figures[slice].calibration_error; });
    }
    const std::vector<OrderedRow> rows = OrderedRows(ranked_, cells, measurement_.keys);
    return measurement_.context.pool->ParallelFor(
        measurement_.num_blocks(), [&](size_t block) { return ResampleBinary(slices, rows, figures, block); });
  }

  // From the highest score down.
  absl::Status ResampleBinary(const GroupSlices& slices, std::span<const OrderedRow> rows,
                              std::span<const BinaryOrderFigures> figures, size_t block) {
    std::vector<BinaryLanes> lanes(slices.num_slices, BinaryLanes{});
    std::vector<size_t> open_bin;  // the calibration bin that is open, of each slice
    for (const BinaryOrderFigures& figure : figures) open_bin.push_back(figure.calibration_floors.size() - 1);
    BinWeights weights(slices.num_slices);
    for (size_t i = bins_.size(); i-- > 0;) {
      TRY(measurement_.context.CheckCancelled());
      const ValueBin& bin = bins_[i];
      weights.Add(bin, rows, slices, block);
      weights.ForEachTouched([&](size_t slice, double* roles) {
        while (bin.highest < figures[slice].calibration_floors[open_bin[slice]]) {
          CloseCalibrationBin(lanes[slice]);
          --open_bin[slice];
        }
        FlushBinary(bin.mean, roles, lanes[slice]);
      });
    }
    for (size_t slice = 0; slice < slices.num_slices; ++slice) {
      CloseCalibrationBin(lanes[slice]);
      FinishBinary(lanes[slice], block, slices.first_slice + slice);
    }
    return absl::OkStatus();
  }

  void FinishBinary(const BinaryLanes& lanes, size_t block, size_t slice) {
    const auto fill = [&](ByOrder order, const auto& value_of) {
      ForEachMetric(order, [&](size_t metric) {
        double* values = ResampledOf(block, slice, metric);
        for (size_t lane = 0; lane < kLanes; ++lane) values[lane] = value_of(lane);  // 0 / 0 is NaN: not defined
      });
    };
    fill(ByOrder::kAuc,
         [&](size_t lane) { return lanes.pairs[lane] / 2 / (lanes.positives[lane] * lanes.negatives[lane]); });
    fill(ByOrder::kAveragePrecision, [&](size_t lane) { return lanes.precisions[lane] / lanes.positives[lane]; });
    fill(ByOrder::kCalibrationError,
         [&](size_t lane) { return lanes.gaps[lane] / (lanes.positives[lane] + lanes.negatives[lane]); });
  }

  absl::Status MeasureMedians(const GroupSlices& slices, std::vector<std::vector<std::optional<double>>>& values) {
    const std::vector<uint32_t> cells = CellsOf(ranked_, slices.group);
    const std::vector<std::optional<double>> medians =
        Medians(ranked_, cells, slices.group, slices.first_slice, slices.num_slices);
    for (size_t slice = 0; slice < slices.num_slices; ++slice) {
      ForEachMetric(ByOrder::kMedianError,
                    [&](size_t metric) { values[slices.first_slice + slice][metric] = medians[slice]; });
    }
    const std::vector<OrderedRow> rows = OrderedRows(ranked_, cells, measurement_.keys);
    return measurement_.context.pool->ParallelFor(measurement_.num_blocks(),
                                                  [&](size_t block) { return ResampleMedians(slices, rows, block); });
  }

  absl::Status ResampleMedians(const GroupSlices& slices, std::span<const OrderedRow> rows, size_t block) {
    std::vector<MedianLanes> lanes(slices.num_slices, MedianLanes{});
    for (size_t slice = 0; slice < slices.num_slices; ++slice) {
      // The first sum of number_sums is that of the weights.
      const double* totals = sums_.lanes.Of(block, slices.first_slice + slice) + sums_.first_sum[model_] * kLanes;
      for (size_t lane = 0; lane < kLanes; ++lane) {
        lanes[slice].half[lane] = totals[lane] / 2;
        lanes[slice].median[lane] = std::nan("");
      }
    }
    BinWeights weights(slices.num_slices);
    for (const ValueBin& bin : bins_) {
      TRY(measurement_.context.CheckCancelled());
      weights.Add(bin, rows, slices, block);
      weights.ForEachTouched(
          [&](size_t slice, double* roles) { FlushMedian(bin.lowest, bin.highest, roles, lanes[slice]); });
    }
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
  std::vector<ValueBin> bins_;
};

}  // namespace

absl::Status MeasureByOrder(const Measurement& measurement, size_t model, const SliceSums& sums,
                            std::vector<std::vector<std::optional<double>>>& values, LaneTable& resampled) {
  ByOrderMeasuring measuring(measurement, model, sums, resampled);
  for (const SliceSet::Group& group : measurement.slices.groups) TRY(measuring.Measure(group, values));
  return absl::OkStatus();
}

}  // namespace roost::evaluate
