#include "evaluate/by_order.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "evaluate/sum.h"

namespace roost::evaluate {
namespace {

constexpr size_t kValueBins = 8192;

// Calls visit(slice, row) for each row and each of its slices, numbered from `first_slice`, in the order of the rows.
template <typename Visit>
void ForEachSlice(std::span<const RankedValue> ranked, std::span<const uint32_t> cells, const SliceSet::Group& group,
                  size_t first_slice, const Visit& visit) {
  for (size_t i = 0; i < ranked.size(); ++i) {
    for (const uint32_t slice : group.slices_of_cell[cells[i]]) visit(slice - first_slice, ranked[i]);
  }
}

struct Totals {
  int64_t rows = 0;
  Sum weight[2];  // of each role
};

std::vector<Totals> TotalsOf(std::span<const RankedValue> ranked, std::span<const uint32_t> cells,
                             const SliceSet::Group& group, size_t first_slice, size_t num_slices) {
  std::vector<Totals> totals(num_slices);
  ForEachSlice(ranked, cells, group, first_slice, [&](size_t slice, const RankedValue& row) {
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
  BinaryWalk(const Totals& totals, int64_t calibration_bins)
      : totals_(totals), above_{totals.weight[0], totals.weight[1]}, calibration_(totals.rows, calibration_bins) {}

  void Add(const RankedValue& row) {
    if (tie_rows_ > 0 && row.value != score_) EndTie();
    score_ = row.value;
    ++tie_rows_;
    tie_[row.role].Add(row.weight);
  }

  BinaryOrderFigures Finish() {
    if (tie_rows_ > 0) EndTie();
    BinaryOrderFigures figures{.calibration_floors = std::move(calibration_.floors())};
    if (totals_.rows == 0) return figures;
    const double negatives = totals_.weight[0].value();
    const double positives = totals_.weight[1].value();
    if (negatives > 0 && positives > 0) figures.auc = pairs_.value() / 2 / (negatives * positives);
    if (positives > 0) figures.average_precision = precisions_.value() / positives;
    figures.calibration_error = calibration_.gaps() / (negatives + positives);
    return figures;
  }

 private:
  void EndTie() {
    const double negatives = tie_[0].value();
    const double positives = tie_[1].value();
    pairs_.AddProduct(positives, 2 * negatives_below_.value() + negatives);
    negatives_below_.Add(negatives);
    if (positives > 0) {
      const double hits = above_[1].value();
      precisions_.Add(positives * (hits / (hits + above_[0].value())));
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
                                            int64_t calibration_bins) {
  std::vector<BinaryWalk> walks;
  for (const Totals& totals : TotalsOf(ranked, cells, group, first_slice, num_slices)) {
    walks.emplace_back(totals, calibration_bins);
  }
  ForEachSlice(ranked, cells, group, first_slice, [&](size_t slice, const RankedValue& row) { walks[slice].Add(row); });
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
  ForEachSlice(ranked, cells, group, first_slice, [&](size_t slice, const RankedValue& row) {
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

std::vector<ValueBin> ValueBins(std::span<const RankedValue> ranked) {
  const size_t least_rows = (ranked.size() + kValueBins - 1) / kValueBins;
  std::vector<ValueBin> bins;
  for (size_t begin = 0; begin < ranked.size();) {
    size_t end = std::min(ranked.size(), begin + least_rows);
    while (end < ranked.size() && ranked[end].value == ranked[end - 1].value) ++end;
    Sum values, weights;
    for (const RankedValue& row : ranked.subspan(begin, end - begin)) {
      values.Add(row.weight * row.value);
      weights.Add(row.weight);
    }
    bins.push_back({begin, end, ranked[begin].value, ranked[end - 1].value, values.value() / weights.value()});
    begin = end;
  }
  return bins;
}

}  // namespace roost::evaluate
