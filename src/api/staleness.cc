#include "api/staleness.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/configuration.h"
#include "api/evaluation.h"
#include "api/models.h"
#include "base/format.h"
#include "base/json_members.h"
#include "base/status.h"
#include "pipeline/step_key.h"

namespace roost::api {
namespace {

/// A version that may be measured.
struct Candidate {
  LoadedModel loaded;
  TrainingRecord record;
  LearnedUntil learned;
};

absl::StatusOr<Candidate> Load(Project& project, const registry::ModelVersion& version, const Context& context) {
  TRY_ASSIGN(LearnedUntil learned, FindLearnedUntil(project, version, context));
  TRY_ASSIGN(TrainingRecord record, ReadTrainingRecord(project, version));
  TRY_ASSIGN(LoadedModel loaded, LoadModel(project, version.ToString()));
  return Candidate{std::move(loaded), std::move(record), std::move(learned)};
}

/// Why `other` cannot be measured beside `newest`; "" where it can.
std::string Unfit(const Candidate& newest, const Candidate& other) {
  if (!other.record.split.HasRuleOf(newest.record.split)) return "its rows were parted by another split";
  const predict::ScoringModel& a = newest.loaded.model;
  const predict::ScoringModel& b = other.loaded.model;
  const bool same_classes = std::equal(a.classes().begin(), a.classes().end(), b.classes().begin(), b.classes().end());
  if (a.task() != b.task() || !same_classes || newest.record.model.label != other.record.model.label) {
    return "it predicts something else";
  }
  return "";
}

/// The keys of roost.yaml that a training reads.
absl::StatusOr<pipeline::Configuration> TrainingKeys(Project& project, const registry::ModelVersion& version) {
  TRY_ASSIGN(const Configuration configuration, ConfigurationOf(project, version));
  return pipeline::ConfigurationOf(pipeline::Step::kTrain, KeysOfModel(configuration.values, version.name));
}

absl::StatusOr<std::vector<registry::ModelVersion>> NewestVersions(Project& project, const StalenessRequest& request) {
  TRY_ASSIGN(const std::vector<ModelDescription> all, ListModels(project, request.model));
  std::vector<registry::ModelVersion> versions;
  for (const ModelDescription& description : all) {
    if (!description.retired.has_value()) versions.push_back(description.version);
  }
  if (versions.empty()) {
    return WithHint(
        absl::NotFoundError(fmt::format("there is no version of a model '{}' that is not retired", request.model)),
        "'roost model list' shows what there is");
  }
  const auto most = static_cast<size_t>(request.versions);
  if (versions.size() > most) versions.erase(versions.begin(), versions.end() - static_cast<ptrdiff_t>(most));
  return versions;
}

/// Those that can be measured, the one first that has learned the furthest.
absl::StatusOr<std::vector<Candidate>> FindCandidates(Project& project, const StalenessRequest& request,
                                                      StalenessResponse& response, const Context& context) {
  TRY_ASSIGN(const std::vector<registry::ModelVersion> versions, NewestVersions(project, request));
  std::vector<Candidate> candidates;
  for (const registry::ModelVersion& version : versions) {
    TRY(context.CheckCancelled());
    auto candidate = Load(project, version, context);
    if (absl::IsCancelled(candidate.status())) return candidate.status();
    if (candidate.ok()) {
      candidates.push_back(*std::move(candidate));
    } else {
      response.left_out.push_back({version.ToString(), std::string(candidate.status().message())});
    }
  }
  if (candidates.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("no version of {} can be measured: {}", request.model, response.left_out.front().reason));
  }
  // The newest version says what is measured, and how rows are parted.
  const size_t newest = candidates.size() - 1;
  std::vector<Candidate> fit;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const std::string reason = i == newest ? "" : Unfit(candidates[newest], candidates[i]);
    if (!reason.empty()) response.left_out.push_back({candidates[i].loaded.version.ToString(), reason});
    if (reason.empty()) fit.push_back(std::move(candidates[i]));
  }
  // Of the same age the newest version first.
  std::sort(fit.begin(), fit.end(), [](const Candidate& a, const Candidate& b) {
    if (a.learned.time != b.learned.time) return a.learned.time > b.learned.time;
    return a.loaded.version.version > b.loaded.version.version;
  });
  return fit;
}

evaluate::Estimate LossOf(const evaluate::NamedMetric& metric, const evaluate::Estimate& difference) {
  evaluate::Estimate loss = difference;  // the freshest minus the other one
  if (loss.value.has_value() && metric.better == evaluate::Better::kLower) loss.value = -*loss.value;
  return loss;
}

