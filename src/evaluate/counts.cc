#include "evaluate/counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status.h"

namespace roost::evaluate {
namespace {

CountFigures Measure(std::span<const NumberRow> rows, double mean_target) {
  const auto deviance_of = [](const NumberRow& row) { return PoissonDeviance(row.target, row.score); };
  CountFigures figures{
      .poisson_deviance = WeightedMean(rows, deviance_of),
      .mae = WeightedMean(rows, [](const NumberRow& row) { return std::abs(row.score - row.target); }),
      .rmse = std::sqrt(
          WeightedMean(rows, [](const NumberRow& row) { return (row.score - row.target) * (row.score - row.target); })),
      .mean_score = WeightedMean(rows, [](const NumberRow& row) { return row.score; })};
  const bool is_constant =
      std::all_of(rows.begin(), rows.end(), [&](const NumberRow& row) { return row.target == rows.front().target; });
  if (!is_constant) {
    const double of_mean =
        WeightedMean(rows, [mean_target](const NumberRow& row) { return PoissonDeviance(row.target, mean_target); });
    if (of_mean > 0) figures.d2 = 1 - figures.poisson_deviance / of_mean;
  }
  return figures;
}

}  // namespace

double PoissonDeviance(double target, double score) {
  const double expected = std::max(score, std::numeric_limits<double>::epsilon());
  const double surprise = target > 0 ? target * std::log(target / expected) : 0;
  return 2 * (surprise - target + expected);
}

absl::StatusOr<CountsEvaluation> EvaluateCounts(const ScoredRows& rows, double baseline) {
  if (!(baseline >= 0 && baseline <= kLargestValue)) {
    return absl::InvalidArgumentError(
        fmt::format("the baseline is {}; it must be the mean of the training targets, at least 0", baseline));
  }
  TRY_ASSIGN(const std::vector<NumberRow> sorted, SortedNumberRows(rows, 0));
  const auto zeros = std::count_if(sorted.begin(), sorted.end(), [](const NumberRow& row) { return row.target == 0; });
  CountsEvaluation evaluation{.rows = static_cast<int64_t>(sorted.size()),
                              .total_weight = TotalWeight(rows, sorted),
                              .mean_target = WeightedMean(sorted, [](const NumberRow& row) { return row.target; }),
                              .zeros = zeros,
                              .baseline = baseline};
  evaluation.model = Measure(sorted, evaluation.mean_target);
  evaluation.dummy = Measure(WithScore(sorted, baseline), evaluation.mean_target);
  return evaluation;
}

}  // namespace roost::evaluate
