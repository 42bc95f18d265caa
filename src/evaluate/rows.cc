#include "evaluate/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/status.h"

namespace roost::evaluate {

absl::Status CheckWeights(std::span<const double> weights, size_t num_rows) {
  if (weights.empty()) return absl::OkStatus();
  if (weights.size() != num_rows) {
    return absl::InvalidArgumentError(
        fmt::format("{} rows have {} weights; every row needs one", num_rows, weights.size()));
  }
  bool any = false;
  for (size_t row = 0; row < weights.size(); ++row) {
    if (!(weights[row] == 0 || (weights[row] >= kLeastWeight && weights[row] <= kLargestValue))) {
      return absl::InvalidArgumentError(fmt::format("row {}: the weight is {}; it must be 0, or from {} to {}", row,
                                                    weights[row], kLeastWeight, kLargestValue));
    }
    any = any || weights[row] > 0;
  }
  if (!any) {
    return WithHint(absl::InvalidArgumentError("all weights are 0: there are no rows to evaluate"),
                    "Check the column or expression that the weights come from.");
  }
  return absl::OkStatus();
}

absl::Status CheckRows(const ScoredRows& rows) {
  if (rows.num_outputs < 1) {
    return absl::InvalidArgumentError(fmt::format("a row has {} scores; it must have one or more", rows.num_outputs));
  }
  if (rows.scores.size() != rows.targets.size() * static_cast<size_t>(rows.num_outputs)) {
    return absl::InvalidArgumentError(fmt::format("{} scores, {} a row, have {} targets; every row needs one",
                                                  rows.scores.size(), rows.num_outputs, rows.targets.size()));
  }
  if (rows.targets.empty()) {
    return WithHint(absl::InvalidArgumentError("there are no rows to evaluate"),
                    "Check the row filter and how rows are split between training and evaluation.");
  }
  return CheckWeights(rows.weights, rows.targets.size());
}

absl::StatusOr<std::vector<NumberRow>> SortedNumberRows(const ScoredRows& rows, double least) {
  TRY(CheckRows(rows));
  if (rows.num_outputs != 1) {
    return absl::InvalidArgumentError(fmt::format("a row has {} scores; it must have one", rows.num_outputs));
  }
  const auto is_right = [least](double value) { return value >= least && value <= kLargestValue; };
  std::vector<NumberRow> sorted;
  sorted.reserve(rows.targets.size());
  for (size_t row = 0; row < rows.targets.size(); ++row) {
    const NumberRow added{rows.targets[row] + 0.0, rows.scores[row] + 0.0, rows.WeightOf(row)};  // -0 becomes 0
    if (!is_right(added.score) || !is_right(added.target)) {
      const bool is_score = !is_right(added.score);
      return absl::InvalidArgumentError(fmt::format("row {}: the {} is {}; it must be a number from {} to {}", row,
                                                    is_score ? "score" : "target",
                                                    is_score ? added.score : added.target, least, kLargestValue));
    }
    if (added.weight > 0) sorted.push_back(added);
  }
  std::sort(sorted.begin(), sorted.end(), [](const NumberRow& a, const NumberRow& b) {
    return std::tie(a.score, a.target, a.weight) < std::tie(b.score, b.target, b.weight);
  });
  return sorted;
}

std::optional<double> TotalWeight(const ScoredRows& rows, std::span<const NumberRow> sorted) {
  if (rows.weights.empty()) return std::nullopt;
  Sum total;
  for (const NumberRow& row : sorted) total.Add(row.weight);
  return total.value();
}

std::vector<NumberRow> WithScore(std::span<const NumberRow> rows, double score) {
  std::vector<NumberRow> with_score(rows.begin(), rows.end());
  for (NumberRow& row : with_score) row.score = score;
  return with_score;
}

}  // namespace roost::evaluate
