#include "api/measure.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "api/linear_baseline.h"
#include "api/measured_parts.h"
#include "base/format.h"
#include "base/status.h"
#include "column/value.h"
#include "evaluate/metric.h"
#include "evaluate/value.h"

namespace roost::api {
namespace {

using evaluate::NamedMetric;

void AddOnce(const std::string& name, std::vector<std::string>& names) {
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::vector<const config::AmountConfig*> AmountsOf(const config::ValueConfig& value) {
  return {&value.true_positive, &value.false_positive, &value.false_negative,
          &value.true_negative, &value.over,           &value.under};
}

/// What is read beside the first model's own columns.
std::vector<std::string> OtherColumns(const std::vector<LoadedModel>& models,
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
  for (const config::AmountConfig* amount : AmountsOf(*evaluation.value)) AddOnce(amount->column, columns);
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
  return WithHint(absl::InvalidArgumentError(fmt::format(
                      "{} was trained on rows before {}, and rows from {} on are measured: it has seen some "
                      "of them",
                      other.version.ToString(), FormatUtc(*border), FormatUtc(*from))),
                  "name it first: then only rows that no version was trained with are measured");
}

/// The numbers of a column.
absl::StatusOr<std::vector<double>> NumbersOf(const LabelledRows& rows, const std::string& name) {
  std::vector<double> numbers;
  for (const column::OwnedBatch& batch : rows.batches) {
    TRY_ASSIGN(const column::ColumnView* column, batch.view().Require(name));
    TRY_ASSIGN(const column::Kind kind, column::KindOf(column->type()));
    for (int64_t row = 0; row < batch.view().num_rows(); ++row) {
      const bool has_number = kind == column::Kind::kNumber && !column->IsNull(row);
      const double number = has_number ? column->NumberAt(row) : std::nan("");
      if (!std::isfinite(number)) {
        return WithHint(
            absl::InvalidArgumentError(fmt::format("model.evaluation.value: '{}' has a row without a number", name)),
            "name a column of numbers without gaps");
      }
      numbers.push_back(number);
    }
  }
  return numbers;
}

/// The amounts of `value` on these rows, and what they lie in.
struct Amounts {
  std::vector<std::vector<double>> columns;
  evaluate::ValueAmounts amounts;
};

absl::StatusOr<Amounts> ReadAmounts(const LabelledRows& rows, const config::ValueConfig& value) {
  Amounts found;
  found.columns.reserve(AmountsOf(value).size());
  const std::vector<evaluate::Amount*> targets{&found.amounts.outcomes.true_positive,
                                               &found.amounts.outcomes.false_positive,
                                               &found.amounts.outcomes.false_negative,
                                               &found.amounts.outcomes.true_negative,
                                               &found.amounts.errors.over,
                                               &found.amounts.errors.under};
  const std::vector<const config::AmountConfig*> sources = AmountsOf(value);
  for (size_t i = 0; i < sources.size(); ++i) {
    targets[i]->constant = sources[i]->constant;
    if (sources[i]->column.empty()) continue;
    TRY_ASSIGN(std::vector<double> numbers, NumbersOf(rows, sources[i]->column));
    found.columns.push_back(std::move(numbers));
    targets[i]->per_row = found.columns.back();
  }
  found.amounts.places.hit = value.hits;
  return found;
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

absl::Status MeasureRows(const Scorers& scorers, const HeldOut& held_out, const LabelledRows& rows,
                         const config::EvaluationConfig& evaluation, bool with_curves, const Context& context,
                         Measured& measured) {
  TRY_ASSIGN(const Scores scores, ScoreRows(scorers, held_out, rows, context));
  TRY_ASSIGN(const std::vector<int64_t> units, UnitsOf(rows, evaluation.unit));
  Amounts amounts;
  if (evaluation.value.has_value()) {
    TRY_ASSIGN(amounts, ReadAmounts(rows, *evaluation.value));
    if (measured.task == predict::Task::kBinary) {
      measured.break_even = evaluate::BreakEvenProbability(amounts.amounts.outcomes);
    }
  }
  const evaluate::MeasuredRows measured_rows{.task = measured.task,
                                             .targets = rows.targets,
                                             .weights = rows.weights,
                                             .groups = rows.groups,
                                             .units = units,
                                             .amounts = evaluation.value.has_value() ? &amounts.amounts : nullptr};
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
  TRY_ASSIGN(const HeldOut held_out, ReadHeldOut(project, models.front(), request.reference, request.part, context,
                                                 OtherColumns(models, scorers.linear, evaluation)));
  for (const LoadedModel& loaded : models) {
    measured.versions.push_back(loaded.version);
    TRY_ASSIGN(const TrainingRecord trained, ReadTrainingRecord(project, loaded.version));
    TRY(CheckUnseen(trained, held_out, loaded));
    if (measured.task != predict::Task::kBinary) continue;
    measured.thresholds.push_back({loaded.model.threshold(), trained.model.threshold.has_value()});
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
