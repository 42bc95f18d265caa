#include "evaluate/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "base/status.h"
#include "evaluate/sum.h"
#include "evaluate/terms.h"

namespace roost::evaluate {
namespace {

using namespace binary_sums;

struct Row {
  double score;
  double weight;
  double gain;   // what acting on it adds, weighted
  double worth;  // where it is not acted on, weighted
  bool is_positive;
};

// The rows of a weight above 0, the highest score first.
absl::StatusOr<std::vector<Row>> SortedRows(const ScoredRows& rows, const OutcomeAmounts* amounts) {
  TRY(CheckTaskRows(predict::Task::kBinary, rows));
  if (amounts != nullptr) {
    ValueAmounts all;
    all.outcomes = *amounts;
    TRY(CheckAmounts(predict::Task::kBinary, all, rows.targets.size()));
  }
  const OutcomeAmounts of = amounts == nullptr ? OutcomeAmounts{} : *amounts;
  std::vector<Row> sorted;
  sorted.reserve(rows.targets.size());
  for (size_t row = 0; row < rows.targets.size(); ++row) {
    const double weight = rows.WeightOf(row);
    if (weight == 0) continue;
    const bool is_positive = rows.targets[row] == 1;
    const double acted = (is_positive ? of.true_positive : of.false_positive).At(row);
    const double left = (is_positive ? of.false_negative : of.true_negative).At(row);
    sorted.push_back({rows.scores[row] + 0.0, weight, weight * (acted - left), weight * left, is_positive});
  }
  std::sort(sorted.begin(), sorted.end(), [](const Row& a, const Row& b) {
    return std::tie(b.score, a.is_positive, a.weight, a.gain, a.worth) <
           std::tie(a.score, b.is_positive, b.weight, b.gain, b.worth);
  });
  return sorted;
}

// What the rows come to where some are acted on, those of the highest scores.
class Acting {
 public:
  explicit Acting(std::span<const Row> rows) {
    for (const Row& row : rows) {
      totals_[row.is_positive ? 1 : 0].Add(row.weight);
      value_.Add(row.worth);
    }
  }

  void Act(const Row& row) {
    acted_[row.is_positive ? 1 : 0].Add(row.weight);
    value_.Add(row.gain);
  }

  double positives() const { return totals_[1].value(); }
  double weight() const { return totals_[0].value() + totals_[1].value(); }
  double hits() const { return acted_[1].value(); }
  double acted() const { return acted_[0].value() + acted_[1].value(); }
  double value() const { return value_.value(); }

  // As terms.h names them.
  std::array<double, kNumSums> Sums() const {
    std::array<double, kNumSums> sums{};
    sums[kTruePositives] = acted_[1].value();
    sums[kFalsePositives] = acted_[0].value();
    sums[kFalseNegatives] = Left(1);
    sums[kTrueNegatives] = Left(0);
    sums[kValues] = value_.value();
    return sums;
  }

  ThresholdPoint At(double threshold) const {
    ThresholdPoint point{.threshold = threshold, .acted_weight = acted(), .value = value()};
    if (acted() > 0) point.precision = hits() / acted();
    if (positives() > 0) point.recall = hits() / positives();
    return point;
  }

 private:
  // What rounding leaves of nothing counts as nothing.
  double Left(size_t label) const {
    const double left = totals_[label].value() - acted_[label].value();
    return left > 1e-15 * totals_[label].value() ? left : 0;
  }

