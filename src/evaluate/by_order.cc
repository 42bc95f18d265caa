#include "evaluate/by_order.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "evaluate/sum.h"

namespace roost::evaluate {
namespace {

constexpr int64_t kBins = 8192;

// Calls visit(slice, row, place) for each row and each of its slices, numbered from `first_slice`, in the order of the
// rows.
template <typename Visit>
void ForEachSlice(std::span<const RankedValue> ranked, std::span<const uint32_t> cells, const SliceSet::Group& group,
                  size_t first_slice, const Visit& visit) {
  for (size_t i = 0; i < ranked.size(); ++i) {
    for (const uint32_t slice : group.slices_of_cell[cells[i]]) visit(slice - first_slice, ranked[i], i);
  }
}

struct Totals {
  int64_t rows = 0;
  Sum weight[2];  // of each role
};

std::vector<Totals> TotalsOf(std::span<const RankedValue> ranked, std::span<const uint32_t> cells,
                             const SliceSet::Group& group, size_t first_slice, size_t num_slices) {
  std::vector<Totals> totals(num_slices);
  ForEachSlice(ranked, cells, group, first_slice, [&](size_t slice, const RankedValue& row, size_t) {
    ++totals[slice].rows;
    totals[slice].weight[row.role].Add(row.weight);
  });
  return totals;
}

// The bins of about equally many rows of binary.cc, filled from the lowest score up.
class Calibration {
 public:
  Calibration(int64_t rows, int64_t num_bins) : rows_(rows), num_bins_(num_bins) {}

  void Add(double score, int64_t rows, double positives, double weight) {
    if (bin_rows_ == 0) {
      const int64_t share = rows_before_ * num_bins_ / rows_ + 1;
      end_ = (rows_ * share + num_bins_ - 1) / num_bins_;
      floors_.push_back(score);
    }
    bin_rows_ += rows;
    scores_.Add(weight * score);
    positives_.Add(positives);
    weight_.Add(weight);
    if (rows_before_ + bin_rows_ >= end_) Close();
  }

  // The sum over the bins of |mean score - positive rate| times their weight.
  double gaps() const { return gaps_.value(); }
  std::vector<double>& floors() { return floors_; }

 private:
  void Close() {
    const double weight = weight_.value();
    gaps_.Add(weight * std::abs(scores_.value() / weight - positives_.value() / weight));
    rows_before_ += bin_rows_;
    bin_rows_ = 0;
    scores_ = positives_ = weight_ = Sum();
  }

  int64_t rows_;
  int64_t num_bins_;
  int64_t rows_before_ = 0;
  int64_t bin_rows_ = 0;
  int64_t end_ = 0;
  Sum scores_, positives_, weight_, gaps_;
  std::vector<double> floors_;
};

// One slice, whose rows come in ascending order of their scores. Rows of one score are a tie.
class BinaryWalk {
 public:
  BinaryWalk(const Totals& totals, int64_t calibration_bins, std::span<const ThresholdFigure> threshold_figures)
      : totals_(totals),
        above_{totals.weight[0], totals.weight[1]},
        calibration_(totals.rows, calibration_bins),
        threshold_figures_(threshold_figures) {
    for (const ThresholdFigure figure : threshold_figures) best_.push_back(AtThreshold(figure, 0, 0));
  }

  void Add(const RankedValue& row) {
    if (tie_rows_ > 0 && row.value != score_) EndTie();
    score_ = row.value;
    ++tie_rows_;
    tie_[row.role].Add(row.weight);
  }

  BinaryOrderFigures Finish() {
    if (tie_rows_ > 0) EndTie();
    BinaryOrderFigures figures{.calibration_floors = std::move(calibration_.floors())};
    for (const double best : best_) figures.best.push_back(std::isfinite(best) ? std::optional(best) : std::nullopt);
    if (totals_.rows == 0) return figures;
    const double negatives = totals_.weight[0].value();
    const double positives = totals_.weight[1].value();
    if (negatives > 0 && positives > 0) figures.auc = pairs_.value() / 2 / (negatives * positives);
    if (positives > 0) figures.average_precision = precisions_.value() / positives;
    figures.calibration_error = calibration_.gaps() / (negatives + positives);
    return figures;
  }

