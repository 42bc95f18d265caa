#include "api/measure.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/cord.h"
#include "api/linear_baseline.h"
#include "api/measured_parts.h"
#include "api/row_values.h"
#include "base/format.h"
#include "base/status.h"
#include "column/value.h"
#include "evaluate/metric.h"
#include "evaluate/value.h"

namespace roost::api {
namespace {

using evaluate::NamedMetric;

constexpr char kSeenUrl[] = "roost/seen";

void AddOnce(const std::string& name, std::vector<std::string>& names) {
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

/// What is read beside the first model's own columns.
absl::StatusOr<std::vector<std::string>> OtherColumns(const std::vector<LoadedModel>& models,
                                                      const std::optional<predict::ScoringModel>& linear,
                                                      const config::EvaluationConfig& evaluation) {
  std::vector<std::string> columns;
  if (linear.has_value()) {
    for (const std::string& name : InputNames(*linear)) AddOnce(name, columns);
  }
  for (size_t i = 1; i < models.size(); ++i) {
    for (const std::string& name : InputNames(models[i].model)) AddOnce(name, columns);
  }
  for (const evaluate::SliceSpec& spec : evaluation.slices) {
    for (const evaluate::SliceKey& key : spec.keys) AddOnce(key.column, columns);
  }
  AddOnce(evaluation.unit, columns);
  if (!evaluation.value.has_value()) return columns;
  TRY_ASSIGN(const std::vector<std::string> of_value, ColumnsOfValue(*evaluation.value));
  for (const std::string& name : of_value) AddOnce(name, columns);
  return columns;
}

absl::Status CheckSameTask(const LoadedModel& first, const LoadedModel& other) {
  const bool same_classes = std::equal(first.model.classes().begin(), first.model.classes().end(),
                                       other.model.classes().begin(), other.model.classes().end());
  if (first.model.task() == other.model.task() && same_classes) return absl::OkStatus();
  return WithHint(
      absl::InvalidArgumentError(fmt::format("{} and {} do not predict the same: they cannot be compared on one label",
                                             first.version.ToString(), other.version.ToString())),
      "compare versions of one label");
}

/// Rows that a model was trained with would flatter it: it must have parted them by the same rule, and by time not
/// later.
absl::Status CheckUnseen(const TrainingRecord& trained, const HeldOut& held_out, const LoadedModel& other) {
  const Split& split = trained.split;
  if (!split.HasRuleOf(held_out.split)) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("{} was trained with another 'split': it may have seen the rows that "
                                               "are measured",
                                               other.version.ToString())),
        "compare versions whose rows were parted alike");
  }
  const std::optional<absl::Time> border = split.evaluate_from();
  const std::optional<absl::Time> from = held_out.split.evaluate_from();
  if (!border.has_value() || !from.has_value() || *border <= *from) return absl::OkStatus();
  absl::Status status =
      WithHint(absl::InvalidArgumentError(fmt::format(
                   "{} was trained on rows before {}, and rows from {} on are measured: it has seen some of them",
                   other.version.ToString(), FormatUtc(*border), FormatUtc(*from))),
               "name it first: then only rows that no version was trained with are measured");
  status.SetPayload(kSeenUrl, absl::Cord(""));
  return status;
}

absl::StatusOr<std::vector<const NamedMetric*>> FindMetrics(predict::Task task, const MeasureRequest& request,
                                                            const config::EvaluationConfig& evaluation) {
  std::vector<std::string> names = evaluation.metrics.empty() ? UsualMetrics(task) : evaluation.metrics;
  if (evaluation.metrics.empty() && evaluation.value.has_value()) AddOnce("value", names);
  for (const std::string& name : request.metrics) AddOnce(name, names);
  std::vector<const NamedMetric*> metrics;
  for (const std::string& name : names) {
    TRY_ASSIGN(const NamedMetric* metric, evaluate::FindMetric(task, name));
    metrics.push_back(metric);
  }
  return metrics;
}

/// What is scored: versions of a model, and what the first has for baselines.
struct Scorers {
  std::vector<LoadedModel> versions;
  std::optional<predict::ScoringModel> linear;
};

