#include "api/gate.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/hooks.h"
#include "api/learned_until.h"
#include "api/registry_models.h"
#include "api/served_rows.h"
#include "base/status.h"

namespace roost::api {
namespace {

/// The version that `request` is held against; none where there is no champion.
absl::StatusOr<std::optional<registry::ModelVersion>> FindChampion(Project& project,
                                                                   const registry::ModelVersion& version,
                                                                   const GateRequest& request) {
  std::string reference = request.champion;
  if (reference.empty()) {
    TRY_ASSIGN(const std::optional<int64_t> target,
               project.registry().aliases().Target(version.name, registry::kChampion));
    if (!target.has_value()) return std::nullopt;
    reference = fmt::format("{}@{}", version.name, *target);
  }
  TRY_ASSIGN(registry::ModelVersion champion, project.registry().Resolve(reference));
  if (champion.name != version.name || champion.version != version.version) return champion;
  return WithHint(absl::InvalidArgumentError(fmt::format("{} is the champion itself", version.ToString())),
                  "name another version, or what it is held against with --against");
}

judge::Snapshot SnapshotOf(const Measured& measured, bool has_champion) {
  return {.task = measured.task,
          .metrics = measured.metrics,
          .slices = measured.slices.slices,
          .figures = measured.figures,
          .has_champion = has_champion};
}

/// Which baseline the version is held against, and why it is not the one that was asked for.
void ChooseBaseline(config::GateBaseline wanted, GateResponse& response) {
  const Measured& measured = response.measured;
  const bool has_linear = measured.baselines.front() == "linear";
  response.baseline_name = wanted == config::GateBaseline::kLinear && has_linear ? "linear" : "dummy";
  if (wanted == config::GateBaseline::kDummy || has_linear) return;
  response.note = fmt::format(
      "{} has no linear baseline ({}): it is held against the dummy", measured.names().front(),
      measured.linear_absent.empty() ? "it is linear itself, or older than baselines" : measured.linear_absent);
}

/// All rows, with the baseline in the champion's place.
absl::StatusOr<judge::Verdict> JudgeBesideBaseline(const Measured& measured, const std::string& baseline,
                                                   double confidence) {
  const auto place = std::find(measured.baselines.begin(), measured.baselines.end(), baseline);
  const size_t model = measured.versions.size() + static_cast<size_t>(place - measured.baselines.begin());
  evaluate::SliceFigures whole = measured.figures.front();
  whole.models = {whole.models.front(), whole.models[model]};
  whole.differences = {whole.differences[model - 1]};
  const judge::Snapshot snapshot{.task = measured.task,
                                 .metrics = measured.metrics,
                                 .slices = {measured.slices.slices.data(), 1},
                                 .figures = {&whole, 1},
                                 .has_champion = true,
                                 .champion_name = baseline == "linear" ? "linear model" : baseline};
  return judge::Judge(snapshot,
                      {.rules = {{.metric = UsualMetrics(measured.task).front(), .intent = judge::Intent::kMinGain}},
                       .confidence = confidence});
}

absl::StatusOr<judge::ServerFigures> Try(Project& project, const registry::ModelVersion& version,
                                         const ServerTrial& trial) {
  TRY_ASSIGN(const serving::ModelFiles files,
             RegistryModels(project).Load(version.name, {version.version, version.manifest.ToHex()}));
  return trial(version.name, version.version, files);
}

judge::ServerCheck CheckOnServer(Project& project, const registry::ModelVersion& version,
                                 const std::optional<registry::ModelVersion>& champion, const ServerTrial& trial,
                                 const judge::ServerLimits& limits) {
  std::optional<absl::StatusOr<judge::ServerFigures>> of_champion;
  if (champion.has_value()) of_champion = Try(project, *champion, trial);
  return judge::CheckServer(Try(project, version, trial), of_champion, limits);
}

absl::StatusOr<std::optional<judge::AgeCheck>> CheckAge(Project& project, const registry::ModelVersion& version,
                                                        const std::optional<absl::Duration>& limit,
                                                        const Context& context) {
  if (!limit.has_value()) return std::nullopt;
  TRY_ASSIGN(LearnedUntil learned, FindLearnedUntil(project, version, context));
  return judge::AgeCheck{
      .learned_until = learned.time, .source = std::move(learned.source), .judged = context.now(), .limit = *limit};
}

}  // namespace

Json ToJson(const GateResponse& response) {
  const std::vector<std::string> names = response.measured.names();
  return {{"model", names.front()},
          {"champion", response.has_champion ? Json(names[1]) : Json(nullptr)},
          {"verdict", response.blessed() ? "blessed" : "refused"},
          {"rules", response.verdict.ToJson()},
          {"baseline_name", response.baseline_name},
          {"baseline", response.baseline.ToJson()},
          {"server", response.server.ToJson()},
          {"age", response.age.has_value() ? response.age->ToJson() : Json(nullptr)},
          {"serving", response.serving.ToJson()},
          {"measured", ToJson(response.measured)}};
}

absl::StatusOr<GateResponse> Gate(Project& project, const GateRequest& request, const Context& context) {
  const config::ModelConfig* model = project.config().FindModel(request.model);
  // Without a name it is not known which of several models is meant, which LoadModel says.
  const bool is_known = model != nullptr || !request.model.empty();
  if (is_known && (model == nullptr || !model->gate.has_value())) {
    return WithHint(absl::InvalidArgumentError("roost.yaml has no 'model.gate': there is nothing to judge by"),
                    "say what a version must keep (docs/gate.md)");
  }
  TRY_ASSIGN(const LoadedModel loaded, LoadModel(project, request.model));
  TRY_ASSIGN(const std::optional<registry::ModelVersion> champion, FindChampion(project, loaded.version, request));
  MeasureRequest measure{.models = {loaded.version.ToString()}, .reference = request.reference};
  if (champion.has_value()) measure.models.push_back(champion->ToString());
  measure.metrics = {UsualMetrics(loaded.model.task()).front()};
  for (const judge::Rule& rule : model->gate->rules) {
    TRY(Annotate(judge::CheckRule(loaded.model.task(), rule), "model.gate"));
    measure.metrics.push_back(rule.metric);
  }
  GateResponse response{.has_champion = champion.has_value()};
  TRY_ASSIGN(response.measured, Measure(project, measure, model->evaluation, context));
  TRY_ASSIGN(response.verdict, judge::Judge(SnapshotOf(response.measured, response.has_champion),
                                            {.rules = model->gate->rules, .confidence = model->gate->confidence}));
  ChooseBaseline(model->gate->baseline, response);
  TRY_ASSIGN(response.baseline,
             JudgeBesideBaseline(response.measured, response.baseline_name, model->gate->confidence));
  response.server = CheckOnServer(project, loaded.version, champion, request.trial, model->gate->server);
  TRY_ASSIGN(response.age, CheckAge(project, loaded.version, model->gate->max_age, context));
  TRY_ASSIGN(response.serving, CheckServing(project, loaded, model->gate->serving, context));
  const std::optional<int64_t> against = champion.has_value() ? std::optional(champion->version) : std::nullopt;
  TRY_ASSIGN(response.evidence, project.registry().RecordJudgement({.model = loaded.version.name,
                                                                    .version = loaded.version.version,
                                                                    .blessed = response.blessed(),
                                                                    .champion = against,
                                                                    .author = project.author()},
                                                                   ToText(ToJson(response)), context));
  QueueEvent(project, config::HookEvent::kJudged,
             {{"model", loaded.version.name},
              {"version", loaded.version.version},
              {"verdict", response.blessed() ? "blessed" : "refused"},
              {"champion", against.has_value() ? Json(*against) : Json(nullptr)},
              {"evidence", response.evidence.ToHex()}},
             context);
  return response;
}

}  // namespace roost::api
