#include "api/tune.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/evaluation.h"
#include "api/training.h"
#include "base/json.h"
#include "base/status.h"
#include "base/yaml_edit.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

using pipeline::TrialResult;
using pipeline::TrialRun;

using Edits = std::vector<std::pair<std::string, std::string>>;

absl::StatusOr<pipeline::SearchSpace> SpaceOf(const config::TuneConfig& tune) {
  std::vector<pipeline::Parameter> parameters;
  for (const config::TunedParameter& tuned : tune.space) {
    const bool has_range = tuned.low.has_value() && tuned.high.has_value();
    if (has_range == !tuned.values.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("model.tune.space: '{}' wants either 'low' and 'high', or 'values'", tuned.key));
    }
    if (!tuned.values.empty()) {
      parameters.push_back({tuned.key, pipeline::Choice{tuned.values}});
    } else if (tuned.whole) {
      parameters.push_back({tuned.key, pipeline::IntegerRange{static_cast<int64_t>(*tuned.low),
                                                              static_cast<int64_t>(*tuned.high), tuned.log}});
    } else {
      parameters.push_back({tuned.key, pipeline::NumberRange{*tuned.low, *tuned.high, tuned.log}});
    }
  }
  auto space = pipeline::SearchSpace::Make(std::move(parameters));
  if (!space.ok()) return Annotate(space.status(), "model.tune.space");
  return space;
}

// "options.depth" is model: trainer: options: depth.
std::vector<std::string> PathOf(const Project& project, const std::string& key) {
  std::vector<std::string> path = project.ModelPath();
  path.emplace_back("trainer");
  for (size_t begin = 0; begin <= key.size();) {
    const size_t end = std::min(key.find('.', begin), key.size());
    path.push_back(key.substr(begin, end - begin));
    begin = end + 1;
  }
  return path;
}

Edits EditsOf(const pipeline::SearchSpace& space, const std::vector<pipeline::ParameterValue>& values) {
  Edits edits;
  for (size_t i = 0; i < values.size(); ++i) {
    const Json json = pipeline::ValueToJson(values[i]);
    edits.emplace_back(space.parameters()[i].name, json.is_string() ? json.get<std::string>() : json.dump());
  }
  return edits;
}

// roost.yaml with these values for the selected model.
absl::StatusOr<std::string> Edited(const Project& project, const Edits& edits) {
  std::string text = project.config_text();
  for (const auto& [key, value] : edits) {
    TRY_ASSIGN(text, SetYamlScalar(text, kConfigName, PathOf(project, key), value));
  }
  return text;
}

// roost.yaml with the values of a trial. A key that the trainer does not have fails here.
absl::StatusOr<config::ModelConfig> ModelOf(const Project& project, const Edits& edits) {
  TRY_ASSIGN(const std::string edited, Edited(project, edits));
  auto config = config::ParseProject(edited, "roost.yaml with the values of a trial");
  if (config.ok()) return *config->FindModel(project.config().model->name);
  std::vector<std::string> tried;
  for (const auto& [key, value] : edits) tried.push_back(fmt::format("{}: {}", key, value));
  return WithHint(Annotate(config.status(), fmt::format("with {}", fmt::join(tried, ", "))),
                  "check 'key', 'whole' and the bounds in model.tune.space");
}

// The results of a search as they are kept: in a file that is named after what decides them.
class Record {
 public:
  static absl::StatusOr<Record> Open(const Project& project, const store::CommitInfo& dataset,
                                     const pipeline::TuneSettings& settings) {
    const std::string model_name = project.config().has_models_by_name ? project.config().model->name : "";
    const std::string identity =
        Sha256(project.config_text() + model_name + dataset.digest.ToHex()).ToHex().substr(0, 16);
    const fs::path folder = fs::path(project.folder()) / ".roost" / "tune";
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return ErrnoStatus(error.value(), fmt::format("making the folder '{}'", folder.string()));
    const std::string path = (folder / fmt::format("{}.jsonl", identity)).string();
    TRY_ASSIGN(pipeline::TuneState fresh, pipeline::TuneState::Make(settings));
    Record record(path, pipeline::SettingsLine(settings), std::move(fresh));
    const absl::StatusOr<std::string> text = table::ReadTextFile(path);
    if (absl::IsNotFound(text.status())) return record;
    TRY(text.status());
    absl::StatusOr<pipeline::TuneRecord> kept = pipeline::ReadTuneRecord(*text, path);
    if (absl::IsNotFound(kept.status())) return record;
    TRY(kept.status());
    if (!(kept->state.settings() == settings)) return record;
    record.state_ = std::move(kept->state);
    record.text_ = text->substr(0, kept->bytes);
    return record;
  }

  const pipeline::TuneState& state() const { return state_; }

  absl::Status Add(const TrialResult& result) {
    TRY(state_.Record(result));
    text_ += pipeline::ResultLine(result);
    return table::WriteTextFile(path_, text_);
  }

 private:
  Record(std::string path, std::string text, pipeline::TuneState state)
      : path_(std::move(path)), text_(std::move(text)), state_(std::move(state)) {}