/// The scores of the versions, then of the baselines.
struct Scores {
  std::vector<std::vector<double>> numbers;
  std::vector<std::vector<double>> values;  // of `value.each`
  std::vector<evaluate::ModelScores> models;
};

absl::StatusOr<Scores> ScoreRows(const Scorers& scorers, const HeldOut& held_out, const LabelledRows& rows,
                                 const Context& context) {
  Scores scores;
  const auto add = [&scores](std::vector<double> numbers, const predict::ScoringModel& as) {
    scores.numbers.push_back(std::move(numbers));
    scores.models.push_back({scores.numbers.back(), as.num_outputs(), as.threshold()});
  };
  for (const LoadedModel& loaded : scorers.versions) {
    TRY_ASSIGN(std::vector<double> numbers, ScoresOf(loaded.model, rows, context));
    add(std::move(numbers), loaded.model);
  }
  // Baselines decide by the threshold of the first version.
  const predict::ScoringModel& first = scorers.versions.front().model;
  if (scorers.linear.has_value()) {
    TRY_ASSIGN(std::vector<double> numbers, ScoresOf(*scorers.linear, rows, context));
    add(std::move(numbers), first);
  }
  add(DummyScores(held_out.baseline, rows.num_rows()), first);
  return scores;
}

absl::Status AddValues(const LabelledRows& rows, const config::ValueConfig& value, predict::Task task,
                       const Context& context, Scores& scores) {
  if (task == predict::Task::kClasses || task == predict::Task::kRanking) {
    return absl::InvalidArgumentError(fmt::format(
        "model.evaluation.value.each: the task '{}' has no single score and label a row", predict::TaskName(task)));
  }
  for (evaluate::ModelScores& model : scores.models) {
    TRY_ASSIGN(std::vector<double> values, ValueOfEach(rows, value, model.scores, model.threshold, context));
    scores.values.push_back(std::move(values));
    model.values = scores.values.back();
  }
  return absl::OkStatus();
}

