#include <algorithm>
#include <cmath>

#include "evaluate/metric_tables.h"

namespace roost::evaluate {
namespace {

using namespace number_sums;
using Sums = std::span<const double>;
using Value = std::optional<double>;

template <Total kSum>
Value Mean(Sums sums) {
  return Ratio(sums[kSum], sums[kWeights]);
}

template <Total kSum>
Value RootMean(Sums sums) {
  const Value mean = Mean<kSum>(sums);
  return mean.has_value() ? Value(std::sqrt(*mean)) : std::nullopt;
}

template <Total kSum>
Value MeanFromCentre(Sums sums) {
  return Ratio(sums[kCentres] + sums[kSum], sums[kWeights]);
}

// The sum of the squared differences of targets or scores from their mean.
double Spread(Sums sums, Total values, Total squares) {
  return sums[squares] - sums[values] * (sums[values] / sums[kWeights]);
}

bool TargetsAreAlike(Sums sums) {
  return sums[kWeights] == 0 || IsNoSpread(Spread(sums, kTargets, kTargetSquares), sums[kTargetSquares]);
}

Value R2(Sums sums) {
  if (TargetsAreAlike(sums)) return std::nullopt;
  return 1 - sums[kErrorSquares] / Spread(sums, kTargets, kTargetSquares);
}

// 1 - the errors' variance / the targets'.
Value ExplainedVariance(Sums sums) {
  if (TargetsAreAlike(sums)) return std::nullopt;
  return 1 - Spread(sums, kErrors, kErrorSquares) / Spread(sums, kTargets, kTargetSquares);
}

Value PearsonSquared(Sums sums) {
  if (TargetsAreAlike(sums)) return std::nullopt;
  const double scores = Spread(sums, kScores, kScoreSquares);
  if (IsNoSpread(scores, sums[kScoreSquares])) return std::nullopt;
  const double both = sums[kProducts] - sums[kTargets] * (sums[kScores] / sums[kWeights]);
  return both / scores * (both / Spread(sums, kTargets, kTargetSquares));
}

Value Msle(Sums sums) { return sums[kNoLogs] > 0 ? std::nullopt : Mean<kLogSquares>(sums); }

Value Rmsle(Sums sums) {
  const Value mean = Msle(sums);
  return mean.has_value() ? Value(std::sqrt(*mean)) : std::nullopt;
}

// 1 - the deviance / that of the targets' mean as every row's score.
Value D2(Sums sums) {
  if (TargetsAreAlike(sums)) return std::nullopt;
  const double total = sums[kTargetsCounted];
  const double of_mean = 2 * (sums[kTargetLogs] - total * std::log(total / sums[kWeights]));
  if (IsNoSpread(of_mean, std::abs(sums[kTargetLogs]))) return std::nullopt;
  return 1 - sums[kDeviances] / of_mean;
}

constexpr TermSet kMoments = Term(kWeights) | Term(kTargets) | Term(kTargetSquares);

constexpr NamedMetric kRmse{.name = "rmse",
                            .better = Better::kLower,
                            .meaning = "the square root of the mean squared error",
                            .of_sums = RootMean<kErrorSquares>,
                            .needs = Term(kWeights) | Term(kErrorSquares)};
constexpr NamedMetric kMse{.name = "mse",
                           .better = Better::kLower,
                           .meaning = "the mean squared error",
                           .of_sums = Mean<kErrorSquares>,
                           .needs = Term(kWeights) | Term(kErrorSquares)};
constexpr NamedMetric kMae{.name = "mae",
                           .better = Better::kLower,
                           .meaning = "the mean absolute error",
                           .of_sums = Mean<kSizes>,
                           .needs = Term(kWeights) | Term(kSizes)};
constexpr NamedMetric kMedianError{.name = "median_error",
                                   .better = Better::kLower,
                                   .meaning = "the median of the absolute errors",
                                   .needs = Term(kWeights),
                                   .by_order = ByOrder::kMedianError};
constexpr NamedMetric kMape{.name = "mape",
                            .better = Better::kLower,
                            .meaning = "the mean of |error| / |target|, a share",
                            .of_sums = Mean<kErrorShares>,
                            .needs = Term(kWeights) | Term(kErrorShares)};
constexpr NamedMetric kMsle{.name = "msle",
                            .better = Better::kLower,
                            .meaning = "the mean squared difference of log(1 + score) and log(1 + target)",
                            .of_sums = Msle,
                            .needs = Term(kWeights) | Term(kLogSquares) | Term(kNoLogs)};
constexpr NamedMetric kRmsle{.name = "rmsle",
                             .better = Better::kLower,
                             .meaning = "the square root of msle",
                             .of_sums = Rmsle,
                             .needs = Term(kWeights) | Term(kLogSquares) | Term(kNoLogs)};
constexpr NamedMetric kBias{.name = "bias",
                            .better = Better::kNearest,
                            .nearest = 0,
                            .meaning = "the mean of score - target",
                            .of_sums = Mean<kErrors>,
                            .needs = Term(kWeights) | Term(kErrors)};
constexpr NamedMetric kR2{.name = "r2",
                          .meaning = "the share of the targets' variance that the scores explain",
                          .of_sums = R2,
                          .needs = kMoments | Term(kErrorSquares)};
constexpr NamedMetric kExplainedVariance{.name = "explained_variance",
                                         .meaning = "r2 of the scores without their bias",
                                         .of_sums = ExplainedVariance,
                                         .needs = kMoments | Term(kErrors) | Term(kErrorSquares)};
constexpr NamedMetric kPearson{.name = "pearson_squared",
                               .meaning = "the squared correlation of scores and targets",
                               .of_sums = PearsonSquared,
                               .needs = kMoments | Term(kScores) | Term(kScoreSquares) | Term(kProducts)};
constexpr NamedMetric kDeviance{.name = "poisson_deviance",
                                .better = Better::kLower,
                                .meaning = "the mean deviance of Poisson's distribution",
                                .of_sums = Mean<kDeviances>,
                                .needs = Term(kWeights) | Term(kDeviances)};
constexpr NamedMetric kD2{.name = "d2",
                          .meaning = "the share of the targets' Poisson deviance that the scores explain",
                          .of_sums = D2,
                          .needs = kMoments | Term(kDeviances) | Term(kTargetLogs) | Term(kTargetsCounted)};
constexpr NamedMetric kCalibrationRatio{
    .name = "calibration_ratio",
    .better = Better::kNearest,
    .nearest = 1,
    .meaning = "the mean score divided by the mean target",
    .of_sums = [](Sums sums) { return Ratio(sums[kCentres] + sums[kScores], sums[kCentres] + sums[kTargets]); },
    .needs = Term(kWeights) | Term(kCentres) | Term(kScores) | Term(kTargets)};
constexpr NamedMetric kValue{.name = "value",
                             .meaning = "the mean value of a row: minus the cost of its error",
                             .of_sums = Mean<kValues>,
                             .needs = Term(kWeights) | Term(kValues)};
constexpr NamedMetric kMeanScore{.name = "mean_score",
                                 .better = Better::kNeither,
                                 .meaning = "the mean of the scores",
                                 .of_sums = MeanFromCentre<kScores>,
                                 .needs = Term(kWeights) | Term(kCentres) | Term(kScores)};
constexpr NamedMetric kMeanTarget{.name = "mean_target",
                                  .better = Better::kNeither,
                                  .meaning = "the mean of the targets",
                                  .of_sums = MeanFromCentre<kTargets>,
                                  .needs = Term(kWeights) | Term(kCentres) | Term(kTargets)};
constexpr NamedMetric kZeroShare{.name = "zero_share",
                                 .better = Better::kNeither,
                                 .meaning = "the share of rows whose target is 0",
                                 .of_sums = Mean<kZeros>,
                                 .needs = Term(kWeights) | Term(kZeros)};
constexpr NamedMetric kWeight{.name = "weight",
                              .better = Better::kNeither,
                              .meaning = "the sum of the rows' weights: their number, where they have none",
                              .of_sums = [](Sums sums) -> Value { return sums[kWeights]; },
                              .needs = Term(kWeights)};

constexpr NamedMetric kNumberMetrics[] = {kRmse,       kMse,
                                          kMae,        kMedianError,
                                          kMape,       kMsle,
                                          kRmsle,      kBias,
                                          kR2,         kExplainedVariance,
                                          kPearson,    kCalibrationRatio,
                                          kValue,      kMeanScore,
                                          kMeanTarget, kWeight};
constexpr NamedMetric kCountMetrics[] = {
    kDeviance,         kD2,    kRmse,      kMse,        kMae,       kMedianError, kBias,
    kCalibrationRatio, kValue, kMeanScore, kMeanTarget, kZeroShare, kWeight};

}  // namespace

std::span<const NamedMetric> NumberMetrics() { return kNumberMetrics; }
std::span<const NamedMetric> CountMetrics() { return kCountMetrics; }

}  // namespace roost::evaluate
