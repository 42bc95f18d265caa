#include "api/model_details.h"

#include <nlohmann/json.hpp>

#include "api/models.h"
#include "base/json.h"
#include "base/status.h"
#include "predict/linear.h"
#include "predict/trees.h"

namespace roost::api {
namespace {

void AddLinear(const predict::LinearPredictor& predictor, ModelDetails& details) {
  details.intercepts.assign(predictor.intercepts().begin(), predictor.intercepts().end());
  for (FeatureDetail& feature : details.features) {
    const std::span<const double> weights = predictor.WeightsOf(feature.index);
    feature.weights.assign(weights.begin(), weights.end());
  }
}

void AddTrees(const predict::TreesPredictor& predictor, ModelDetails& details) {
  for (const predict::FeatureImportance& importance : predictor.Importance()) {
    FeatureDetail& feature = details.features[static_cast<size_t>(importance.feature)];
    feature.gain = importance.gain;
    feature.splits = importance.splits;
  }
}

std::string KindOf(const predict::ScoringModel& model) {
  return model.predictor() == nullptr ? std::string("onnx") : model.predictor()->kind();
}

absl::StatusOr<std::optional<evaluate::Importance>> LoadImportance(Project& project,
                                                                   const registry::ModelVersion& version) {
  const absl::StatusOr<std::string> text = project.registry().LoadPart(version, registry::kImportancePart);
  if (absl::IsNotFound(text.status())) return std::optional<evaluate::Importance>();
  TRY(text.status());
  TRY_ASSIGN(const Json json, ParseJson(*text, registry::kImportancePart));
  TRY_ASSIGN(evaluate::Importance importance, evaluate::ImportanceFromJson(json));
  return std::optional<evaluate::Importance>(std::move(importance));
}

}  // namespace

absl::StatusOr<ModelDetails> DescribeModel(Project& project, const std::string& reference) {
  TRY_ASSIGN(const LoadedModel loaded, LoadModel(project, reference));
  ModelDetails details{.version = loaded.version,
                       .task = loaded.model.task(),
                       .output_names = loaded.model.OutputNames(),
                       .predictor = KindOf(loaded.model)};
  TRY_ASSIGN(details.importance, LoadImportance(project, loaded.version));
  TRY_ASSIGN(details.timing, LoadTiming(project, loaded.version));
  if (loaded.model.transform() == nullptr) return details;
  for (int32_t i = 0; i < loaded.model.transform()->num_features(); ++i) {
    details.features.push_back({.index = i, .name = loaded.model.transform()->FeatureName(i)});
  }
  if (const auto* linear = dynamic_cast<const predict::LinearPredictor*>(loaded.model.predictor())) {
    AddLinear(*linear, details);
  } else if (const auto* trees = dynamic_cast<const predict::TreesPredictor*>(loaded.model.predictor())) {
    AddTrees(*trees, details);
  }
  return details;
}

}  // namespace roost::api