 private:
  double AtThreshold(ThresholdFigure figure, double hits, double alarms) const {
    return figure(hits, alarms, totals_.weight[1].value(), totals_.weight[0].value());
  }

  void EndTie() {
    const double negatives = tie_[0].value();
    const double positives = tie_[1].value();
    pairs_.AddProduct(positives, 2 * negatives_below_.value() + negatives);
    negatives_below_.Add(negatives);
    const double hits = above_[1].value();  // of the threshold that the tie's score is
    const double alarms = above_[0].value();
    if (positives > 0) precisions_.Add(positives * (hits / (hits + alarms)));
    for (size_t i = 0; i < best_.size(); ++i) {
      best_[i] = std::max(best_[i], AtThreshold(threshold_figures_[i], hits, alarms));  // NaN stays
    }
    above_[0].Add(-negatives);
    above_[1].Add(-positives);
    calibration_.Add(score_, tie_rows_, positives, negatives + positives);
    tie_rows_ = 0;
    tie_[0] = tie_[1] = Sum();
  }

  Totals totals_;
  double score_ = 0;
  int64_t tie_rows_ = 0;
  Sum tie_[2];    // by label
  Sum above_[2];  // from the tie up
  Sum negatives_below_;
  Sum pairs_;  // twice those in order, ties counting half
  Sum precisions_;
  Calibration calibration_;
  std::span<const ThresholdFigure> threshold_figures_;
  std::vector<double> best_;
};

// The bin of a slice that is being filled.
class BinFilling {
 public:
  BinFilling(int64_t rows_of_slice, std::span<const double> floors)
      : full_((rows_of_slice + kBins - 1) / kBins), floors_(floors) {}

  bool is_empty() const { return rows_ == 0; }

  bool EndsBefore(double value) const {
    return rows_ > 0 && value != bin_.highest && (rows_ >= full_ || IsNextFloor(value));
  }

  void Add(const RankedValue& row) {
    if (rows_ == 0) {
      // A new calibration bin begins where the bin before has ended it.
      if (IsNextFloor(row.value)) ++next_floor_;
      bin_.lowest = row.value;
    }
    bin_.highest = row.value;
    ++rows_;
    values_.Add(row.weight * row.value);
    weights_.Add(row.weight);
  }

  SliceBin Take(size_t end, size_t slice, std::optional<double> next) {
    SliceBin bin = bin_;
    bin.end = end;
    bin.slice = static_cast<uint32_t>(slice);
    bin.mean = values_.value() / weights_.value();
    bin.ends_calibration_bin = !next.has_value() || IsNextFloor(*next);
    rows_ = 0;
    values_ = weights_ = Sum();
    return bin;
  }

 private:
  bool IsNextFloor(double value) const { return next_floor_ < floors_.size() && value >= floors_[next_floor_]; }