  std::string path_;
  std::string text_;
  pipeline::TuneState state_;
};

// The training rows of a rung: read once for all its trials.
class RungRows {
 public:
  RungRows(Project& project, std::string reference) : project_(project), reference_(std::move(reference)) {}

  absl::StatusOr<const PreparedTraining*> Of(const config::ModelConfig& model, double share, const Context& context) {
    if (!prepared_.has_value() || share != share_) {
      prepared_.reset();
      TRY_ASSIGN(prepared_, PrepareTraining(project_, model, reference_, share, context));
      share_ = share;
    }
    return &*prepared_;
  }

 private:
  Project& project_;
  std::string reference_;
  double share_ = 0;
  std::optional<PreparedTraining> prepared_;
};

absl::StatusOr<TrialResult> RunTrial(Project& project, const TrialRun& run, const Edits& edits, RungRows& rows,
                                     const Context& context) {
  TRY_ASSIGN(const config::ModelConfig model, ModelOf(project, edits));
  TRY_ASSIGN(const PreparedTraining* prepared, rows.Of(*project.config().model, run.budget, context));
  const absl::Time start = context.now();
  const absl::StatusOr<Candidate> candidate =
      TrainCandidate(project, model, *prepared, {.cold_reason = "a trial of 'roost tune'"}, context);
  TrialResult result{.trial = run.trial, .rung = run.rung};
  result.seconds = absl::ToDoubleSeconds(context.now() - start);
  if (absl::IsCancelled(candidate.status())) return candidate.status();
  if (candidate.ok()) {
    result.score = evaluate::PrimaryMetric(candidate->evaluation).value;
  } else {
    result.note = std::string(candidate.status().message());
  }
  return result;
}

absl::StatusOr<TuneResponse> ResponseOf(const Record& record, std::string dataset) {
  const pipeline::TuneSettings& settings = record.state().settings();
  TuneResponse response{.dataset = std::move(dataset), .metric = settings.metric};
  response.results = record.state().results();
  const std::optional<TrialResult> best = record.state().Best();
  if (!best.has_value()) {
    return absl::InvalidArgumentError(fmt::format("every trial failed; the first: {}", response.results.front().note));
  }
  response.best = *best;
  for (const pipeline::Parameter& parameter : settings.space.parameters()) {
    response.parameters.push_back(parameter.name);
  }
  for (const TrialResult& result : response.results) {
    response.runs.push_back({.trial = result.trial,
                             .rung = result.rung,
                             .budget = settings.rungs[static_cast<size_t>(result.rung)].budget,
                             .values = pipeline::RandomTrial(settings.space, settings.seed, result.trial)});
  }
  response.edits = EditsOf(settings.space, pipeline::RandomTrial(settings.space, settings.seed, best->trial));
  return response;
}

}  // namespace

absl::StatusOr<TuneResponse> Tune(Project& project, const TuneRequest& request, const Context& outer) {
  TRY_ASSIGN(const config::ModelConfig* model, RequireModel(project));
  if (!model->tune.has_value()) {
    return WithHint(absl::InvalidArgumentError("roost.yaml has no 'model.tune': what may be tried?"),
                    "add 'tune: {space: [{key: l2, low: 0.01, high: 100, log: true}]}' to the model");
  }
  Context context = outer;
  context.seed = static_cast<uint64_t>(model->trainer.seed);
  TRY_ASSIGN(const store::CommitInfo dataset, ResolveDataset(project, request.reference));
  TRY_ASSIGN(pipeline::SearchSpace space, SpaceOf(*model->tune));
  TRY_ASSIGN(std::vector<pipeline::Rung> rungs,
             pipeline::PlanHalving(model->tune->trials, static_cast<double>(model->tune->keep_one_in),
                                   model->tune->least_share));
  RungRows rows(project, dataset.Name());
  TRY_ASSIGN(const PreparedTraining* first, rows.Of(*model, rungs.front().budget, context));
  const evaluate::Metric metric = evaluate::PrimaryMetricOf(first->rows.data.task);
  const pipeline::TuneSettings settings{.space = std::move(space),
                                        .rungs = std::move(rungs),
                                        .seed = context.seed,
                                        .metric = metric.name,
                                        .higher_is_better = metric.higher_is_better};
  TRY_ASSIGN(Record record, Record::Open(project, dataset, settings));
  const auto resumed = static_cast<int64_t>(record.state().results().size());
  for (std::vector<TrialRun> next = record.state().NextTrials(); !next.empty(); next = record.state().NextTrials()) {
    for (const TrialRun& run : next) {
      TRY(context.CheckCancelled());
      TRY_ASSIGN(const TrialResult result, RunTrial(project, run, EditsOf(settings.space, run.values), rows, context));
      TRY(record.Add(result));
      if (request.on_trial) request.on_trial(run, result);
    }
  }
  TRY_ASSIGN(TuneResponse response, ResponseOf(record, dataset.Name()));
  response.resumed = resumed;
  if (!request.write) return response;
  TRY_ASSIGN(const std::string edited, Edited(project, response.edits));
  TRY(project.ReplaceConfig(edited));
  response.written = true;
  return response;
}

}  // namespace roost::api
