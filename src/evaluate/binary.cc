#include "evaluate/binary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/status.h"
#include "evaluate/rows.h"
#include "evaluate/sum.h"

namespace roost::evaluate {
namespace {

// The rows of one score and what they weigh. All figures are functions of the groups in ascending order of their
// scores, and so do not depend on the order of the rows.
struct Group {
  double score;
  int64_t negatives = 0;
  int64_t positives = 0;
  Sum negative_weight;  // the rows themselves, exactly, where they have no weights
  Sum positive_weight;

  int64_t rows() const { return negatives + positives; }
  double weight() const { return negative_weight.value() + positive_weight.value(); }
};

struct Totals {
  int64_t negatives = 0;
  int64_t positives = 0;
  Sum negative_weight;
  Sum positive_weight;

  void Add(const Group& group) {
    negatives += group.negatives;
    positives += group.positives;
    negative_weight.Add(group.negative_weight.value());
    positive_weight.Add(group.positive_weight.value());
  }
  int64_t rows() const { return negatives + positives; }
  double weight() const { return negative_weight.value() + positive_weight.value(); }
};

absl::Status CheckOptions(const EvaluateOptions& options) {
  if (!(options.threshold >= 0 && options.threshold <= 1)) {
    return absl::InvalidArgumentError(fmt::format("threshold is {}; it must be in [0, 1]", options.threshold));
  }
  if (options.calibration_bins < 1 || options.calibration_bins > 1000) {
    return absl::InvalidArgumentError(
        fmt::format("calibration_bins is {}; it must be 1 to 1000", options.calibration_bins));
  }
  if (!(options.base_rate >= 0 && options.base_rate <= 1)) {
    return absl::InvalidArgumentError(fmt::format(
        "base_rate is {}; it must be the share of positive labels in the training data", options.base_rate));
  }
  return absl::OkStatus();
}

absl::Status CheckRows(std::span<const double> scores, std::span<const int8_t> labels) {
  if (scores.size() != labels.size()) {
    return absl::InvalidArgumentError(
        fmt::format("{} scores have {} labels; every row needs one", scores.size(), labels.size()));
  }
  if (scores.empty()) {
    return WithHint(absl::InvalidArgumentError("there are no rows to evaluate"),
                    "Check the row filter and how rows are split between training and evaluation.");
  }
  for (size_t row = 0; row < scores.size(); ++row) {
    if (!(scores[row] >= 0 && scores[row] <= 1)) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: the score is {}; it must be a probability in [0, 1]", row, scores[row]));
    }
    if (labels[row] != 0 && labels[row] != 1) {
      return absl::InvalidArgumentError(fmt::format("row {}: the label is {}; it must be 0 or 1", row, labels[row]));
    }
  }
  return absl::OkStatus();
}

std::vector<Group> GroupByScore(std::span<const double> scores, std::span<const int8_t> labels,
                                std::span<const double> weights) {
  struct Row {
    double score;
    double weight;
    bool positive;
  };
  std::vector<Row> rows;
  rows.reserve(scores.size());
  for (size_t row = 0; row < scores.size(); ++row) {
    const double weight = weights.empty() ? 1 : weights[row];
    if (weight > 0) rows.push_back({scores[row] + 0.0, weight, labels[row] == 1});  // -0 becomes 0
  }
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return std::tie(a.score, a.weight) < std::tie(b.score, b.weight); });
  std::vector<Group> groups;
  for (const Row& row : rows) {
    if (groups.empty() || groups.back().score != row.score) groups.push_back({.score = row.score});
    Group& group = groups.back();
    ++(row.positive ? group.positives : group.negatives);
    (row.positive ? group.positive_weight : group.negative_weight).Add(row.weight);
  }
  return groups;
}

Totals Count(std::span<const Group> groups) {
  Totals totals;
  for (const Group& group : groups) totals.Add(group);
  return totals;
}

// Mann and Whitney's U, doubled so that ties stay whole numbers: exact up to four thousand million rows.
std::optional<double> Auc(std::span<const Group> groups, const Totals& totals) {
  if (totals.negatives == 0 || totals.positives == 0) return std::nullopt;
  Sum doubled;
  Sum negatives_below;
  for (const Group& group : groups) {
    const double negatives = group.negative_weight.value();
    doubled.AddProduct(group.positive_weight.value(), 2 * negatives_below.value() + negatives);
    negatives_below.Add(negatives);
  }
  return doubled.value() / 2 / (totals.negative_weight.value() * totals.positive_weight.value());
}

Confusion Confuse(std::span<const Group> groups, double threshold) {
  Confusion confusion;
  for (const Group& group : groups) {
    const bool positive = group.score >= threshold;
    (positive ? confusion.true_positives : confusion.false_negatives) += group.positives;
    (positive ? confusion.false_positives : confusion.true_negatives) += group.negatives;
  }
  return confusion;
}

