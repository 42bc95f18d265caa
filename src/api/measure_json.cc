#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/measure.h"
#include "base/json_members.h"

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

Json ToJson(const evaluate::SliceChanges& changes) {
  Json json{{"flips", nullptr}, {"score_differences", Json::array()}};
  if (changes.flips.has_value()) {
    json["flips"] = {
        {"gained", changes.flips->gained}, {"lost", changes.flips->lost}, {"sideways", changes.flips->sideways}};
  }
  for (const evaluate::DifferenceQuantile& quantile : changes.differences) {
    json["score_differences"].push_back({{"share", quantile.share}, {"difference", quantile.difference}});
  }
  return json;
}

Json ToJson(const std::vector<evaluate::CalibrationBin>& bins) {
  Json json = Json::array();
  for (const evaluate::CalibrationBin& bin : bins) {
    json.push_back({{"lowest_score", bin.lowest_score},
                    {"highest_score", bin.highest_score},
                    {"mean_score", bin.mean_score},
                    {"positive_rate", bin.positive_rate},
                    {"rows", bin.rows}});
    if (bin.weight.has_value()) json.back()["weight"] = *bin.weight;
  }
  return json;
}

Json ToJson(const evaluate::OperatingPoint& point) {
  Json json{{"threshold", point.threshold},
            {"acted_share", point.acted_share},
            {"recall", OrNull(point.recall)},
            {"false_positive_rate", OrNull(point.false_positive_rate)},
            {"precision", OrNull(point.precision)}};
  if (point.value.has_value()) json["value"] = *point.value;
  return json;
}

Json ToJson(const evaluate::BinaryCurves& curves) {
  Json json{{"points", Json::array()}, {"lift", Json::array()}};
  for (const evaluate::OperatingPoint& point : curves.points) json["points"].push_back(ToJson(point));
  for (const evaluate::LiftPoint& point : curves.lift) {
    json["lift"].push_back({{"share", point.share}, {"gain", OrNull(point.gain)}, {"lift", OrNull(point.lift)}});
  }
  if (curves.best.has_value()) json["best"] = ToJson(*curves.best);
  return json;
}

/// What binary versions decide by, and their curves.
void AddDecisions(const Measured& measured, const std::vector<std::string>& names, Json& json) {
  for (size_t i = 0; i < measured.thresholds.size(); ++i) {
    json["thresholds"][names[i]] = {{"value", measured.thresholds[i].value}, {"from", measured.thresholds[i].from}};
  }
  if (measured.value.has_value() && !measured.thresholds.empty()) json["break_even"] = OrNull(measured.break_even);
  if (!measured.curves.has_value()) return;
  for (size_t i = 0; i < measured.curves->curves.size(); ++i) {
    json["curves"][names[i]] = ToJson(measured.curves->curves[i]);
  }
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
    for (size_t i = 0; i < measured.changes.size(); ++i) {
      slice["changes_to"][names[i + 1]] = ToJson(measured.changes[i][s]);
    }
    if (measured.curves.has_value()) {
      const auto& calibration = measured.curves->calibration;
      for (size_t i = 0; i < calibration.size(); ++i) slice["calibration"][names[i]] = ToJson(calibration[i][s]);
    }
    slices.push_back(std::move(slice));
  }
  Json left_out = Json::array();
  for (const evaluate::LeftOutSlice& slice : measured.slices.left_out) {
    left_out.push_back({{"name", slice.name}, {"rows", slice.rows}, {"too_few_rows", slice.too_few_rows}});
  }
  Json json{{"models", names},
            {"dataset", measured.dataset},
            {"rows", measured.rows},
            {"confidence", measured.confidence},
            {"slices", std::move(slices)},
            {"left_out", std::move(left_out)}};
  AddDecisions(measured, names, json);
  return json;
}

}  // namespace roost::api
