#include "api/linear_baseline.h"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/trainers.h"
#include "base/status.h"

namespace roost::api {
namespace {

absl::StatusOr<predict::ScoringModel> FitBaseline(const config::ModelConfig& model, const PreparedTraining& prepared,
                                                  const Context& context) {
  config::ModelConfig linear = model;
  linear.trainer = config::TrainerConfig();
  const profile::ProfileSummary summary = prepared.rows.profile.Summarize();
  TRY_ASSIGN(const transform::FeatureChoice choice, ChooseAll(linear, summary));
  transform::TransformSpec spec;
  for (const transform::ChosenFeature& feature : choice.features) spec.features.push_back(feature.spec);
  const std::vector<column::BatchView> batches = prepared.rows.data[Part::kTrain].views();
  TRY_ASSIGN(const transform::Transform transform,
             transform::Transform::Fit(spec, {.summary = summary, .batches = batches}, context));
  TRY_ASSIGN(TrainedModel trained, TrainLinear({.config = linear,
                                                .data = prepared.rows.data,
                                                .transform = &transform,
                                                .inputs = transform.inputs(),
                                                .cold_reason = "a baseline"},
                                               context));
  return std::move(trained.model);
}

}  // namespace

Json LinearBaseline::ToJson() const {
  if (model.has_value()) return model->ToJson();
  return {{"absent", absent}};
}

absl::StatusOr<LinearBaseline> LinearBaseline::FromJson(const Json& json) {
  if (json.is_object() && json.contains("absent") && json["absent"].is_string()) {
    return LinearBaseline{.model = std::nullopt, .absent = json["absent"].get<std::string>()};
  }
  TRY_ASSIGN(predict::ScoringModel model, predict::ScoringModel::FromJson(json));
  return LinearBaseline{.model = std::move(model), .absent = ""};
}

absl::StatusOr<LinearBaseline> TrainLinearBaseline(const config::ModelConfig& model, const PreparedTraining& prepared,
                                                   const Context& context) {
  Context quiet = context;
  quiet.progress = nullptr;
  absl::StatusOr<predict::ScoringModel> trained = FitBaseline(model, prepared, quiet);
  if (trained.ok()) return LinearBaseline{.model = *std::move(trained), .absent = ""};
  if (absl::IsCancelled(trained.status())) return trained.status();
  return LinearBaseline{.model = std::nullopt, .absent = std::string(trained.status().message())};
}

absl::StatusOr<std::optional<LinearBaseline>> LoadLinearBaseline(Project& project,
                                                                 const registry::ModelVersion& version) {
  const absl::StatusOr<std::string> text = project.registry().LoadPart(version, registry::kLinearBaselinePart);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  if (!text.ok()) return text.status();
  const std::string name = fmt::format("{} of {}", registry::kLinearBaselinePart, version.ToString());
  const absl::StatusOr<Json> json = ParseJson(*text, name);
  if (!json.ok()) return absl::DataLossError(json.status().message());
  absl::StatusOr<LinearBaseline> baseline = LinearBaseline::FromJson(*json);
  if (!baseline.ok()) return absl::DataLossError(fmt::format("{}: {}", name, std::string(baseline.status().message())));
  return *std::move(baseline);
}

}  // namespace roost::api
