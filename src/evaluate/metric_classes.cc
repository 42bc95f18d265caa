#include <algorithm>
#include <cmath>

#include "evaluate/metric_tables.h"

namespace roost::evaluate {
namespace {

using namespace classes_sums;
using Sums = std::span<const double>;
using Value = std::optional<double>;

// The weight of the rows of a class, true, predicted, and both.
struct OneClass {
  double truth, predicted, hits;

  double Precision() const { return predicted > 0 ? hits / predicted : 0; }
  double Recall() const { return truth > 0 ? hits / truth : 0; }
  double F1() const { return hits > 0 ? 2 * hits / (truth + predicted) : 0; }
};

// Calls visit(OneClass) for each class that occurs, the unseen ones too.
template <typename Visit>
void ForEachClass(Sums sums, const Visit& visit) {
  for (size_t first = kFirstOfClass; first < sums.size(); first += kSumsOfClass) {
    const OneClass of_class{sums[first], sums[first + 1], sums[first + 2]};
    if (of_class.truth > 0 || of_class.predicted > 0) visit(of_class);
  }
}

// The mean of figure(class) over the classes, each with weight(class).
template <typename Figure, typename Weight>
Value MeanOfClasses(Sums sums, const Figure& figure, const Weight& weight) {
  double figures = 0;
  double weights = 0;
  ForEachClass(sums, [&](const OneClass& of_class) {
    figures += weight(of_class) * figure(of_class);
    weights += weight(of_class);
  });
  return Ratio(figures, weights);
}
double Alike(const OneClass&) { return 1; }
double ByRows(const OneClass& of_class) { return of_class.truth; }

Value BalancedAccuracy(Sums sums) {
  return MeanOfClasses(
      sums, [](const OneClass& of_class) { return of_class.Recall(); },
      [](const OneClass& of_class) { return of_class.truth > 0 ? 1.0 : 0.0; });
}

// Sums over the classes of the products of two shares of rows.
struct Shares {
  double hits = 0, both = 0, truth_squares = 0, predicted_squares = 0;
};
Shares SharesOf(Sums sums) {
  Shares shares;
  ForEachClass(sums, [&](const OneClass& of_class) {
    const double truth = of_class.truth / sums[kWeights];
    const double predicted = of_class.predicted / sums[kWeights];
    shares.hits += of_class.hits / sums[kWeights];
    shares.both += truth * predicted;
    shares.truth_squares += truth * truth;
    shares.predicted_squares += predicted * predicted;
  });
  return shares;
}

// Source: Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient" (2004).
Value Mcc(Sums sums) {
  if (sums[kWeights] == 0) return std::nullopt;
  const Shares shares = SharesOf(sums);
  const double spread = (1 - shares.truth_squares) * (1 - shares.predicted_squares);
  if (spread <= 1e-14) return std::nullopt;
  return (shares.hits - shares.both) / std::sqrt(spread);
}

Value CohenKappa(Sums sums) {
  if (sums[kWeights] == 0) return std::nullopt;
  const Shares shares = SharesOf(sums);
  if (1 - shares.both <= 1e-14) return std::nullopt;
  return (shares.hits - shares.both) / (1 - shares.both);
}

// The share of rows of a sum that only counts where there are more than k classes.
template <int32_t kK, Total kSum>
Value TopK(Sums sums) {
  const auto num_classes = (static_cast<int32_t>(sums.size()) - kFirstOfClass) / kSumsOfClass - 1;
  if (num_classes <= kK) return std::nullopt;
  return Ratio(sums[kSum], sums[kWeights]);
}

constexpr NamedMetric kMetrics[] = {
    {.name = "log_loss",
     .better = Better::kLower,
     .meaning = "the mean of -log(probability of the true class)",
     .of_sums = [](Sums sums) { return Ratio(sums[kLosses], sums[kWeights]); },
     .needs = kWeight | kLoss},
    {.name = "accuracy",
     .meaning = "the share of rows whose most probable class is the true one",
     .of_sums = [](Sums sums) { return Ratio(sums[kHits], sums[kWeights]); },
     .needs = kWeight | kHit},
    {.name = "balanced_accuracy",
     .meaning = "the mean of the recall of all classes that occur",
     .of_sums = BalancedAccuracy,
     .needs = kPerClass},
    {.name = "macro_f1",
     .meaning = "the mean of the F1 of all classes that occur, true or predicted",
     .of_sums =
         [](Sums sums) {
           return MeanOfClasses(
               sums, [](const OneClass& c) { return c.F1(); }, Alike);
         },
     .needs = kPerClass},
    {.name = "weighted_f1",
     .meaning = "the same mean, each class with the weight of its rows",
     .of_sums =
         [](Sums sums) {
           return MeanOfClasses(
               sums, [](const OneClass& c) { return c.F1(); }, ByRows);
         },
     .needs = kPerClass},
    {.name = "macro_precision",
     .meaning = "the mean of the precision of all classes that occur, 0 for one that is never predicted",
     .of_sums =
         [](Sums sums) {
           return MeanOfClasses(
               sums, [](const OneClass& c) { return c.Precision(); }, Alike);
         },
     .needs = kPerClass},
    {.name = "macro_recall",
     .meaning = "the mean of the recall of all classes that occur, 0 for one that is only predicted",
     .of_sums =
         [](Sums sums) {
           return MeanOfClasses(
               sums, [](const OneClass& c) { return c.Recall(); }, Alike);
         },
     .needs = kPerClass},
    {.name = "weighted_precision",
     .meaning = "the mean of the precision of all classes, each with the weight of its rows",
     .of_sums =
         [](Sums sums) {
           return MeanOfClasses(
               sums, [](const OneClass& c) { return c.Precision(); }, ByRows);
         },
     .needs = kPerClass},
    {.name = "mcc",
     .meaning = "Matthews' correlation of predicted and true classes",
     .of_sums = Mcc,
     .needs = kWeight | kPerClass},
    {.name = "cohen_kappa",
     .meaning = "how much more often prediction and truth agree than by chance",
     .of_sums = CohenKappa,
     .needs = kWeight | kPerClass},
    {.name = "brier",
     .better = Better::kLower,
     .meaning = "the mean over the rows of the squared differences of all probabilities from the truth, summed up",
     .of_sums = [](Sums sums) { return Ratio(sums[kSquares], sums[kWeights]); },
     .needs = kWeight | kSquare},
    {.name = "top_2_accuracy",
     .meaning = "the share of rows whose true class is among the 2 most probable ones",
     .of_sums = TopK<2, kTop2>,
     .needs = kWeight | kTop},
    {.name = "top_3_accuracy",
     .meaning = "the share of rows whose true class is among the 3 most probable ones",
     .of_sums = TopK<3, kTop3>,
     .needs = kWeight | kTop},
    {.name = "top_5_accuracy",
     .meaning = "the share of rows whose true class is among the 5 most probable ones",
     .of_sums = TopK<5, kTop5>,
     .needs = kWeight | kTop},
    {.name = "top_10_accuracy",
     .meaning = "the share of rows whose true class is among the 10 most probable ones",
     .of_sums = TopK<10, kTop10>,
     .needs = kWeight | kTop},
    {.name = "weight",
     .better = Better::kNeither,
     .meaning = "the sum of the rows' weights: their number, where they have none",
     .of_sums = [](Sums sums) -> Value { return sums[kWeights]; },
     .needs = kWeight},
};

}  // namespace

std::span<const NamedMetric> ClassesMetrics() { return kMetrics; }

}  // namespace roost::evaluate
