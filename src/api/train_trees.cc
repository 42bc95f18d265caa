// The trainer `boosted_trees`: XGBoost; warm by new trees on top of the parent's, or by new leaves in its trees.

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/trainers.h"
#include "base/status.h"
#include "predict/trees.h"
#include "train/boosted_trees.h"
#include "transform/value_map.h"

namespace roost::api {
namespace {

// XGBoost's own model, which a child continues.
constexpr char kXgboostPart[] = "xgboost.json";

train::TreesOptions OptionsOf(const config::TrainerConfig& trainer, const LabelledData& data,
                              const transform::Transform& transform) {
  train::TreesOptions options{.task = data.task,
                              .rounds = trainer.rounds,
                              .max_depth = trainer.max_depth,
                              .learning_rate = trainer.learning_rate,
                              .min_child_weight = trainer.min_child_weight,
                              .l2 = trainer.l2,
                              .l1 = trainer.l1,
                              .gamma = trainer.gamma,
                              .subsample = trainer.subsample,
                              .column_share = trainer.column_share,
                              .max_bins = trainer.max_bins,
                              .early_stopping = trainer.early_stopping,
                              .max_trees = trainer.max_trees,
                              .decay = trainer.decay};
  for (int32_t feature = 0; feature < transform.num_features(); ++feature) {
    options.is_category.push_back(transform.IsCategory(feature) ? 1 : 0);
  }
  return options;
}

struct Start {
  std::optional<train::TreesParent> parent;
  std::string cold_reason;
};

// What became of each feature of the parent.
std::vector<train::ParentFeature> FeaturesOf(const transform::Transform& parent, const transform::Transform& now) {
  std::vector<train::ParentFeature> features(static_cast<size_t>(parent.num_features()));
  for (const transform::ValueMap& map : transform::MapValues(parent, now)) {
    if (map.scale <= 0) continue;
    train::ParentFeature& feature = features[static_cast<size_t>(map.from)];
    feature.feature = map.to;
    feature.scale = map.scale;
    feature.shift = map.shift;
    feature.categories = map.categories;
  }
  return features;
}

absl::StatusOr<Start> StartOf(Project& project, const TrainerJob& job) {
  if (job.parent == nullptr) return Start{.cold_reason = job.cold_reason};
  const std::string name = job.parent->version.ToString();
  if (dynamic_cast<const predict::TreesPredictor*>(job.parent->model.predictor()) == nullptr) {
    return Start{.cold_reason = fmt::format("{} has no trees", name)};
  }
  if (job.data.task == predict::Task::kClasses &&
      !std::equal(job.data.classes.begin(), job.data.classes.end(), job.parent->model.classes().begin(),
                  job.parent->model.classes().end())) {
    return Start{.cold_reason = fmt::format("{} has other classes", name)};
  }
  const absl::StatusOr<std::string> bytes = project.registry().LoadPart(job.parent->version, kXgboostPart);
  if (absl::IsNotFound(bytes.status())) return Start{.cold_reason = fmt::format("{} has no trees to go on with", name)};
  TRY(bytes.status());
  train::TreesParent parent{.xgboost_model = *bytes,
                            .start = job.config.trainer.start == config::TrainingStart::kRefresh
                                         ? train::TreesStart::kRefresh
                                         : train::TreesStart::kContinue,
                            .features = FeaturesOf(*job.parent->model.transform(), *job.transform)};
  return Start{.parent = std::move(parent)};
}

// The rows of a part as a trainer wants them: of rankings, the rows of a group lie together.
struct PartRows {
  transform::FeatureRows features;
  std::vector<double> targets;
  std::vector<double> weights;
  std::vector<int64_t> groups;
};

// Rows lie in the order of the dataset; those of a group come together here, and keep that order among themselves.
void SortByGroup(PartRows& rows) {
  if (std::is_sorted(rows.groups.begin(), rows.groups.end())) return;
  std::vector<size_t> order(rows.groups.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return rows.groups[a] < rows.groups[b]; });
  PartRows sorted{.features = {.num_features = rows.features.num_features}};
  for (const size_t row : order) {
    for (auto entry = static_cast<size_t>(rows.features.starts[row]);
         entry < static_cast<size_t>(rows.features.starts[row + 1]); ++entry) {
      sorted.features.indices.push_back(rows.features.indices[entry]);
      sorted.features.values.push_back(rows.features.values[entry]);
    }
    sorted.features.starts.push_back(static_cast<int64_t>(sorted.features.indices.size()));
    sorted.targets.push_back(rows.targets[row]);
    if (!rows.weights.empty()) sorted.weights.push_back(rows.weights[row]);
    sorted.groups.push_back(rows.groups[row]);
  }
  rows = std::move(sorted);
}

absl::StatusOr<PartRows> RowsOf(const TrainerJob& job, Part part, std::vector<double> weights, const Context& context) {
  const LabelledRows& labelled = job.data[part];
  PartRows rows{.targets = labelled.targets, .weights = std::move(weights), .groups = labelled.groups};
  TRY_ASSIGN(rows.features, Featurize(*job.transform, labelled, context));
  SortByGroup(rows);
  return rows;
}

train::TrainingRows View(const PartRows& part, const LabelledData& data) {
  return {.features = &part.features,
          .targets = part.targets,
          .weights = part.weights,
          .groups = part.groups,
          .num_classes = static_cast<int32_t>(std::max<size_t>(data.classes.size(), 2))};
}

// Why trees began as they did. Where there was a parent, FitTrees knows.
std::string ReasonOf(const train::TreesFit& fit, const Start& start, const TrainerJob& job) {
  if (!start.parent.has_value()) return start.cold_reason;
  if (fit.start == train::TreesStart::kCold) return fit.start_reason;
  const std::string parent = job.parent->version.ToString();
  return fit.start == train::TreesStart::kRefresh
             ? fmt::format("the trees of {} with leaves that move towards the new rows", parent)
             : fmt::format("on top of the {} trees of {}", fit.parent_trees, parent);
}

// XGBoost's name of a metric in the words of the other trainers.
std::string MetricWords(const std::string& metric) {
  if (metric == "logloss" || metric == "mlogloss") return "log loss";
  if (metric == "rmse") return "RMSE";
  if (metric == "poisson-nloglik") return "Poisson loss";
  if (metric.starts_with("ndcg")) return "NDCG";
  return metric;
}

TrainerReport ReportOf(const train::TreesFit& fit, const Start& start, const TrainerJob& job) {
  const bool cold = fit.start == train::TreesStart::kCold;
  TrainerReport report{
      .trainer = "boosted_trees",
      .solver = "xgboost",
      .start = std::string(train::TreesStartName(fit.start)),
      .reason = ReasonOf(fit, start, job),
      .parent = cold ? "" : job.parent->version.ToString(),
      .steps = fit.best_round,
      .unit = "trees",
      .ended = fit.best_round < fit.rounds
                   ? fmt::format("the evaluation rows were best after {} of {} rounds", fit.best_round, fit.rounds)
                   : "all rounds were used",
      .loss_name = MetricWords(fit.metric)};
  if (!fit.train_loss.empty()) {
    const auto last = static_cast<size_t>(std::max<int64_t>(fit.best_round, 1) - 1);
    report.loss = fit.train_loss[std::min(last, fit.train_loss.size() - 1)];
  }
  return report;
}

// Rows of a class that no training row has cannot be scored by early stopping.
absl::StatusOr<std::optional<PartRows>> EvaluationRows(const TrainerJob& job, const Context& context) {
  const LabelledRows& labelled = job.data[Part::kEvaluate];
  if (job.config.trainer.early_stopping == 0 || labelled.unseen_classes_rows > 0) return std::optional<PartRows>();
  TRY_ASSIGN(PartRows rows, RowsOf(job, Part::kEvaluate, labelled.weights, context));
  return std::optional<PartRows>(std::move(rows));
}

// Where an earlier call of the same training was, if it was killed.
std::optional<train::TreesState> LeftState(TrainingCheckpoint* checkpoint) {
  if (checkpoint == nullptr) return std::nullopt;
  absl::StatusOr<train::TreesState> state = train::ParseTreesState(checkpoint->TakeLeft());
  return state.ok() ? std::optional(*std::move(state)) : std::nullopt;
}

void RecordResumption(const TrainerJob& job, const train::TreesState& from, TrainedModel& trained) {
  trained.report.resumed_after = from.rounds;
  trained.report.earlier = job.checkpoint->spent();
  // Other samples than those of a training that was not interrupted: the model is another one, as good (FitTrees).
  const bool samples = job.config.trainer.subsample < 1 || job.config.trainer.column_share < 1;
  if (samples) trained.lineage["resumed_after"] = from.rounds;
}

}  // namespace

