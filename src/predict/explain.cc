#include "predict/explain.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "predict/logistic.h"

namespace roost::predict {

absl::StatusOr<std::vector<Contribution>> Explain(const ScoringModel& model, std::span<const column::Value> row) {
  const auto* logistic = dynamic_cast<const LogisticPredictor*>(&model.predictor());
  if (logistic == nullptr) {
    return absl::UnimplementedError(fmt::format(
        "a {} predictor has no weight for each feature, so that its score cannot be explained by contributions",
        model.predictor().kind()));
  }
  transform::FeatureVector features;
  model.transform().ApplyRow(row, features);
  std::vector<Contribution> contributions;
  for (size_t i = 0; i < features.indices.size(); ++i) {
    const double value = features.values[i];
    if (value == 0) continue;
    const double weight = logistic->weights()[static_cast<size_t>(features.indices[i])];
    contributions.push_back({.feature = model.transform().FeatureName(features.indices[i]),
                             .value = value,
                             .weight = weight,
                             .contribution = weight * value});
  }
  std::stable_sort(contributions.begin(), contributions.end(), [](const Contribution& a, const Contribution& b) {
    return std::fabs(a.contribution) > std::fabs(b.contribution);
  });
  return contributions;
}

}  // namespace roost::predict
