#include "evaluate/ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/status.h"

namespace roost::evaluate {
namespace {

struct Row {
  int64_t group;
  double score;
  double target;
  double weight;
};

// By group, the best score first.
bool IsBefore(const Row& a, const Row& b) {
  return std::tie(a.group, b.score, a.target, a.weight) < std::tie(b.group, a.score, b.target, b.weight);
}

absl::StatusOr<std::vector<Row>> SortedRows(const ScoredRows& rows) {
  TRY(CheckRows(rows));
  if (rows.num_outputs != 1) {
    return absl::InvalidArgumentError(fmt::format("a row has {} scores; it must have one", rows.num_outputs));
  }
  if (rows.groups.size() != rows.targets.size()) {
    return WithHint(absl::InvalidArgumentError(fmt::format("{} rows have {} groups; every row needs one",
                                                           rows.targets.size(), rows.groups.size())),
                    "A ranking is measured within groups: name the column that tells them apart.");
  }
  std::vector<Row> sorted;
  sorted.reserve(rows.targets.size());
  for (size_t row = 0; row < rows.targets.size(); ++row) {
    if (!std::isfinite(rows.scores[row])) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: the score is {}; it must be a finite number", row, rows.scores[row]));
    }
    if (!(rows.targets[row] >= 0 && rows.targets[row] <= kLargestValue)) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: the target is {}; it must be 0 to {}", row, rows.targets[row], kLargestValue));
    }
    if (rows.WeightOf(row) == 0) continue;
    sorted.push_back({rows.groups[row], rows.scores[row] + 0.0, rows.targets[row] + 0.0, rows.WeightOf(row)});
  }
  std::sort(sorted.begin(), sorted.end(), IsBefore);
  return sorted;
}

// 1 / log2(1 + place) of places from 1 on, summed: the discounts of the first n places are at n.
class Discounts {
 public:
  explicit Discounts(size_t places) : sums_{0} {
    Sum sum;
    for (size_t place = 1; place <= places; ++place) {
      sum.Add(1 / std::log2(1 + static_cast<double>(place)));
      sums_.push_back(sum.value());
    }
  }
  // Of the places after `first` up to `last`.
  double Between(size_t first, size_t last) const { return sums_[last] - sums_[first]; }

 private:
  std::vector<double> sums_;
};

// The gain of the first `cutoff` rows; each row of a tie has the mean discount of the tie's places.
double Gain(std::span<const Row> rows, size_t cutoff, const Discounts& discounts) {
  Sum gain;
  for (size_t first = 0; first < std::min(cutoff, rows.size());) {
    Sum targets;
    size_t end = first;
    while (end < rows.size() && rows[end].score == rows[first].score) targets.Add(rows[end++].target);
    gain.Add(targets.value() * discounts.Between(first, std::min(end, cutoff)) / static_cast<double>(end - first));
    first = end;
  }
  return gain.value();
}

// In a tie of n rows with r relevant ones, the first of these is at place j of the tie with the probability that j - 1
// rows without relevance come before it.
double ReciprocalRank(std::span<const Row> rows) {
  for (size_t first = 0; first < rows.size();) {
    size_t end = first;
    double relevant = 0;
    while (end < rows.size() && rows[end].score == rows[first].score) relevant += rows[end++].target > 0 ? 1 : 0;
    if (relevant > 0) {
      Sum mean;
      double none_yet = 1;
      for (size_t place = first; place < end && none_yet > 0; ++place) {
        const auto left = static_cast<double>(end - place);
        mean.Add(none_yet * relevant / left / static_cast<double>(place + 1));
        none_yet *= (left - relevant) / left;
      }
      return mean.value();
    }
    first = end;
  }
  return 0;
}

struct GroupSums {
  Sum weight;
  Sum ndcg_5, ndcg_10, ndcg, mrr;

  void Add(std::span<const Row> rows, std::span<const Row> best, double group_weight, const Discounts& discounts) {
    const auto share = [&](size_t cutoff) { return Gain(rows, cutoff, discounts) / Gain(best, cutoff, discounts); };
    weight.Add(group_weight);
    ndcg_5.Add(group_weight * share(5));
    ndcg_10.Add(group_weight * share(10));
    ndcg.Add(group_weight * share(rows.size()));
    mrr.Add(group_weight * ReciprocalRank(rows));
  }

  RankingFigures Means() const {
    const double total = weight.value();
    return {ndcg_5.value() / total, ndcg_10.value() / total, ndcg.value() / total, mrr.value() / total};
  }
};

double MeanWeight(std::span<const Row> group) {
  std::vector<double> weights;
  for (const Row& row : group) weights.push_back(row.weight);
  std::sort(weights.begin(), weights.end());
  Sum sum;
  for (const double weight : weights) sum.Add(weight);
  return sum.value() / static_cast<double>(weights.size());
}

// `group` with the score that `score_of` gives to each row, the best first.
template <typename ScoreOf>
std::vector<Row> Ordered(std::span<const Row> group, const ScoreOf& score_of) {
  std::vector<Row> rows(group.begin(), group.end());
  for (Row& row : rows) row.score = score_of(row);
  std::sort(rows.begin(), rows.end(), IsBefore);
  return rows;
}

size_t LargestGroup(std::span<const Row> rows) {
  size_t largest = 0;
  for (size_t first = 0, row = 0; row < rows.size(); ++row) {
    if (rows[row].group != rows[first].group) first = row;
    largest = std::max(largest, row - first + 1);
  }
  return largest;
}

}  // namespace

absl::StatusOr<RankingEvaluation> EvaluateRanking(const ScoredRows& rows) {
  TRY_ASSIGN(const std::vector<Row> sorted, SortedRows(rows));
  const Discounts discounts(LargestGroup(sorted));
  RankingEvaluation evaluation;
  GroupSums model;
  GroupSums dummy;
  for (size_t first = 0; first < sorted.size();) {
    size_t end = first;
    while (end < sorted.size() && sorted[end].group == sorted[first].group) ++end;
    const std::span<const Row> group = std::span(sorted).subspan(first, end - first);
    first = end;
    const double weight = MeanWeight(group);
    evaluation.rows += static_cast<int64_t>(group.size());
    ++evaluation.groups;
    const std::vector<Row> best = Ordered(group, [](const Row& row) { return row.target; });
    if (best.front().target == 0) {
      ++evaluation.groups_without_relevant;
      continue;
    }
    model.Add(group, best, weight, discounts);
    dummy.Add(Ordered(group, [](const Row&) { return 0.0; }), best, weight, discounts);
  }
  if (evaluation.groups == evaluation.groups_without_relevant) {
    return WithHint(absl::InvalidArgumentError("no group has a row with a target above 0: no order is the better one"),
                    "Check the target of the ranking; the greater it is, the better the row.");
  }
  if (!rows.weights.empty()) evaluation.total_weight = model.weight.value();
  evaluation.model = model.Means();
  evaluation.dummy = dummy.Means();
  return evaluation;
}

}  // namespace roost::evaluate