absl::StatusOr<TrainedModel> TrainTrees(Project& project, const TrainerJob& job, const Context& context) {
  TRY_ASSIGN(const Start start, StartOf(project, job));
  TRY_ASSIGN(const PartRows training, RowsOf(job, Part::kTrain, TrainingWeights(job.config, job.data), context));
  TRY_ASSIGN(const std::optional<PartRows> evaluation, EvaluationRows(job, context));
  const train::TrainingRows rows = View(training, job.data);
  train::TrainingRows evaluation_rows;
  if (evaluation.has_value()) evaluation_rows = View(*evaluation, job.data);
  const std::optional<train::TreesState> from = LeftState(job.checkpoint);
  train::TreesOptions options = OptionsOf(job.config.trainer, job.data, *job.transform);
  options.resumption = ResumptionOf(job.checkpoint, from);
  TRY_ASSIGN(const train::TreesFit fit,
             train::FitTrees(rows, evaluation.has_value() ? &evaluation_rows : nullptr, options,
                             start.parent.has_value() ? &*start.parent : nullptr, context));
  TRY_ASSIGN(predict::ScoringModel model,
             predict::ScoringModel::Make(*job.transform, fit.predictor, job.data.task, job.data.classes));
  TrainedModel trained{std::move(model), ReportOf(fit, start, job), {{kXgboostPart, fit.xgboost_model}}};
  trained.lineage["trees"] = fit.predictor->num_trees();
  if (from.has_value()) RecordResumption(job, *from, trained);
  return trained;
}

}  // namespace roost::api
