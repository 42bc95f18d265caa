#include "evaluate/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/status.h"
#include "evaluate/quantiles.h"

namespace roost::evaluate {
namespace {

constexpr std::array kShares{0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

// Errors in ascending order.
template <typename ErrorOf>
WeightedValues SortedErrors(std::span<const NumberRow> rows, const ErrorOf& error_of) {
  WeightedValues errors;
  errors.reserve(rows.size());
  for (const NumberRow& row : rows) errors.emplace_back(error_of(row), row.weight);
  std::sort(errors.begin(), errors.end());
  return errors;
}

NumberFigures Measure(std::span<const NumberRow> rows, double mean_target) {
  const auto error_of = [](const NumberRow& row) { return row.score - row.target; };
  const auto size_of = [](const NumberRow& row) { return std::abs(row.score - row.target); };
  const auto square_of = [](const NumberRow& row) { return (row.score - row.target) * (row.score - row.target); };
  const double squares = WeightedMean(rows, square_of);
  const double variance = WeightedMean(
      rows, [mean_target](const NumberRow& row) { return (row.target - mean_target) * (row.target - mean_target); });
  const bool is_constant =
      std::all_of(rows.begin(), rows.end(), [&](const NumberRow& row) { return row.target == rows.front().target; });
  constexpr std::array kHalf{0.5};
  NumberFigures figures{.rmse = std::sqrt(squares),
                        .mae = WeightedMean(rows, size_of),
                        .median_error = WeightedQuantiles(SortedErrors(rows, size_of), kHalf).front(),
                        .mean_bias = WeightedMean(rows, error_of)};
  if (!is_constant && variance > 0) figures.r2 = 1 - squares / variance;
  const std::vector<double> errors = WeightedQuantiles(SortedErrors(rows, error_of), kShares);
  for (size_t i = 0; i < kShares.size(); ++i) figures.error_quantiles.push_back({kShares[i], errors[i]});
  return figures;
}

}  // namespace

absl::StatusOr<NumbersEvaluation> EvaluateNumbers(const ScoredRows& rows, double baseline) {
  if (!(std::abs(baseline) <= kLargestValue)) {
    return absl::InvalidArgumentError(
        fmt::format("the baseline is {}; it must be the mean of the training targets", baseline));
  }
  TRY_ASSIGN(const std::vector<NumberRow> sorted, SortedNumberRows(rows, -kLargestValue));
  const auto [least, greatest] = std::minmax_element(
      sorted.begin(), sorted.end(), [](const NumberRow& a, const NumberRow& b) { return a.target < b.target; });
  NumbersEvaluation evaluation{.rows = static_cast<int64_t>(sorted.size()),
                               .total_weight = TotalWeight(rows, sorted),
                               .least_target = least->target,
                               .mean_target = WeightedMean(sorted, [](const NumberRow& row) { return row.target; }),
                               .greatest_target = greatest->target,
                               .baseline = baseline};
  evaluation.model = Measure(sorted, evaluation.mean_target);
  evaluation.dummy = Measure(WithScore(sorted, baseline), evaluation.mean_target);
  return evaluation;
}

}  // namespace roost::evaluate
