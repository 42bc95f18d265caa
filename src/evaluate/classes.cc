#include "evaluate/classes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <tuple>

#include "base/status.h"
#include "evaluate/class_row.h"

namespace roost::evaluate {
namespace {

constexpr std::array<int64_t, 4> kTopK{2, 3, 5, 10};

absl::Status CheckOptions(const ClassesOptions& options, int32_t num_classes) {
  if (num_classes < 2) {
    return absl::InvalidArgumentError(
        fmt::format("a row has {} scores; it must have one for each of two or more classes", num_classes));
  }
  const auto classes = static_cast<size_t>(num_classes);
  if (options.shares.size() != classes || (!options.names.empty() && options.names.size() != classes)) {
    return absl::InvalidArgumentError(fmt::format("{} classes have {} training shares and {} names; each needs one",
                                                  classes, options.shares.size(), options.names.size()));
  }
  return Annotate(CheckProbabilities(options.shares, 0), "the training shares");
}

// In an order that depends on the rows' values alone.
absl::StatusOr<std::vector<ClassRow>> SortedRows(const ScoredRows& rows) {
  const auto classes = static_cast<size_t>(rows.num_outputs);
  std::vector<ClassRow> sorted;
  sorted.reserve(rows.targets.size());
  for (size_t row = 0; row < rows.targets.size(); ++row) {
    TRY_ASSIGN(const int32_t truth, ClassOf(rows, row));
    const std::span<const double> probabilities = rows.scores.subspan(row * classes, classes);
    TRY(CheckProbabilities(probabilities, row));
    if (rows.WeightOf(row) == 0) continue;
    sorted.push_back(JudgeClasses(probabilities, truth, rows.WeightOf(row)));
  }
  std::sort(sorted.begin(), sorted.end(), [](const ClassRow& a, const ClassRow& b) {
    return std::tie(a.truth, a.predicted, a.probability, a.place, a.weight) <
           std::tie(b.truth, b.predicted, b.probability, b.place, b.weight);
  });
  return sorted;
}

// What the rows of a class weigh.
struct ClassWeights {
  Sum truth, predicted, hits;
};

// Of each class and, last, of the unseen ones.
void MeasureClasses(std::span<const ClassRow> rows, size_t num_classes, ClassesFigures& figures) {
  std::vector<ClassWeights> weights(num_classes + 1);
  figures.classes.resize(num_classes + 1);
  for (const ClassRow& row : rows) {
    const auto truth = static_cast<size_t>(row.truth);
    const auto predicted = static_cast<size_t>(row.predicted);
    ++figures.classes[truth].rows;
    ++figures.classes[predicted].predicted;
    weights[truth].truth.Add(row.weight);
    weights[predicted].predicted.Add(row.weight);
    if (truth == predicted) weights[truth].hits.Add(row.weight);
  }
  Sum macro, weighted, total;
  int64_t occurring = 0;
  for (size_t i = 0; i <= num_classes; ++i) {
    ClassFigures& of_class = figures.classes[i];
    const double hits = weights[i].hits.value();
    const double truth = weights[i].truth.value();
    const double predicted = weights[i].predicted.value();
    if (of_class.predicted > 0) of_class.precision = hits / predicted;
    if (of_class.rows > 0) of_class.recall = hits / truth;
    if (hits > 0) of_class.f1 = 2 * hits / (truth + predicted);
    occurring += of_class.rows + of_class.predicted > 0 ? 1 : 0;
    macro.Add(of_class.f1);
    weighted.Add(truth * of_class.f1);
    total.Add(truth);
  }
  figures.macro_f1 = macro.value() / static_cast<double>(occurring);
  figures.weighted_f1 = weighted.value() / total.value();
  figures.classes.pop_back();
}

std::vector<std::vector<int64_t>> Confuse(std::span<const ClassRow> rows, size_t num_classes) {
  if (num_classes > static_cast<size_t>(kMaxConfusionClasses)) return {};
  std::vector<std::vector<int64_t>> confusion(num_classes + 1, std::vector<int64_t>(num_classes));
  for (const ClassRow& row : rows) ++confusion[static_cast<size_t>(row.truth)][static_cast<size_t>(row.predicted)];
  return confusion;
}

ClassesFigures Measure(std::span<const ClassRow> rows, int32_t num_classes) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  ClassesFigures figures;
  Sum total, losses, hits;
  std::array<Sum, kTopK.size()> within;
  for (const ClassRow& row : rows) {
    total.Add(row.weight);
    losses.Add(-row.weight * std::log(std::clamp(row.probability, kEpsilon, 1 - kEpsilon)));
    if (row.truth == row.predicted) hits.Add(row.weight);
    for (size_t i = 0; i < kTopK.size(); ++i) {
      if (row.truth < num_classes && row.place < kTopK[i]) within[i].Add(row.weight);
    }
  }
  figures.log_loss = losses.value() / total.value();
  figures.accuracy = hits.value() / total.value();
  for (size_t i = 0; i < kTopK.size(); ++i) {
    if (kTopK[i] < num_classes) figures.top_k.push_back({kTopK[i], within[i].value() / total.value()});
  }
  MeasureClasses(rows, static_cast<size_t>(num_classes), figures);
  figures.confusion = Confuse(rows, static_cast<size_t>(num_classes));
  return figures;
}

}  // namespace

absl::StatusOr<ClassesEvaluation> EvaluateClasses(const ScoredRows& rows, const ClassesOptions& options) {
  TRY(CheckRows(rows));
  TRY(CheckOptions(options, rows.num_outputs));
  TRY_ASSIGN(const std::vector<ClassRow> sorted, SortedRows(rows));
  ClassesEvaluation evaluation{
      .rows = static_cast<int64_t>(sorted.size()), .names = options.names, .baseline = options.shares};
  for (int32_t i = 0; options.names.empty() && i < rows.num_outputs; ++i) {
    evaluation.names.push_back(fmt::to_string(i));
  }
  std::vector<ClassRow> dummy;
  dummy.reserve(sorted.size());
  Sum total;
  for (const ClassRow& row : sorted) {
    dummy.push_back(JudgeClasses(options.shares, row.truth, row.weight));
    total.Add(row.weight);
    evaluation.unseen_rows += row.truth == rows.num_outputs ? 1 : 0;
  }
  if (!rows.weights.empty()) evaluation.total_weight = total.value();
  evaluation.model = Measure(sorted, rows.num_outputs);
  evaluation.dummy = Measure(dummy, rows.num_outputs);
  return evaluation;
}

}  // namespace roost::evaluate
