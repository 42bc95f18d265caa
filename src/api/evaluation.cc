#include "api/evaluation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/models.h"
#include "base/json.h"
#include "base/status.h"

namespace roost::api {
namespace {

// Of the primary figure: less than this is what is left open where a training ends.
constexpr double kClearGain = 1e-4;

// Roost 0.1 kept the base rate of its binary models by itself.
absl::StatusOr<evaluate::TrainingBaseline> BaselineIn(const Json& lineage) {
  if (lineage.contains("baseline")) return evaluate::TrainingBaseline::FromJson(lineage["baseline"]);
  if (!lineage.contains("base_rate") || !lineage["base_rate"].is_number()) {
    return absl::DataLossError("the lineage has no 'baseline'");
  }
  return evaluate::TrainingBaseline{.rows = lineage.value("train_rows", int64_t{1}),
                                    .outputs = {lineage["base_rate"].get<double>()}};
}

}  // namespace

std::vector<std::string> InputNames(const predict::ScoringModel& model) {
  std::vector<std::string> names;
  for (const transform::InputColumn& input : model.inputs()) names.push_back(input.name);
  return names;
}

absl::StatusOr<evaluate::TrainingBaseline> BaselineOf(const LabelledData& data) {
  const LabelledRows& rows = data[Part::kTrain];
  return evaluate::MakeBaseline(data.task, rows.targets, rows.weights, static_cast<int32_t>(data.classes.size()));
}

absl::StatusOr<std::vector<double>> ScoresOf(const predict::ScoringModel& model, const LabelledRows& rows,
                                             const Context& context) {
  std::vector<double> scores;
  scores.reserve(rows.targets.size() * static_cast<size_t>(model.num_outputs()));
  int64_t done = 0;
  for (const column::OwnedBatch& batch : rows.batches) {
    TRY_ASSIGN(const std::vector<double> of_batch, model.ScoreBatch(batch.view(), context));
    scores.insert(scores.end(), of_batch.begin(), of_batch.end());
    done += batch.view().num_rows();
    context.Report({"scoring", "rows", done, rows.num_rows()});
  }
  return scores;
}

absl::StatusOr<evaluate::Evaluation> EvaluateRows(const predict::ScoringModel& model, const LabelledRows& rows,
                                                  const evaluate::TrainingBaseline& baseline, const Context& context) {
  TRY_ASSIGN(const std::vector<double> scores, ScoresOf(model, rows, context));
  return evaluate::EvaluateScores(model.task(),
                                  {.scores = scores,
                                   .num_outputs = model.num_outputs(),
                                   .targets = rows.targets,
                                   .weights = rows.weights,
                                   .groups = rows.groups},
                                  {.baseline = baseline,
                                   .class_names = {model.classes().begin(), model.classes().end()},
                                   .threshold = model.threshold()});
}

bool IsBetter(const evaluate::Evaluation& first, const evaluate::Evaluation& second) {
  const evaluate::Figure a = evaluate::PrimaryMetric(first);
  const evaluate::Figure b = evaluate::PrimaryMetric(second);
  const double gain = a.higher_is_better ? a.value - b.value : b.value - a.value;
  return gain > kClearGain * std::abs(b.value);
}

absl::StatusOr<TrainingRecord> ReadTrainingRecord(Project& project, const registry::ModelVersion& version) {
  const std::string name = version.ToString();
  const absl::StatusOr<std::string> config_text = project.registry().LoadPart(version, registry::kConfigPart);
  if (absl::IsNotFound(config_text.status())) {
    return WithHint(absl::InvalidArgumentError(fmt::format("{} was trained elsewhere: with which label, and which rows "
                                                           "were kept from it, is not known",
                                                           name)),
                    "'roost predict' scores rows with it.");
  }
  TRY(config_text.status());
  TRY_ASSIGN(const std::string lineage_text, project.registry().LoadPart(version, registry::kLineagePart));
  TRY_ASSIGN(Json lineage, ParseJson(lineage_text, registry::kLineagePart));
  TRY_ASSIGN(const config::ProjectConfig config,
             config::ParseProject(*config_text, fmt::format("the roost.yaml of {}", name)));
  const config::ModelConfig* model = config.FindModel(version.name);
  if (model == nullptr || !lineage.contains("dataset") || !lineage["dataset"].is_string()) {
    return absl::DataLossError(fmt::format("the lineage of {} cannot be read", name));
  }
  absl::StatusOr<Split> split = Split::WithBorders(model->split, lineage);
  if (!split.ok()) return Annotate(split.status(), name);
  return TrainingRecord{*model, std::move(lineage), *std::move(split)};
}

absl::StatusOr<HeldOut> ReadHeldOut(Project& project, const LoadedModel& loaded, const std::string& reference,
                                    Part part, const Context& context, const std::vector<std::string>& columns) {
  const std::string name = loaded.version.ToString();
  TRY_ASSIGN(TrainingRecord trained, ReadTrainingRecord(project, loaded.version));
  absl::StatusOr<evaluate::TrainingBaseline> baseline = BaselineIn(trained.lineage);
  if (!baseline.ok()) return Annotate(baseline.status(), name);
  if (part == Part::kTest && trained.model.split.test_share == 0) {
    return WithHint(absl::InvalidArgumentError(fmt::format("{} was trained without a test part", name)),
                    "set model.split.test_share in roost.yaml and train again");
  }
  TRY_ASSIGN(const store::DatasetRef dataset,
             store::ParseDatasetRef(reference.empty() ? trained.lineage["dataset"].get<std::string>() : reference));
  TRY_ASSIGN(const store::CommitInfo version, project.store().Resolve(dataset));
  std::vector<std::string> read = InputNames(loaded.model);
  read.insert(read.end(), columns.begin(), columns.end());
  absl::StatusOr<std::vector<ScoreColumn>> scores = ReadScores(project, trained.lineage);
  if (!scores.ok()) return Annotate(scores.status(), name);
  const LabelledRequest wanted{.parts = {part},
                               .columns = std::move(read),
                               .classes = {loaded.model.classes().begin(), loaded.model.classes().end()},
                               .scores = *std::move(scores)};
  TRY_ASSIGN(LabelledData data, ReadLabelled(project, version, trained.model, trained.split, wanted, context));
  if (data[part].num_rows() == 0) {
    return absl::InvalidArgumentError(
        fmt::format("{} has no row with a label among the rows {}", version.Name(), trained.split.Describe(part)));
  }
  return HeldOut{std::move(data), version.Name(), std::move(trained.split), *std::move(baseline)};
}

absl::StatusOr<EvaluateResponse> Evaluate(Project& project, const EvaluateRequest& request, const Context& context) {
  TRY_ASSIGN(const LoadedModel loaded, LoadModel(project, request.model));
  TRY_ASSIGN(const HeldOut held_out, ReadHeldOut(project, loaded, request.reference, request.part, context));
  EvaluateResponse response{.version = loaded.version,
                            .dataset = held_out.dataset,
                            .rows = held_out.split.Describe(request.part),
                            .split_at = held_out.split.evaluate_from()};
  TRY_ASSIGN(response.evaluation, EvaluateRows(loaded.model, held_out.data[request.part], held_out.baseline, context));
  return response;
}

}  // namespace roost::api
