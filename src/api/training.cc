#include "api/training.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/code_revision.h"
#include "api/labelled_rows.h"
#include "api/models.h"
#include "base/format.h"
#include "base/status.h"
#include "evaluate/render.h"
#include "predict/linear.h"
#include "profile/profile.h"
#include "transform/transform.h"

namespace roost::api {
namespace {

absl::StatusOr<const config::ModelConfig*> RequireModel(const Project& project) {
  if (project.config().model.has_value()) return &*project.config().model;
  return WithHint(absl::InvalidArgumentError("roost.yaml has no 'model': what should be trained?"),
                  "docs/roost-yaml.md tells its keys; 'roost init --template flights DIR' shows a whole one");
}

// The rows that train the model: kept in memory, with the statistics that the transform is fitted from.
struct TrainingRows {
  std::vector<LabelledBatch> batches;
  profile::Profile profile;
  int64_t unlabelled = 0;
};

absl::StatusOr<TrainingRows> ReadTrainingRows(Project& project, const store::CommitInfo& version,
                                              const config::ModelConfig& model, absl::Time split_at,
                                              const Context& context) {
  TRY_ASSIGN(LabelledReader reader, LabelledReader::Open(project, version, model, split_at, Side::kTrain, context));
  TrainingRows rows;
  while (true) {
    TRY_ASSIGN(std::optional<LabelledBatch> batch, reader.Next());
    if (!batch.has_value()) break;
    TRY(rows.profile.Add(batch->rows.view()));
    rows.batches.push_back(*std::move(batch));
  }
  rows.unlabelled = reader.unlabelled();
  if (rows.batches.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{} has no row with a label before {}: nothing to train on", version.Name(), FormatUtc(split_at)));
  }
  return rows;
}

void Append(const transform::FeatureRows& more, transform::FeatureRows& all) {
  const int64_t entries = static_cast<int64_t>(all.values.size());
  for (size_t row = 1; row < more.starts.size(); ++row) all.starts.push_back(entries + more.starts[row]);
  all.indices.insert(all.indices.end(), more.indices.begin(), more.indices.end());
  all.values.insert(all.values.end(), more.values.begin(), more.values.end());
}

struct TrainingSet {
  transform::FeatureRows features;
  std::vector<int8_t> labels;
};

absl::StatusOr<TrainingSet> Featurize(const transform::Transform& transform, const TrainingRows& rows,
                                      const Context& context) {
  TrainingSet set;
  set.features.num_features = transform.num_features();
  for (const LabelledBatch& batch : rows.batches) {
    TRY_ASSIGN(const transform::FeatureRows features, transform.ApplyBatch(batch.rows.view(), context));
    Append(features, set.features);
    set.labels.insert(set.labels.end(), batch.labels.begin(), batch.labels.end());
  }
  return set;
}

absl::StatusOr<evaluate::BinaryEvaluation> EvaluateOn(Project& project, const store::CommitInfo& version,
                                                      const config::ModelConfig& config, absl::Time split_at,
                                                      const predict::ScoringModel& model, double base_rate,
                                                      const Context& context) {
  TRY_ASSIGN(LabelledReader reader, LabelledReader::Open(project, version, config, split_at, Side::kEvaluate, context));
  std::vector<double> scores;
  std::vector<int8_t> labels;
  while (true) {
    TRY_ASSIGN(const std::optional<LabelledBatch> batch, reader.Next());
    if (!batch.has_value()) break;
    TRY_ASSIGN(const std::vector<double> batch_scores, model.ScoreBatch(batch->rows.view(), context));
    scores.insert(scores.end(), batch_scores.begin(), batch_scores.end());
    labels.insert(labels.end(), batch->labels.begin(), batch->labels.end());
  }
  if (labels.empty()) {
    return absl::InvalidArgumentError(fmt::format("{} has no row with a label from {} on: nothing to evaluate on",
                                                  version.Name(), FormatUtc(split_at)));
  }
  return evaluate::EvaluateBinary(scores, labels, {.base_rate = base_rate});
}

double BaseRate(const std::vector<int8_t>& labels) {
  int64_t positives = 0;
  for (const int8_t label : labels) positives += label;
  return static_cast<double>(positives) / static_cast<double>(labels.size());
}

// Where the version came from: enough to make it again, and to find everything that it depends on.
Json Lineage(const Project& project, const store::CommitInfo& dataset, const config::ModelConfig& model,
             const TrainResponse& response, double base_rate) {
  const CodeRevision code = FindCodeRevision(project.folder());
  return Json{{"dataset", response.dataset},
              {"dataset_digest", dataset.digest.ToHex()},
              {"config_digest", Sha256(project.config_text()).ToHex()},
              {"code_revision", code.revision},
              {"code_dirty", code.dirty},
              {"roost_version", ROOST_VERSION},
              {"label", model.label},
              {"split_column", model.split.column},
              {"split_at_micros", absl::ToUnixMicros(response.split_at)},
              {"train_rows", response.train_rows},
              {"base_rate", base_rate},
              {"iterations", response.fit.iterations},
              {"gradient_norm", response.fit.gradient_norm},
              {"converged", response.fit.converged}};
}

// What a request must bring and what it gets.
Json Signature(const predict::ScoringModel& model) {
  Json inputs = Json::array();
  for (const transform::InputColumn& input : model.inputs()) {
    inputs.push_back(Json{{"name", input.name}, {"kind", column::KindName(input.kind)}});
  }
  Json outputs = Json::array();
  for (const std::string& name : model.OutputNames()) outputs.push_back(Json{{"name", name}, {"kind", "number"}});
  return Json{{"inputs", std::move(inputs)}, {"outputs", std::move(outputs)}};
}

absl::StatusOr<store::CommitInfo> ResolveDataset(Project& project, const std::string& reference) {
  TRY_ASSIGN(const store::DatasetRef dataset,
             store::ParseDatasetRef(reference.empty() ? project.config().dataset : reference));
  return project.store().Resolve(dataset);
}

}  // namespace

absl::StatusOr<TrainResponse> Train(Project& project, const TrainRequest& request, const Context& context) {
  TRY_ASSIGN(const config::ModelConfig* model, RequireModel(project));
  TRY_ASSIGN(const store::CommitInfo version, ResolveDataset(project, request.reference));
  TrainResponse response;
  response.dataset = version.Name();
  TRY_ASSIGN(response.split_at, SplitTime(project, version, model->split, context));
  TRY_ASSIGN(TrainingRows rows, ReadTrainingRows(project, version, *model, response.split_at, context));
  TRY_ASSIGN(transform::Transform transform, transform::Transform::Fit(model->features, rows.profile.Summarize()));
  TRY_ASSIGN(const TrainingSet set, Featurize(transform, rows, context));
  rows.batches.clear();

  const std::vector<double> targets(set.labels.begin(), set.labels.end());
  const train::LinearOptions options{.loss = train::Loss::kLogistic,
                                     .l2 = model->trainer.l2,
                                     .max_iterations = model->trainer.max_iterations,
                                     .tolerance = model->trainer.tolerance};
  TRY_ASSIGN(response.fit,
             train::FitLinear({.features = &set.features, .targets = targets}, options, nullptr, context));
  TRY_ASSIGN(auto predictor,
             predict::LinearPredictor::Make(predict::Link::kLogistic, response.fit.intercepts, response.fit.weights));
  TRY_ASSIGN(const predict::ScoringModel scoring,
             predict::ScoringModel::Make(std::move(transform), std::move(predictor)));
  const double base_rate = BaseRate(set.labels);
  TRY_ASSIGN(response.evaluation, EvaluateOn(project, version, *model, response.split_at, scoring, base_rate, context));
  response.train_rows = set.features.num_rows();
  response.evaluate_rows = response.evaluation.rows;
  response.unlabelled_rows = rows.unlabelled;
  response.num_features = set.features.num_features;

  registry::ModelPackage package;
  package.parts[registry::kModelPart] = ToText(scoring.ToJson());
  package.parts[registry::kEvaluationPart] = ToText(evaluate::ToJson(response.evaluation));
  package.parts[registry::kProfilePart] = rows.profile.Serialize();
  package.parts[registry::kConfigPart] = project.config_text();
  package.parts[registry::kSignaturePart] = ToText(Signature(scoring));
  package.parts[registry::kLineagePart] = ToText(Lineage(project, version, *model, response, base_rate));
  TRY_ASSIGN(response.version, project.registry().Register(model->name, package, project.author(), context));
  return response;
}

absl::StatusOr<EvaluateResponse> Evaluate(Project& project, const EvaluateRequest& request, const Context& context) {
  TRY_ASSIGN(const LoadedModel loaded, LoadModel(project, request.model));
  const std::string name = loaded.version.ToString();
  TRY_ASSIGN(const std::string config_text, project.registry().LoadPart(loaded.version, registry::kConfigPart));
  TRY_ASSIGN(const std::string lineage_text, project.registry().LoadPart(loaded.version, registry::kLineagePart));
  TRY_ASSIGN(const Json lineage, ParseJson(lineage_text, registry::kLineagePart));
  // The label and the split are those that the version was trained with, whatever roost.yaml says today.
  TRY_ASSIGN(const config::ProjectConfig config,
             config::ParseProject(config_text, fmt::format("the roost.yaml of {}", name)));
  EvaluateResponse response{.version = loaded.version};
  const bool readable = config.model.has_value() && lineage.contains("dataset") && lineage["dataset"].is_string() &&
                        lineage.contains("split_at_micros") && lineage["split_at_micros"].is_number_integer() &&
                        lineage.contains("base_rate") && lineage["base_rate"].is_number();
  if (!readable) return absl::DataLossError(fmt::format("the lineage of {} cannot be read", name));
  response.split_at = absl::FromUnixMicros(lineage["split_at_micros"].get<int64_t>());
  TRY_ASSIGN(
      const store::CommitInfo version,
      ResolveDataset(project, request.reference.empty() ? lineage["dataset"].get<std::string>() : request.reference));
  response.dataset = version.Name();
  TRY_ASSIGN(response.evaluation, EvaluateOn(project, version, *config.model, response.split_at, loaded.model,
                                             lineage["base_rate"].get<double>(), context));
  return response;
}

}  // namespace roost::api