  int64_t full_;
  std::span<const double> floors_;
  size_t next_floor_ = 0;
  int64_t rows_ = 0;
  SliceBin bin_;
  Sum values_, weights_;
};

}  // namespace

std::vector<RankedValue> Ranked(std::span<const double> values, std::span<const double> weights,
                                std::span<const double> roles) {
  std::vector<RankedValue> ranked;
  ranked.reserve(values.size());
  for (size_t row = 0; row < values.size(); ++row) {
    const double weight = weights.empty() ? 1 : weights[row];
    if (weight == 0) continue;
    const uint32_t role = !roles.empty() && roles[row] == 1 ? 1 : 0;
    ranked.push_back({values[row] + 0.0, weight, static_cast<uint32_t>(row), role});  // -0 becomes 0
  }
  std::sort(ranked.begin(), ranked.end(), [](const RankedValue& a, const RankedValue& b) {
    return std::tie(a.value, a.weight, a.role, a.row) < std::tie(b.value, b.weight, b.role, b.row);
  });
  return ranked;
}

std::vector<uint32_t> CellsOf(std::span<const RankedValue> ranked, const SliceSet::Group& group) {
  std::vector<uint32_t> cells;
  cells.reserve(ranked.size());
  for (const RankedValue& row : ranked) cells.push_back(group.cell_of_row[row.row]);
  return cells;
}

std::vector<BinaryOrderFigures> BinaryOrder(std::span<const RankedValue> ranked, std::span<const uint32_t> cells,
                                            const SliceSet::Group& group, size_t first_slice, size_t num_slices,
                                            int64_t calibration_bins,
                                            std::span<const ThresholdFigure> threshold_figures) {
  std::vector<BinaryWalk> walks;
  for (const Totals& totals : TotalsOf(ranked, cells, group, first_slice, num_slices)) {
    walks.emplace_back(totals, calibration_bins, threshold_figures);
  }
  ForEachSlice(ranked, cells, group, first_slice,
               [&](size_t slice, const RankedValue& row, size_t) { walks[slice].Add(row); });
  std::vector<BinaryOrderFigures> figures;
  for (BinaryWalk& walk : walks) figures.push_back(walk.Finish());
  return figures;
}

std::vector<std::optional<double>> Medians(std::span<const RankedValue> ranked, std::span<const uint32_t> cells,
                                           const SliceSet::Group& group, size_t first_slice, size_t num_slices) {
  const std::vector<Totals> totals = TotalsOf(ranked, cells, group, first_slice, num_slices);
  std::vector<Sum> below(num_slices);
  std::vector<std::optional<double>> medians(num_slices);
  std::vector<bool> ends_between(num_slices);
  ForEachSlice(ranked, cells, group, first_slice, [&](size_t slice, const RankedValue& row, size_t) {
    const double half = totals[slice].weight[0].value() * 0.5;
    if (ends_between[slice]) {
      medians[slice] = *medians[slice] / 2 + row.value / 2;
      ends_between[slice] = false;
    }
    if (below[slice].value() >= half) return;
    below[slice].Add(row.weight);
    medians[slice] = row.value;
    ends_between[slice] = below[slice].value() == half;
  });
  return medians;
}

std::vector<SliceBin> SliceBins(std::span<const RankedValue> ranked, std::span<const uint32_t> cells,
                                const SliceSet::Group& group, size_t first_slice, size_t num_slices,
                                std::span<const BinaryOrderFigures> figures) {
  std::vector<int64_t> rows_of_cell(group.slices_of_cell.size());
  for (const uint32_t cell : cells) ++rows_of_cell[cell];
  std::vector<int64_t> rows_of_slice(num_slices);
  for (size_t cell = 0; cell < rows_of_cell.size(); ++cell) {
    for (const uint32_t slice : group.slices_of_cell[cell]) rows_of_slice[slice - first_slice] += rows_of_cell[cell];
  }
  std::vector<BinFilling> open;
  for (size_t slice = 0; slice < num_slices; ++slice) {
    open.emplace_back(rows_of_slice[slice],
                      figures.empty() ? std::span<const double>() : figures[slice].calibration_floors);
  }
  std::vector<SliceBin> bins;
  ForEachSlice(ranked, cells, group, first_slice, [&](size_t slice, const RankedValue& row, size_t place) {
    if (open[slice].EndsBefore(row.value)) bins.push_back(open[slice].Take(place, slice, row.value));
    open[slice].Add(row);
  });
  for (size_t slice = 0; slice < num_slices; ++slice) {
    if (!open[slice].is_empty()) bins.push_back(open[slice].Take(ranked.size(), slice, std::nullopt));
  }
  return bins;
}

}  // namespace roost::evaluate