  Sum totals_[2];  // by label
  Sum acted_[2];
  Sum value_;
};

// A threshold above all scores, absent where a score is 1.
std::optional<double> AboveAll(std::span<const Row> rows) {
  const double above = std::nextafter(rows.front().score, 2);
  if (above > 1) return std::nullopt;
  return above;
}

// Calls visit(threshold, acting, rows acted on) for every threshold that tells rows apart, from the highest down.
template <typename Visit>
void ForEachThreshold(std::span<const Row> rows, const Visit& visit) {
  Acting acting(rows);
  if (const std::optional<double> above = AboveAll(rows); above.has_value()) visit(*above, acting, size_t{0});
  for (size_t row = 0; row < rows.size();) {
    const double score = rows[row].score;
    while (row < rows.size() && rows[row].score == score) acting.Act(rows[row++]);
    visit(score, acting, row);
  }
}

absl::Status CheckCount(const char* name, int64_t count, int64_t most) {
  if (count >= 2 && count <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{} is {}; it must be 2 to {}", name, count, most));
}

}  // namespace

std::optional<double> BreakEvenProbability(const OutcomeAmounts& amounts) {
  for (const Amount* amount :
       {&amounts.true_positive, &amounts.false_positive, &amounts.false_negative, &amounts.true_negative}) {
    if (!amount->per_row.empty()) return std::nullopt;
  }
  const double harm = amounts.true_negative.constant - amounts.false_positive.constant;
  const double good = amounts.true_positive.constant - amounts.false_negative.constant;
  if (harm < 0 || good < 0 || harm + good == 0) return std::nullopt;
  return harm / (harm + good);
}

absl::StatusOr<ThresholdCurve> ValueCurve(const ScoredRows& rows, const OutcomeAmounts& amounts, int64_t max_points) {
  TRY(CheckCount("max_points", max_points, 10'000));
  TRY_ASSIGN(const std::vector<Row> sorted, SortedRows(rows, &amounts));
  const size_t step = sorted.size() / static_cast<size_t>(max_points - 1) + 1;
  ThresholdCurve curve;
  bool has_best = false;
  size_t next = 0;  // rows acted on at the next point
  ForEachThreshold(sorted, [&](double threshold, const Acting& acting, size_t acted_rows) {
    const ThresholdPoint point = acting.At(threshold);
    if (!has_best || point.value > curve.best.value) curve.best = point;
    has_best = true;
    if (acted_rows < next && acted_rows < sorted.size()) return;
    curve.points.push_back(point);
    next = acted_rows + step;
  });
  return curve;
}

absl::StatusOr<std::vector<LiftPoint>> LiftCurve(const ScoredRows& rows, const OutcomeAmounts& amounts, int64_t parts) {
  TRY(CheckCount("parts", parts, 1000));
  TRY_ASSIGN(const std::vector<Row> sorted, SortedRows(rows, &amounts));
  const Acting none(sorted);
  std::vector<LiftPoint> curve;
  double acted = 0, hits = 0, value = none.value();  // of the threshold before
  ForEachThreshold(sorted, [&](double, const Acting& acting, size_t acted_rows) {
    while (static_cast<int64_t>(curve.size()) < parts && acted_rows > 0) {
      const double share = static_cast<double>(curve.size() + 1) / static_cast<double>(parts);
      const bool is_last = acted_rows == sorted.size();
      if (share * none.weight() > acting.acted() && !is_last) break;
      const double part = std::clamp((share * none.weight() - acted) / (acting.acted() - acted), 0.0, 1.0);
      LiftPoint point{.share = share, .value = value + part * (acting.value() - value)};
      if (none.positives() > 0) {
        point.gain = (hits + part * (acting.hits() - hits)) / none.positives();
        point.lift = *point.gain / share;
      }
      curve.push_back(point);
    }
    acted = acting.acted();
    hits = acting.hits();
    value = acting.value();
  });
  return curve;
}

absl::StatusOr<LearnedThreshold> LearnThreshold(const ScoredRows& rows, const NamedMetric& metric,
                                                const OutcomeAmounts* amounts) {
  if (!metric.uses_threshold || metric.better == Better::kNeither || metric.of_sums == nullptr) {
    return WithHint(absl::InvalidArgumentError(fmt::format("no threshold is the best one by {}", metric.name)),
                    "Name a metric of decisions, such as f1, balanced_accuracy or value.");
  }
  if (metric.name == "value" && amounts == nullptr) {
    return absl::InvalidArgumentError("the metric 'value' needs to know what predictions are worth");
  }
  TRY_ASSIGN(const std::vector<Row> sorted, SortedRows(rows, amounts));
  std::optional<LearnedThreshold> best;
  ForEachThreshold(sorted, [&](double threshold, const Acting& acting, size_t) {
    const std::optional<double> value = metric.of_sums(acting.Sums());
    if (!value.has_value()) return;
    if (!best.has_value() || *BetterBy(metric, *value, best->value) > 0) best = LearnedThreshold{threshold, *value};
  });
  if (!best.has_value()) {
    return absl::InvalidArgumentError(
        fmt::format("{} is not defined at any threshold: labels or scores are all the same", metric.name));
  }
  return *best;
}

}  // namespace roost::evaluate
