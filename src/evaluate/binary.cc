#include "evaluate/binary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/status.h"

namespace roost::evaluate {
namespace {

// The rows of one score. All figures are functions of the groups in ascending order of their scores, and so do not
// depend on the order of the rows.
struct Group {
  double score;
  int64_t negatives;
  int64_t positives;

  int64_t rows() const { return negatives + positives; }
};

struct Totals {
  int64_t negatives = 0;
  int64_t positives = 0;

  double rows() const { return static_cast<double>(negatives + positives); }
};

// Neumaier's compensated sum: the error does not grow with the number of terms.
class Sum {
 public:
  void Add(double term) {
    const double next = sum_ + term;
    lost_ += std::abs(sum_) >= std::abs(term) ? (sum_ - next) + term : (term - next) + sum_;
    sum_ = next;
  }
  double value() const { return sum_ + lost_; }

 private:
  double sum_ = 0;
  double lost_ = 0;
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

std::vector<Group> GroupByScore(std::span<const double> scores, std::span<const int8_t> labels) {
  struct Row {
    double score;
    bool positive;
  };
  std::vector<Row> rows(scores.size());
  for (size_t row = 0; row < rows.size(); ++row) rows[row] = {scores[row] + 0.0, labels[row] == 1};  // -0 becomes 0
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.score < b.score; });
  std::vector<Group> groups;
  for (const Row& row : rows) {
    if (groups.empty() || groups.back().score != row.score) groups.push_back({row.score, 0, 0});
    ++(row.positive ? groups.back().positives : groups.back().negatives);
  }
  return groups;
}

Totals Count(std::span<const Group> groups) {
  Totals totals;
  for (const Group& group : groups) {
    totals.negatives += group.negatives;
    totals.positives += group.positives;
  }
  return totals;
}

// Mann and Whitney's U, doubled so that ties stay whole numbers: exact up to four thousand million rows.
std::optional<double> Auc(std::span<const Group> groups, const Totals& totals) {
  if (totals.negatives == 0 || totals.positives == 0) return std::nullopt;
  uint64_t doubled = 0;
  uint64_t negatives_below = 0;
  for (const Group& group : groups) {
    const auto negatives = static_cast<uint64_t>(group.negatives);
    doubled += static_cast<uint64_t>(group.positives) * (2 * negatives_below + negatives);
    negatives_below += negatives;
  }
  const double pairs = static_cast<double>(totals.negatives) * static_cast<double>(totals.positives);
  return static_cast<double>(doubled) / 2 / pairs;
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
std::vector<CalibrationBin> Calibrate(std::span<const Group> groups, int num_bins) {
  const int64_t total = Count(groups).negatives + Count(groups).positives;
  std::vector<CalibrationBin> bins;
  int64_t rows_before = 0;
  for (size_t next = 0; next < groups.size();) {
    const size_t first = next;
    // The first share that is not yet full ends here.
    const int64_t share = rows_before * num_bins / total + 1;
    const int64_t end = (total * share + num_bins - 1) / num_bins;
    Sum scores;
    Totals bin;
    while (next < groups.size() && rows_before + bin.negatives + bin.positives < end) {
      scores.Add(static_cast<double>(groups[next].rows()) * groups[next].score);
      bin.negatives += groups[next].negatives;
      bin.positives += groups[next].positives;
      ++next;
    }
    rows_before += bin.negatives + bin.positives;
    bins.push_back({.lowest_score = groups[first].score,
                    .highest_score = groups[next - 1].score,
                    .mean_score = scores.value() / bin.rows(),
                    .positive_rate = static_cast<double>(bin.positives) / bin.rows(),
                    .rows = bin.negatives + bin.positives});
  }
  return bins;
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
    const auto negatives = static_cast<double>(group.negatives);
    const auto positives = static_cast<double>(group.positives);
    losses.Add(-positives * std::log(clipped) - negatives * std::log1p(-clipped));
    squares.Add(positives * (1 - group.score) * (1 - group.score) + negatives * group.score * group.score);
  }
  figures.log_loss = losses.value() / totals.rows();
  figures.brier = squares.value() / totals.rows();
  Sum gaps;
  for (const CalibrationBin& bin : bins) {
    gaps.Add(static_cast<double>(bin.rows) * std::abs(bin.mean_score - bin.positive_rate));
  }
  figures.calibration_error = gaps.value() / totals.rows();
  const Confusion& confusion = figures.confusion = Confuse(groups, threshold);
  const auto hits = static_cast<double>(confusion.true_positives);
  figures.accuracy = (hits + static_cast<double>(confusion.true_negatives)) / totals.rows();
  const int64_t predicted = confusion.true_positives + confusion.false_positives;
  if (predicted > 0) figures.precision = hits / static_cast<double>(predicted);
  if (totals.positives > 0) figures.recall = hits / static_cast<double>(totals.positives);
  return figures;
}

}  // namespace

absl::StatusOr<BinaryEvaluation> EvaluateBinary(std::span<const double> scores, std::span<const int8_t> labels,
                                                const EvaluateOptions& options) {
  TRY(CheckOptions(options));
  TRY(CheckRows(scores, labels));
  const std::vector<Group> groups = GroupByScore(scores, labels);
  const Totals totals = Count(groups);
  BinaryEvaluation evaluation{.rows = totals.negatives + totals.positives,
                              .positives = totals.positives,
                              .threshold = options.threshold,
                              .base_rate = options.base_rate,
                              .calibration = Calibrate(groups, options.calibration_bins)};
  evaluation.model = Measure(groups, evaluation.calibration, options.threshold);
  const std::vector<Group> dummy{{options.base_rate, totals.negatives, totals.positives}};
  evaluation.dummy = Measure(dummy, Calibrate(dummy, 1), options.threshold);
  return evaluation;
}

}  // namespace roost::evaluate
