#include "api/trainers.h"

#include <nlohmann/json.hpp>

#include "base/status.h"

namespace roost::api {
namespace {

void Append(const transform::FeatureRows& more, transform::FeatureRows& all) {
  const auto entries = static_cast<int64_t>(all.values.size());
  for (size_t row = 1; row < more.starts.size(); ++row) all.starts.push_back(entries + more.starts[row]);
  all.indices.insert(all.indices.end(), more.indices.begin(), more.indices.end());
  all.values.insert(all.values.end(), more.values.begin(), more.values.end());
}

// The classes of balanced weights: 0 and 1 of a binary task.
size_t NumClasses(const LabelledData& data) { return data.task == predict::Task::kBinary ? 2 : data.classes.size(); }

}  // namespace

Json TrainerReport::ToJson() const {
  Json json{{"trainer", trainer},
            {"solver", solver},
            {"start", start},
            {"start_reason", reason},
            {"parent", parent},
            {"iterations", steps},
            {"unit", unit},
            {"passes", passes},
            {"converged", converged},
            {"ended", ended},
            {"train_loss_name", loss_name},
            {"train_loss", loss}};
  if (objective.has_value()) json["objective"] = *objective;
  if (gradient_norm.has_value()) json["gradient_norm"] = *gradient_norm;
  if (start != "cold" && features_kept + features_new + features_dropped > 0) {
    json["features_kept"] = features_kept;
    json["features_new"] = features_new;
    json["features_dropped"] = features_dropped;
  }
  if (!metrics.empty()) json["metrics"] = metrics;
  return json;
}

absl::StatusOr<transform::FeatureRows> Featurize(const transform::Transform& transform, const LabelledRows& rows,
                                                 const Context& context) {
  transform::FeatureRows all;
  all.num_features = transform.num_features();
  for (const column::OwnedBatch& batch : rows.batches) {
    TRY_ASSIGN(transform::FeatureRows features, transform.ApplyBatch(batch.view(), context));
    if (rows.batches.size() == 1) return features;
    Append(features, all);
  }
  return all;
}

std::vector<double> TrainingWeights(const config::ModelConfig& config, const LabelledData& data) {
  const LabelledRows& rows = data[Part::kTrain];
  std::vector<double> weights = rows.weights;
  const bool of_classes = data.task == predict::Task::kBinary || data.task == predict::Task::kClasses;
  if (config.class_weights == config::ClassWeights::kNone || !of_classes) return weights;
  if (weights.empty()) weights.assign(rows.targets.size(), 1.0);
  std::vector<double> by_class(NumClasses(data));
  double total = 0;
  for (size_t row = 0; row < weights.size(); ++row) {
    by_class[static_cast<size_t>(rows.targets[row])] += weights[row];
    total += weights[row];
  }
  for (size_t row = 0; row < weights.size(); ++row) {
    const double of_class = by_class[static_cast<size_t>(rows.targets[row])];
    if (of_class > 0) weights[row] *= total / (static_cast<double>(by_class.size()) * of_class);
  }
  return weights;
}

absl::StatusOr<TrainedModel> RunTrainer(Project& project, const TrainerJob& job, const Context& context) {
  switch (job.config.trainer.kind) {
    case config::TrainerKind::kLinear: return TrainLinear(job, context);
    case config::TrainerKind::kBoostedTrees: return TrainTrees(project, job, context);
    case config::TrainerKind::kExternal: return TrainExternal(project, job, context);
  }
  return absl::InternalError("no such trainer");
}

}  // namespace roost::api
