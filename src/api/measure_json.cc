#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/measure.h"

namespace roost::api {
namespace {

using evaluate::Estimate;

Json ToJson(const Estimate& estimate, double confidence) {
  Json json{{"value", nullptr}, {"standard_error", nullptr}, {"low", nullptr}, {"high", nullptr}};
  if (estimate.value.has_value()) json["value"] = *estimate.value;
  if (estimate.standard_error.has_value()) json["standard_error"] = *estimate.standard_error;
  if (const auto interval = estimate.At(confidence); interval.has_value()) {
    json["low"] = interval->low;
    json["high"] = interval->high;
  }
  return json;
}

Json ByMetric(const Measured& measured, const std::vector<Estimate>& estimates) {
  Json json = Json::object();
  for (size_t m = 0; m < measured.metrics.size(); ++m) {
    json[std::string(measured.metrics[m]->name)] = ToJson(estimates[m], measured.confidence);
  }
  return json;
}

}  // namespace

Json ToJson(const Measured& measured) {
  const std::vector<std::string> names = measured.names();
  Json slices = Json::array();
  for (size_t s = 0; s < measured.figures.size(); ++s) {
    const evaluate::SliceFigures& figures = measured.figures[s];
    Json slice{{"name", measured.slices.slices[s].name}, {"rows", figures.rows}};
    for (size_t i = 0; i < names.size(); ++i) slice["models"][names[i]] = ByMetric(measured, figures.models[i]);
    for (size_t i = 0; i < figures.differences.size(); ++i) {
      slice["difference_to"][names[i + 1]] = ByMetric(measured, figures.differences[i]);
    }
    slices.push_back(std::move(slice));
  }
  Json left_out = Json::array();
  for (const evaluate::LeftOutSlice& slice : measured.slices.left_out) {
    left_out.push_back({{"name", slice.name}, {"rows", slice.rows}, {"too_few_rows", slice.too_few_rows}});
  }
  return {{"models", names},
          {"dataset", measured.dataset},
          {"rows", measured.rows},
          {"confidence", measured.confidence},
          {"slices", std::move(slices)},
          {"left_out", std::move(left_out)}};
}

}  // namespace roost::api