// `rows` of `num_bins` equal shares; a bin ends with the group that its share ends in.
std::vector<CalibrationBin> Calibrate(std::span<const Group> groups, int num_bins, bool has_weights) {
  const int64_t total = Count(groups).rows();
  std::vector<CalibrationBin> bins;
  int64_t rows_before = 0;
  for (size_t next = 0; next < groups.size();) {
    const size_t first = next;
    // The first share that is not yet full ends here.
    const int64_t share = rows_before * num_bins / total + 1;
    const int64_t end = (total * share + num_bins - 1) / num_bins;
    Sum scores;
    Totals bin;
    while (next < groups.size() && rows_before + bin.rows() < end) {
      scores.Add(groups[next].weight() * groups[next].score);
      bin.Add(groups[next]);
      ++next;
    }
    rows_before += bin.rows();
    bins.push_back({.lowest_score = groups[first].score,
                    .highest_score = groups[next - 1].score,
                    .mean_score = scores.value() / bin.weight(),
                    .positive_rate = bin.positive_weight.value() / bin.weight(),
                    .rows = bin.rows()});
    if (has_weights) bins.back().weight = bin.weight();
  }
  return bins;
}

// What is a share of the rows: each counts with its weight.
void MeasureDecisions(std::span<const Group> groups, const Totals& totals, double threshold, BinaryFigures& figures) {
  Sum hits;  // true positives
  Sum rejections;
  Sum predicted;
  for (const Group& group : groups) {
    if (group.score >= threshold) {
      hits.Add(group.positive_weight.value());
      predicted.Add(group.weight());
    } else {
      rejections.Add(group.negative_weight.value());
    }
  }
  figures.confusion = Confuse(groups, threshold);
  figures.accuracy = (hits.value() + rejections.value()) / totals.weight();
  if (predicted.value() > 0) figures.precision = hits.value() / predicted.value();
  if (totals.positives > 0) figures.recall = hits.value() / totals.positive_weight.value();
}

BinaryFigures Measure(std::span<const Group> groups, std::span<const CalibrationBin> bins, double threshold) {
  const Totals totals = Count(groups);
  BinaryFigures figures;
  figures.auc = Auc(groups, totals);
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  Sum losses;
  Sum squares;
  for (const Group& group : groups) {
    const double clipped = std::clamp(group.score, kEpsilon, 1 - kEpsilon);
    const double negatives = group.negative_weight.value();
    const double positives = group.positive_weight.value();
    losses.Add(-positives * std::log(clipped) - negatives * std::log1p(-clipped));
    squares.Add(positives * (1 - group.score) * (1 - group.score) + negatives * group.score * group.score);
  }
  figures.log_loss = losses.value() / totals.weight();
  figures.brier = squares.value() / totals.weight();
  Sum gaps;
  for (const CalibrationBin& bin : bins) {
    gaps.Add(bin.weight.value_or(static_cast<double>(bin.rows)) * std::abs(bin.mean_score - bin.positive_rate));
  }
  figures.calibration_error = gaps.value() / totals.weight();
  MeasureDecisions(groups, totals, threshold, figures);
  return figures;
}

}  // namespace

std::vector<CalibrationBin> CalibrationOf(std::span<const double> scores, std::span<const int8_t> labels, int bins,
                                          std::span<const double> weights) {
  return Calibrate(GroupByScore(scores, labels, weights), bins, !weights.empty());
}

absl::StatusOr<BinaryEvaluation> EvaluateBinary(std::span<const double> scores, std::span<const int8_t> labels,
                                                const EvaluateOptions& options, std::span<const double> weights) {
  TRY(CheckOptions(options));
  TRY(CheckRows(scores, labels));
  TRY(CheckWeights(weights, scores.size()));
  const bool has_weights = !weights.empty();
  const std::vector<Group> groups = GroupByScore(scores, labels, weights);
  const Totals totals = Count(groups);
  BinaryEvaluation evaluation{.rows = totals.rows(),
                              .positives = totals.positives,
                              .threshold = options.threshold,
                              .base_rate = options.base_rate,
                              .calibration = Calibrate(groups, options.calibration_bins, has_weights)};
  if (has_weights) evaluation.total_weight = totals.weight();
  evaluation.model = Measure(groups, evaluation.calibration, options.threshold);
  const std::vector<Group> dummy{{.score = options.base_rate,
                                  .negatives = totals.negatives,
                                  .positives = totals.positives,
                                  .negative_weight = totals.negative_weight,
                                  .positive_weight = totals.positive_weight}};
  evaluation.dummy = Measure(dummy, Calibrate(dummy, 1, has_weights), options.threshold);
  return evaluation;
}

}  // namespace roost::evaluate
