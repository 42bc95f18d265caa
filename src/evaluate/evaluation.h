#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "evaluate/baseline.h"
#include "evaluate/binary.h"
#include "evaluate/classes.h"
#include "evaluate/counts.h"
#include "evaluate/numbers.h"
#include "evaluate/ranking.h"
#include "evaluate/rows.h"
#include "predict/task.h"

namespace roost::evaluate {

/// How good a model of any task is, with a dummy beside it.
using Evaluation =
    std::variant<BinaryEvaluation, ClassesEvaluation, NumbersEvaluation, CountsEvaluation, RankingEvaluation>;

predict::Task TaskOf(const Evaluation& evaluation);

struct ScoringOptions {
  TrainingBaseline baseline;             ///< of the same task: what the dummy predicts
  std::vector<std::string> class_names;  ///< classes: the outputs' names; none: their numbers
  double threshold = 0.5;                ///< binary: EvaluateOptions::threshold
  int calibration_bins = 10;             ///< binary: EvaluateOptions::calibration_bins
};

/// Compares the scores of a model of `task` with what was true. Errors, bits and cost as the evaluation of that task
/// says (binary.h and so on); InvalidArgument where the baseline is of another task.
absl::StatusOr<Evaluation> EvaluateScores(predict::Task task, const ScoredRows& rows, const ScoringOptions& options);

/// What the models of a task are compared by.
struct Metric {
  std::string name;
  bool higher_is_better = false;
};

/// Binary and classes: "log loss"; number: "RMSE"; counts: "Poisson deviance"; ranking: "NDCG@10".
Metric PrimaryMetricOf(predict::Task task);

/// The one figure of a model that others compare.
struct Figure {
  std::string name;
  double value = 0;
  double dummy = 0;
  bool higher_is_better = false;

  friend bool operator==(const Figure&, const Figure&) = default;

  /// How much better `value` is than `other`, a value of the same figure: above 0 where it is better.
  double BetterBy(double other) const { return higher_is_better ? value - other : other - value; }
};

/// The figure of PrimaryMetricOf.
Figure PrimaryMetric(const Evaluation& evaluation);

/// One member a field, in the order of the headers, null where a figure is not defined; first "task", but for binary
/// ones, which are as render.h writes them. With EvaluationFromJson: the same evaluation to the bit.
Json ToJson(const Evaluation& evaluation);

/// InvalidArgument, with the member at fault, where `json` is no evaluation. Without "task": a binary one, also of
/// programs that knew no other.
absl::StatusOr<Evaluation> EvaluationFromJson(const Json& json);

/// For a terminal: tables as render.h writes them. Lines end with a line feed.
std::string ToText(const Evaluation& evaluation);

}  // namespace roost::evaluate
