#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/evaluation.h"
#include "api/measure_curves.h"
#include "api/project.h"
#include "base/context.h"
#include "base/json.h"
#include "config/evaluation.h"
#include "evaluate/flips.h"
#include "evaluate/resample.h"
#include "evaluate/slices.h"

namespace roost::api {

struct MeasureRequest {
  std::vector<std::string> models;  ///< as LoadModel; the first decides label and split, the others are held against it
  std::string reference;            ///< a dataset version; empty: the one that the first was trained on
  Part part = Part::kEvaluate;
  std::vector<std::string> metrics;  ///< beside those of `evaluation`
  bool with_curves = false;          ///< Measured::curves too
};

/// From which score on a binary version decides for true.
struct DecisionThreshold {
  double value = 0.5;
  std::string from;  ///< "model.threshold" of the roost.yaml that it was trained with, "learned", "default"
};

/// Several models on the same rows, by slice, with errors.
struct Measured {
  std::vector<registry::ModelVersion> versions;  ///< as asked for
  /// Beside the versions, on the same rows: "linear" where the first version has a linear baseline
  /// (linear_baseline.h), then "dummy", which knows the training targets only.
  std::vector<std::string> baselines;
  std::string linear_absent;  ///< why there is no "linear", where that is known
  std::string dataset;
  std::string rows;  ///< which rows were used: "from 2001-04-23T12:39:00Z on"
  predict::Task task = predict::Task::kBinary;
  double confidence = 0.95;
  std::vector<const evaluate::NamedMetric*> metrics;
  /// The first is all rows.
  evaluate::SliceSet slices;
  /// By slice. Models: those of `versions`, then of `baselines`. Differences: the first minus each other one.
  std::vector<evaluate::SliceFigures> figures;
  /// How far the first version differs from each other one: by these, then by slice.
  std::vector<std::vector<evaluate::SliceChanges>> changes;
  std::vector<DecisionThreshold> thresholds;  ///< binary: by version
  std::optional<config::ValueConfig> value;   ///< what predictions are worth, where that is declared
  std::optional<double> break_even;           ///< binary, with `value`: BreakEvenProbability
  std::optional<MeasuredCurves> curves;       ///< where they are asked for

  /// Of the models: "late-flights@2", "late-flights@1", "linear", "dummy".
  std::vector<std::string> names() const;
};

/// Every figure with its error and interval; null where there is none. What changed, and the curves.
Json ToJson(const Measured& measured);

/// The metrics that are measured where roost.yaml names none.
std::vector<std::string> UsualMetrics(predict::Task task);

/// Scores the rows of a part with all models and measures them as `evaluation` says.
/// NotFound for models, datasets, columns and metrics that are not there, InvalidArgument where a model predicts
/// something else than the first, was trained with another split, or has seen rows of the part (its split time is
/// later).
absl::StatusOr<Measured> Measure(Project& project, const MeasureRequest& request,
                                 const config::EvaluationConfig& evaluation, const Context& context);

/// Whether that is what Measure could not do: another version was trained on rows that would be measured.
bool SaysThatRowsWereSeen(const absl::Status& status);

}  // namespace roost::api
