#include "api/explain.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "api/json_row.h"
#include "api/models.h"
#include "base/json.h"
#include "base/status.h"
#include "predict/linear.h"

namespace roost::api {
namespace {

void AddLinear(const predict::LinearPredictor& predictor, const transform::Transform& transform,
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

}  // namespace

absl::StatusOr<Explanation> ExplainRow(Project& project, const std::string& model, const std::string& row,
                                       const Context& context) {
  TRY(context.CheckCancelled());
  TRY_ASSIGN(const LoadedModel loaded, LoadModel(project, model));
  TRY_ASSIGN(const Json json, ParseJson(row, "--row"));
  TRY_ASSIGN(const JsonRow values, JsonRow::Make(json, loaded.model.inputs()));
  Explanation explanation{.version = loaded.version, .output_names = loaded.model.OutputNames()};
  explanation.outputs.resize(static_cast<size_t>(loaded.model.num_outputs()));
  transform::FeatureVector scratch;
  TRY(loaded.model.ScoreRow(values.values(), scratch, explanation.outputs));
  if (loaded.model.transform() == nullptr) return explanation;
  explanation.features = loaded.model.transform()->Trace(values.values());
  transform::FeatureVector entries;
  loaded.model.transform()->ApplyRow(values.values(), entries);
  if (const auto* linear = dynamic_cast<const predict::LinearPredictor*>(loaded.model.predictor())) {
    AddLinear(*linear, *loaded.model.transform(), entries, explanation);
  }
  return explanation;
}

}  // namespace roost::api
