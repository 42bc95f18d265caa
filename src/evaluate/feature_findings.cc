#include "evaluate/feature_findings.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace roost::evaluate {
namespace {

Json OrNull(const std::optional<double>& number) { return number.has_value() ? Json(*number) : Json(nullptr); }

Json LossJson(const Estimate& loss, double confidence) {
  const std::optional<Interval> interval = loss.At(confidence);
  return {{"value", OrNull(loss.value)},
          {"low", interval.has_value() ? Json(interval->low) : Json(nullptr)},
          {"high", interval.has_value() ? Json(interval->high) : Json(nullptr)}};
}

Json ToJson(const ReportedFeature& feature, double confidence) {
  return {{"name", feature.name},
          {"feature", feature.declared},
          {"columns", feature.columns},
          {"places", feature.places},
          {"missing_share", feature.missing_share},
          {"importance", feature.importance},
          {"row_ns", OrNull(feature.row_ns)},
          {"need", std::string(NeedName(feature.need))},
          {"value", OrNull(feature.value)},
          {"loss", LossJson(feature.loss, confidence)},
          {"failure", feature.failure.empty() ? Json(nullptr) : Json(feature.failure)},
          {"repeats", feature.repeats},
          {"only_repeats", feature.only_repeats()}};
}

}  // namespace

int64_t FeatureFindings::Count(FeatureNeed need) const {
  return std::count_if(features.begin(), features.end(),
                       [&](const ReportedFeature& feature) { return feature.need == need; });
}

std::vector<std::string> FeatureFindings::not_tried() const {
  std::vector<std::string> names;
  for (const size_t feature : order) {
    if (features[feature].need == FeatureNeed::kNotTried) names.push_back(features[feature].name);
  }
  return names;
}

std::vector<const ReportedFeature*> FeatureFindings::by_worth() const {
  std::vector<const ReportedFeature*> sorted;
  for (const ReportedFeature& feature : features) sorted.push_back(&feature);
  std::stable_sort(sorted.begin(), sorted.end(), [](const ReportedFeature* a, const ReportedFeature* b) {
    if (a->loss.value.has_value() != b->loss.value.has_value()) return a->loss.value.has_value();
    return a->loss.value.has_value() && *a->loss.value > *b->loss.value;
  });
  return sorted;
}

Json ToJson(const FeatureFindings& findings) {
  Json features = Json::array();
  for (const ReportedFeature& feature : findings.features) features.push_back(ToJson(feature, findings.confidence));
  Json order = Json::array();
  for (const size_t feature : findings.order) order.push_back(findings.features[feature].name);
  Json together;
  if (findings.together.has_value()) {
    together = {{"features", findings.together->names},
                {"value", OrNull(findings.together->value)},
                {"loss", LossJson(findings.together->loss, findings.confidence)}};
  }
  return {{"metric", std::string(findings.metric->name)},
          {"confidence", findings.confidence},
          {"value", OrNull(findings.value)},
          {"dummy", OrNull(findings.dummy)},
          {"max_loss", findings.max_loss},
          {"max_loss_is_given", findings.max_loss_is_given},
          {"features", std::move(features)},
          {"order", std::move(order)},
          {"together", std::move(together)},
          {"groups", findings.groups},
          {"least_correlation", findings.least_correlation},
          {"not_tried", findings.not_tried()},
          {"is_whole", findings.is_whole}};
}

}  // namespace roost::evaluate
