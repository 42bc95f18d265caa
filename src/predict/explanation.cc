#include "predict/explanation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/status.h"
#include "predict/linear.h"
#include "predict/trees.h"

namespace roost::predict {
namespace {

void AddLinear(const LinearPredictor& predictor, const transform::Transform& transform,
               const transform::FeatureVector& entries, Explanation& explanation) {
  explanation.intercepts.assign(predictor.intercepts().begin(), predictor.intercepts().end());
  explanation.margins.resize(explanation.intercepts.size());
  predictor.Margins(entries, explanation.margins);
  for (size_t i = 0; i < entries.indices.size(); ++i) {
    const std::span<const double> weights = predictor.WeightsOf(entries.indices[i]);
    explanation.contributions.push_back(
        {transform.FeatureName(entries.indices[i]), entries.values[i], {weights.begin(), weights.end()}});
  }
  const auto size = [](const Contribution& contribution) {
    double largest = 0;
    for (const double weight : contribution.weights) largest = std::max(largest, std::abs(weight * contribution.value));
    return largest;
  };
  std::stable_sort(explanation.contributions.begin(), explanation.contributions.end(),
                   [&](const Contribution& a, const Contribution& b) { return size(a) > size(b); });
}

Json ToJson(const transform::TracedFeature& feature) {
  Json inputs = Json::array();
  for (const auto& input : feature.inputs) {
    Json json{{"column", input.column}, {"value", input.value}};
    if (!input.expression.empty()) json["expression"] = input.expression;
    inputs.push_back(std::move(json));
  }
  Json steps = Json::array();
  for (const auto& step : feature.steps) steps.push_back({{"what", step.what}, {"value", step.value}});
  Json entries = Json::array();
  for (const auto& entry : feature.entries) {
    entries.push_back({{"index", entry.index}, {"name", entry.name}, {"value", entry.value}});
  }
  return {{"use", feature.operation},
          {"inputs", std::move(inputs)},
          {"steps", std::move(steps)},
          {"entries", std::move(entries)}};
}

}  // namespace

absl::StatusOr<Explanation> Explain(const ScoringModel& model, std::span<const column::Value> row) {
  Explanation explanation{.output_names = model.OutputNames()};
  explanation.outputs.resize(static_cast<size_t>(model.num_outputs()));
  transform::FeatureVector scratch;
  TRY(model.ScoreRow(row, scratch, explanation.outputs));
  if (model.transform() == nullptr) return explanation;
  explanation.features = model.transform()->Trace(row);
  transform::FeatureVector entries;
  model.transform()->ApplyRow(row, entries);
  if (const auto* linear = dynamic_cast<const LinearPredictor*>(model.predictor())) {
    AddLinear(*linear, *model.transform(), entries, explanation);
  } else if (const auto* trees = dynamic_cast<const TreesPredictor*>(model.predictor())) {
    explanation.margins.resize(explanation.outputs.size());
    trees->Margins(entries, explanation.margins);
  }
  return explanation;
}

Json ToJson(const Explanation& explanation) {
  Json features = Json::array();
  for (const transform::TracedFeature& feature : explanation.features) features.push_back(ToJson(feature));
  Json contributions = Json::array();
  for (const Contribution& contribution : explanation.contributions) {
    contributions.push_back(
        {{"feature", contribution.feature}, {"value", contribution.value}, {"weights", contribution.weights}});
  }
  Json outputs = Json::object();
  for (size_t i = 0; i < explanation.outputs.size(); ++i) {
    outputs[explanation.output_names[i]] = explanation.outputs[i];
  }
  return {{"features", std::move(features)},
          {"intercepts", explanation.intercepts},
          {"contributions", std::move(contributions)},
          {"margins", explanation.margins},
          {"outputs", std::move(outputs)}};
}

}  // namespace roost::predict