absl::Status AddVersions(Project& project, const std::vector<Candidate>& candidates, const Measured& measured,
                         StalenessResponse& response) {
  const evaluate::SliceFigures& whole = measured.figures.front();
  TRY_ASSIGN(const pipeline::Configuration freshest, TrainingKeys(project, candidates.front().loaded.version));
  for (size_t i = 0; i < candidates.size(); ++i) {
    const Candidate& candidate = candidates[i];
    AgedVersion aged{.version = candidate.loaded.version,
                     .learned = candidate.learned,
                     .age = candidates.front().learned.time - candidate.learned.time,
                     .value = whole.models[i].front().value};
    TRY_ASSIGN(const pipeline::Configuration keys, TrainingKeys(project, candidate.loaded.version));
    aged.other_config = keys != freshest;
    if (i == 0) {
      aged.loss.value = 0;
    } else {
      const evaluate::Estimate& difference = whole.differences[i - 1].front();
      aged.loss = LossOf(*response.metric, difference);
      aged.is_clear =
          evaluate::TendencyOf(*response.metric, difference, response.confidence) == evaluate::Tendency::kBetter;
    }
    response.versions.push_back(std::move(aged));
  }
  for (auto aged = response.versions.rbegin(); aged != response.versions.rend() && aged->is_clear; ++aged) {
    if (aged->age > absl::ZeroDuration()) response.clear_from = aged->age;
  }
  return absl::OkStatus();
}

Json ToJson(const AgedVersion& aged, double confidence) {
  const std::optional<evaluate::Interval> interval = aged.loss.At(confidence);
  return {{"model", aged.version.ToString()},
          {"learned_until", FormatUtc(aged.learned.time)},
          {"learned_until_source", aged.learned.source},
          {"age_seconds", absl::ToDoubleSeconds(aged.age)},
          {"other_config", aged.other_config},
          {"value", OrNull(aged.value)},
          {"loss", OrNull(aged.loss.value)},
          {"low", interval.has_value() ? Json(interval->low) : Json(nullptr)},
          {"high", interval.has_value() ? Json(interval->high) : Json(nullptr)},
          {"clear", aged.is_clear}};
}

}  // namespace

Json ToJson(const StalenessResponse& response) {
  Json versions = Json::array();
  for (const AgedVersion& aged : response.versions) versions.push_back(ToJson(aged, response.confidence));
  Json left_out = Json::array();
  for (const VersionLeftOut& version : response.left_out) {
    left_out.push_back({{"model", version.version}, {"reason", version.reason}});
  }
  return {{"dataset", response.dataset},
          {"rows", response.rows},
          {"num_rows", response.num_rows},
          {"metric", std::string(response.metric->name)},
          {"confidence", response.confidence},
          {"versions", std::move(versions)},
          {"left_out", std::move(left_out)},
          {"clear_from_seconds",
           response.clear_from.has_value() ? Json(absl::ToDoubleSeconds(*response.clear_from)) : Json(nullptr)}};
}

absl::StatusOr<StalenessResponse> MeasureStaleness(Project& project, const StalenessRequest& request,
                                                   const config::EvaluationConfig& evaluation, const Context& context) {
  if (request.versions < 1) return absl::InvalidArgumentError("at least one version is measured");
  StalenessResponse response{.confidence = evaluation.confidence};
  TRY_ASSIGN(const std::vector<Candidate> candidates, FindCandidates(project, request, response, context));
  MeasureRequest measure{.reference = request.reference};
  if (measure.reference.empty()) {
    const auto trained_on = candidates.front().record.lineage["dataset"].get<std::string>();
    TRY_ASSIGN(const store::DatasetRef reference, store::ParseDatasetRef(trained_on));
    measure.reference = reference.name;
  }
  for (const Candidate& candidate : candidates) measure.models.push_back(candidate.loaded.version.ToString());
  // The figure that versions are compared by, of all rows.
  config::EvaluationConfig whole = evaluation;
  whole.slices.clear();
  whole.metrics = {UsualMetrics(candidates.front().loaded.model.task()).front()};
  TRY_ASSIGN(const Measured measured, Measure(project, measure, whole, context));
  response.dataset = measured.dataset;
  response.rows = measured.rows;
  response.num_rows = measured.figures.front().rows;
  response.metric = measured.metrics.front();
  TRY(AddVersions(project, candidates, measured, response));
  return response;
}

}  // namespace roost::api