absl::Status MeasureRows(const Scorers& scorers, const HeldOut& held_out, const LabelledRows& rows,
                         const config::EvaluationConfig& evaluation, bool with_curves, const Context& context,
                         Measured& measured) {
  TRY_ASSIGN(Scores scores, ScoreRows(scorers, held_out, rows, context));
  TRY_ASSIGN(const std::vector<int64_t> units, UnitsOf(rows, evaluation.unit));
  RowAmounts amounts;
  const bool has_each = evaluation.value.has_value() && !evaluation.value->each.empty();
  const bool has_amounts = evaluation.value.has_value() && !has_each;
  if (has_each) TRY(AddValues(rows, *evaluation.value, measured.task, context, scores));
  if (has_amounts) {
    TRY_ASSIGN(amounts, ReadAmounts(rows, *evaluation.value, context));
    if (measured.task == predict::Task::kBinary) {
      measured.break_even = evaluate::BreakEvenProbability(amounts.amounts.outcomes);
    }
  }
  const evaluate::MeasuredRows measured_rows{.task = measured.task,
                                             .targets = rows.targets,
                                             .weights = rows.weights,
                                             .groups = rows.groups,
                                             .units = units,
                                             .amounts = has_amounts ? &amounts.amounts : nullptr};
  evaluate::MeasureOptions options{.metrics = measured.metrics, .resamples = evaluation.resamples};
  for (size_t other = 1; other < scores.models.size(); ++other) options.pairs.emplace_back(0, other);
  TRY_ASSIGN(measured.figures,
             evaluate::MeasureSlices(measured_rows, scores.models, measured.slices, options, context));
  const std::span<const evaluate::ModelScores> versions = std::span(scores.models).first(scorers.versions.size());
  for (size_t other = 1; other < versions.size(); ++other) {
    TRY_ASSIGN(std::vector<evaluate::SliceChanges> changes,
               evaluate::CompareScores(measured_rows, versions[0], versions[other], measured.slices, context));
    measured.changes.push_back(std::move(changes));
  }
  if (!with_curves) return absl::OkStatus();
  const std::span<const std::string> classes = scorers.versions.front().model.classes();
  TRY_ASSIGN(measured.curves, MakeMeasuredCurves(measured_rows, versions, measured.slices, held_out.baseline,
                                                 {classes.begin(), classes.end()}, context));
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> Measured::names() const {
  std::vector<std::string> names;
  for (const registry::ModelVersion& version : versions) names.push_back(version.ToString());
  names.insert(names.end(), baselines.begin(), baselines.end());
  return names;
}

std::vector<std::string> UsualMetrics(predict::Task task) {
  switch (task) {
    case predict::Task::kBinary: return {"log_loss", "auc", "accuracy", "precision", "recall", "calibration_ratio"};
    case predict::Task::kClasses: return {"log_loss", "accuracy", "macro_f1"};
    case predict::Task::kNumber: return {"rmse", "mae", "bias", "r2"};
    case predict::Task::kCounts: return {"poisson_deviance", "mae", "bias"};
    case predict::Task::kRanking: return {"ndcg@10", "mrr"};
  }
  return {};
}

bool SaysThatRowsWereSeen(const absl::Status& status) { return status.GetPayload(kSeenUrl).has_value(); }

absl::StatusOr<Measured> Measure(Project& project, const MeasureRequest& request,
                                 const config::EvaluationConfig& evaluation, const Context& context) {
  Scorers scorers;
  std::vector<LoadedModel>& models = scorers.versions;
  for (const std::string& reference : request.models) {
    TRY_ASSIGN(LoadedModel loaded, LoadModel(project, reference));
    models.push_back(std::move(loaded));
    TRY(CheckSameTask(models.front(), models.back()));
  }
  Measured measured{
      .task = models.front().model.task(), .confidence = evaluation.confidence, .value = evaluation.value};
  TRY_ASSIGN(measured.metrics, FindMetrics(measured.task, request, evaluation));
  TRY_ASSIGN(std::optional<LinearBaseline> linear, LoadLinearBaseline(project, models.front().version));
  if (linear.has_value()) {
    scorers.linear = std::move(linear->model);
    measured.linear_absent = linear->absent;
  }
  if (scorers.linear.has_value()) measured.baselines.emplace_back("linear");
  measured.baselines.emplace_back("dummy");
  TRY_ASSIGN(const std::vector<std::string> others, OtherColumns(models, scorers.linear, evaluation));
  TRY_ASSIGN(const HeldOut held_out,
             ReadHeldOut(project, models.front(), request.reference, request.part, context, others));
  for (const LoadedModel& loaded : models) {
    measured.versions.push_back(loaded.version);
    TRY_ASSIGN(const TrainingRecord trained, ReadTrainingRecord(project, loaded.version));
    TRY(CheckUnseen(trained, held_out, loaded));
    if (measured.task != predict::Task::kBinary) continue;
    measured.thresholds.push_back({loaded.model.threshold(), trained.model.threshold.has_value() ? "model.threshold"
                                                             : trained.model.learned_threshold.has_value()
                                                                 ? "learned"
                                                                 : "default"});
  }
  const LabelledRows& rows = held_out.data[request.part];
  measured.dataset = held_out.dataset;
  measured.rows = held_out.split.Describe(request.part);
  std::vector<evaluate::SliceSpec> specs{{}};
  specs.insert(specs.end(), evaluation.slices.begin(), evaluation.slices.end());
  TRY_ASSIGN(measured.slices,
             evaluate::MakeSlices(rows.views(), specs,
                                  {.min_rows = evaluation.min_rows, .max_values = evaluation.max_values}));
  if (measured.slices.slices.empty()) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("there are {} rows to measure, and model.evaluation.min_rows "
                                               "is {}",
                                               FormatCount(rows.num_rows()), FormatCount(evaluation.min_rows))),
        "measure more rows, or lower min_rows in roost.yaml");
  }
  TRY(MeasureRows(scorers, held_out, rows, evaluation, request.with_curves, context, measured));
  return measured;
}

}  // namespace roost::api
