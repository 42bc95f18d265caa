#include "api/run_steps.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/data_rows_from.h"
#include "api/decisions.h"
#include "api/facts.h"
#include "api/gate.h"
#include "api/measure.h"
#include "api/model_scores.h"
#include "api/parent.h"
#include "api/releases.h"
#include "api/schema.h"
#include "api/served_rows.h"
#include "api/training.h"
#include "api/validate.h"
#include "base/format.h"
#include "base/status.h"
#include "ingest/source.h"
#include "ingest/stamp.h"
#include "schema/render.h"
#include "store/history.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

using pipeline::Step;
using pipeline::StepInput;
using pipeline::StepKey;
using pipeline::StepState;

constexpr size_t kMetricsTold = 2;  // in a line; all of them are in the output

std::string Counted(int64_t count, const char* one, const char* more) {
  return fmt::format("{} {}", FormatCount(count), count == 1 ? one : more);
}

StepWork IngestedWork(const store::CommitInfo& version) {
  return {.made = fmt::format("{}: {}", version.Name(), Counted(version.rows, "row", "rows")),
          .details = "",
          .output = {{"data", version.Name()}, {"digest", version.digest.ToHex()}, {"rows", version.rows}}};
}

StepInput InputOf(const store::CommitInfo& version) { return {version.Name(), version.digest.ToHex()}; }
StepInput InputOf(const registry::ModelVersion& version) { return {version.ToString(), version.manifest.ToHex()}; }

std::string MemberOf(const Json& output, const char* name) {
  const Json member = output.is_object() ? output.value(name, Json()) : Json();
  return member.is_string() ? member.get<std::string>() : "";
}

/// "2 errors, 1 warning".
std::string CountsOf(const schema::Report& report) {
  return fmt::format("{}, {}", Counted(report.Count(schema::Severity::kError), "error", "errors"),
                     Counted(report.Count(schema::Severity::kWarning), "warning", "warnings"));
}

Json OutputOf(const schema::Report& report) {
  return {{"errors", report.Count(schema::Severity::kError)}, {"warnings", report.Count(schema::Severity::kWarning)}};
}

/// The findings that a person must see: all that are not kept.
std::string FindingsText(const judge::Verdict& verdict) {
  std::string text;
  for (const judge::Finding& finding : verdict.findings) {
    if (finding.outcome == judge::Outcome::kBroken) text += fmt::format("broken: {}\n", finding.ToText());
  }
  return text;
}

// Only where it is refused: what is kept says nothing that a person must see.
std::string ServerText(const judge::ServerCheck& server) {
  return server.passed() ? "" : fmt::format("broken: server: {}\n", server.ToText());
}

/// The same of age and of what was served; where served rows are named and there are none, that is said.
std::string ChecksText(const GateResponse& response) {
  std::string text;
  if (response.age.has_value() && !response.age->passed()) {
    text += fmt::format("broken: age: {}\n", response.age->ToText());
  }
  const judge::ServingCheck& serving = response.serving;
  const bool is_quiet = serving.judged() ? serving.passed() : serving.source.empty();
  if (is_quiet) return text;
  return text + fmt::format("{}: serving: {}\n", serving.judged() ? "broken" : "not judged", serving.ToText());
}

int64_t KeptIn(const GateResponse& response) {
  return response.verdict.Count(judge::Outcome::kKept) + response.baseline.Count(judge::Outcome::kKept);
}

/// "log_loss 0.4503 (the dummy's 0.4694), auc 0.6492 (0.5)".
std::string FiguresText(const Measured& measured) {
  std::vector<std::string> words;
  const auto text = [](const std::optional<double>& value) {
    return value.has_value() ? FormatNumber(*value) : std::string("-");
  };
  for (size_t m = 0; m < measured.metrics.size() && m < kMetricsTold; ++m) {
    const auto& models = measured.figures.front().models;
    words.push_back(fmt::format("{} {} ({}{})", measured.metrics[m]->name, text(models.front()[m].value),
                                m == 0 ? "the dummy's " : "", text(models.back()[m].value)));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

Json FiguresJson(const Measured& measured) {
  Json metrics = Json::object();
  const auto json = [](const std::optional<double>& value) { return value.has_value() ? Json(*value) : Json(nullptr); };
  const auto& models = measured.figures.front().models;
  for (size_t m = 0; m < measured.metrics.size(); ++m) {
    metrics[std::string(measured.metrics[m]->name)] = {{"value", json(models.front()[m].value)},
                                                       {"dummy", json(models.back()[m].value)}};
  }
  return metrics;
}

SettledStep Skipped(std::string reason) {
  return {.work = {.state = StepState::kSkipped, .made = "", .details = "", .output = Json::object()},
          .reason = std::move(reason)};
}

}  // namespace

Json StepWork::ToJson() const { return {{"made", made}, {"details", details}, {"output", output}}; }

absl::StatusOr<StepWork> StepWork::FromJson(StepState state, const Json& json) {
  const Json output = json.is_object() ? json.value("output", Json()) : Json();
  if (!output.is_object()) return absl::DataLossError("what is kept of a step does not say what it made");
  return StepWork{
      .state = state, .made = MemberOf(json, "made"), .details = MemberOf(json, "details"), .output = output};
}

absl::StatusOr<std::optional<SettledStep>> RunSteps::Settled(Step step) {
  switch (step) {
    case Step::kIngest: {
      if (pinned_.has_value()) return SettledStep{.work = IngestedWork(*pinned_), .reason = "roost.lock says so"};
      if (!SourcePaths().empty()) return std::nullopt;
      TRY_ASSIGN(const store::CommitInfo latest, ResolveDataset(project_, ""));
      return SettledStep{.work = IngestedWork(latest), .reason = "the latest version: roost.yaml has no data.source"};
    }
    case Step::kValidate: return SettledValidate();
    case Step::kAssert:
      if (project_.config().assertions.empty()) return Skipped("roost.yaml asserts nothing");
      break;
    case Step::kGate: return SettledGate();
    case Step::kRelease: return SettledRelease();
    case Step::kTrain:
    case Step::kEvaluate: break;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<SettledStep>> RunSteps::SettledValidate() {
  if (project_.config().data.gate == config::DataGate::kOff) return Skipped("data.gate is off");
  const std::string& dataset = project_.config().dataset;
  TRY_ASSIGN(const std::optional<schema::Schema> schema, FindSchema(project_, dataset));
  if (schema.has_value()) return std::nullopt;
  return Skipped(fmt::format("{} has no schema; 'roost schema infer {}' proposes one", dataset, dataset));
}

absl::StatusOr<std::optional<SettledStep>> RunSteps::SettledGate() {
  if (!model_config().gate.has_value()) return Skipped("roost.yaml has no model.gate");
  return SettledRelease();
}

// The champion needs no judgement and no release.
absl::StatusOr<std::optional<SettledStep>> RunSteps::SettledRelease() {
  if (!model_.has_value()) return std::nullopt;
  TRY_ASSIGN(const std::optional<int64_t> champion, Champion());
  if (champion != model_->version) return std::nullopt;
  return SettledStep{.work = {.made = "", .details = "", .output = {{"champion", model_->ToString()}}},
                     .reason = fmt::format("{} is the champion", model_->ToString())};
}

absl::StatusOr<std::optional<int64_t>> RunSteps::Champion() const {
  return project_.registry().aliases().Target(model_config().name, registry::kChampion);
}

std::vector<std::string> RunSteps::SourcePaths() const {
  if (!options_.source.files.empty()) return options_.source.files;
  std::vector<std::string> paths;
  for (const std::string& pattern : project_.config().data.source) {
    paths.push_back((std::filesystem::path(project_.folder()) / pattern).string());
  }
  return paths;
}

absl::StatusOr<std::optional<StepKey>> RunSteps::KeyOf(Step step) {
  StepKey key{.step = step,
              .program = pipeline::ProgramVersion(step),
              .configuration = pipeline::ConfigurationOf(step, configuration_)};
  if (step == Step::kIngest) {
    if (SourcePaths().empty()) return key;
    TRY_ASSIGN(const auto source, ingest::FileSource::Make(SourcePaths()));
    TRY_ASSIGN(const Digest stamp, ingest::StampOf(project_.folder(), source->paths()));
    const auto files = static_cast<int64_t>(source->paths().size());
    key.inputs["source"] = {Counted(files, "file", "files"), stamp.ToHex()};
    if (const auto& from = options_.source.rows_from; from.has_value()) {
      key.inputs["rows from"] = {FormatUtcSeconds(from->time),
                                 fmt::format("{} {}", from->column, FormatUtc(from->time))};
    }
    return key;
  }
  if (!data_.has_value()) return std::nullopt;
  key.inputs["data"] = InputOf(*data_);
  if (step == Step::kValidate) TRY(AddValidateInputs(key));
  if (step == Step::kAssert) TRY(AddPassingInputs(key));
  if (step == Step::kTrain) TRY(AddProgramInput(key));
  if (step == Step::kTrain) TRY(AddScoreInputs(key));
  if (step == Step::kTrain) AddThresholdValue(key);
  if (step <= Step::kTrain) return key;
  if (!model_.has_value()) return std::nullopt;
  key.inputs["model"] = InputOf(*model_);
  if (step == Step::kEvaluate) return key;
  TRY_ASSIGN(const std::optional<int64_t> champion, Champion());
  if (champion.has_value()) {
    const std::string name = fmt::format("{}@{}", model_->name, *champion);
    key.inputs["champion"] = {name, name};
  }
  if (step == Step::kGate) TRY(AddGateInputs(key));
  return key;
}

absl::Status RunSteps::AddGateInputs(StepKey& key) {
  const std::optional<config::GateConfig>& gate = model_config().gate;
  if (!gate.has_value()) return absl::OkStatus();
  // What was young enough once is judged anew on another day.
  if (gate->max_age.has_value()) {
    const std::string day = absl::FormatTime("%Y-%m-%d", context_.now(), absl::UTCTimeZone());
    key.inputs["day"] = {day, day};
  }
  if (!gate->serving.has_value()) return absl::OkStatus();
  TRY_ASSIGN(const ServedRows served, FindServedRows(project_, *gate->serving, context_));
  if (!served.sources.has_value()) return absl::OkStatus();
  const SourcePart& part = served.sources->parts().front();
  if (part.version.has_value()) {
    key.inputs["served"] = InputOf(*part.version);
    return absl::OkStatus();
  }
  TRY_ASSIGN(const Digest stamp, ingest::StampOf(project_.folder(), part.paths));
  key.inputs["served"] = {gate->serving->source, stamp.ToHex()};
  return absl::OkStatus();
}

absl::Status RunSteps::AddValidateInputs(StepKey& key) {
  const std::string& dataset = project_.config().dataset;
  const std::string path = project_.SchemaPath(dataset);
  TRY_ASSIGN(const std::optional<schema::Schema> schema, FindSchema(project_, dataset));
  if (!schema.has_value()) return absl::OkStatus();
  TRY_ASSIGN(const std::string text, table::ReadTextFile(path));
  key.inputs["schema"] = {std::filesystem::path(path).filename().string(), Sha256(text).ToHex()};
  TRY_ASSIGN(const std::vector<schema::Decision> decisions, ReadDecisions(project_, dataset));
  if (!decisions.empty()) {
    // They end with days.
    TRY_ASSIGN(const std::string made, table::ReadTextFile(DecisionsPath(project_, dataset)));
    key.inputs["decisions"] = {"", Sha256(fmt::format("{}\n{}", Today(), made)).ToHex()};
  }
  for (const schema::ForeignKey& foreign : schema->dataset.foreign_keys) {
    const absl::StatusOr<store::CommitInfo> other = ResolveDataset(project_, foreign.dataset);
    if (other.ok()) key.inputs[foreign.dataset] = InputOf(*other);
  }
  return absl::OkStatus();
}

// Facts that hang on the time are looked at in each run.
absl::Status RunSteps::AddPassingInputs(StepKey& key) {
  if (!NamesPassingFacts(project_.config())) return absl::OkStatus();
  key.inputs["time"] = {FormatUtcSeconds(context_.now()), FormatUtc(context_.now())};
  return absl::OkStatus();
}

// Of an external trainer: the files that its command names.
absl::Status RunSteps::AddProgramInput(StepKey& key) {
  const config::TrainerConfig& trainer = model_config().trainer;
  if (trainer.kind != config::TrainerKind::kExternal) return absl::OkStatus();
  for (const std::string& word : trainer.command) {
    const std::filesystem::path path = std::filesystem::path(project_.folder()) / word;
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) continue;
    TRY_ASSIGN(const std::string text, table::ReadTextFile(path.string()));
    key.inputs[word] = {"", Sha256(text).ToHex()};
  }
  return absl::OkStatus();
}

// A threshold that is best by `value` hangs on what outcomes are worth.
void RunSteps::AddThresholdValue(StepKey& key) {
  const auto& learned = model_config().learned_threshold;
  if (!learned.has_value() || learned->best != "value") return;
  for (const auto& [name, value] : configuration_) {
    if (name.starts_with("model.evaluation.value.")) key.configuration[name] = value;
  }
}

absl::Status RunSteps::AddScoreInputs(StepKey& key) {
  TRY_ASSIGN(const std::vector<ScoreColumn> scores, ResolveScores(project_, model_config().scores));
  for (const ScoreColumn& score : scores) key.inputs["score " + score.name] = InputOf(score.version);
  return absl::OkStatus();
}

absl::StatusOr<std::string> RunSteps::WhatIsGone(Step step, const StepWork& work) {
  if (step == Step::kIngest) {
    const std::string name = MemberOf(work.output, "data");
    const absl::StatusOr<store::CommitInfo> version = ResolveDataset(project_, name);
    if (absl::IsNotFound(version.status())) return fmt::format("{} is gone", name);
    TRY(version.status());
    return version->digest.ToHex() == MemberOf(work.output, "digest") ? "" : fmt::format("{} is another one now", name);
  }
  if (step == Step::kTrain) {
    const std::string name = MemberOf(work.output, "model");
    const absl::StatusOr<registry::ModelVersion> version = project_.registry().Resolve(name);
    if (absl::IsNotFound(version.status())) return fmt::format("{} is gone", name);
    TRY(version.status());
    return version->manifest.ToHex() == MemberOf(work.output, "digest") ? ""
                                                                        : fmt::format("{} is another one now", name);
  }
  if (step == Step::kGate && work.output.contains("evidence")) {
    TRY_ASSIGN(const auto judgement, project_.registry().LastJudgement(model_->name, model_->version));
    const bool is_last = judgement.has_value() && judgement->evidence.ToHex() == MemberOf(work.output, "evidence");
    return is_last ? "" : fmt::format("{} was judged otherwise since", model_->ToString());
  }
  return "";
}

absl::Status RunSteps::Choose(const StepKey* before, StepKey& key) {
  if (key.step != Step::kTrain) return absl::OkStatus();
  if (before != nullptr) {
    key.chosen = before->chosen;
    const auto parent = key.chosen.find("parent");
    if (parent == key.chosen.end() || project_.registry().Resolve(parent->second.name).ok()) return absl::OkStatus();
    key.chosen.clear();
  }
  TRY_ASSIGN(const std::optional<ParentVersion> parent,
             FindParentVersion(project_, {.model = model_config().name,
                                          .reference = "",
                                          .dataset_digest = data_->digest.ToHex(),
                                          .config_digest = Sha256(project_.config_text()).ToHex()}));
  if (parent.has_value()) key.chosen["parent"] = InputOf(parent->version);
  return absl::OkStatus();
}

absl::StatusOr<StepWork> RunSteps::Do(const StepKey& key, int64_t run) {
  switch (key.step) {
    case Step::kIngest: return Ingest();
    case Step::kValidate: return Validate();
    case Step::kAssert: return Assert();
    case Step::kTrain: return TrainModel(key);
    case Step::kEvaluate: return EvaluateModel();
    case Step::kGate: return JudgeModel();
    case Step::kRelease: break;
  }
  return Release(run);
}

absl::StatusOr<StepWork> RunSteps::Ingest() {
  TRY_ASSIGN(
      const AddDataResponse response,
      AddRowsFrom(project_,
                  {.dataset = project_.config().dataset, .files = SourcePaths(), .message = options_.source.message},
                  options_.source.rows_from, context_));
  if (response.version.has_value()) return IngestedWork(*response.version);
  return StepWork{.state = StepState::kRefused,
                  .made = fmt::format("the rows break the schema: {}; no version was made", CountsOf(*response.report)),
                  .details = schema::ToText(*response.report),
                  .output = OutputOf(*response.report)};
}

absl::StatusOr<StepWork> RunSteps::Validate() {
  ValidateRequest request{.source = data_->Name()};
  if (!data_->parents.empty()) {
    TRY_ASSIGN(const store::CommitInfo before, store::LoadCommitAt(project_.store().objects(), data_->parents.front()));
    request.against = before.Name();
  }
  TRY_ASSIGN(const ValidateResponse response, ValidateData(project_, request, context_));
  StepWork work{.made = fmt::format("{}: {}", response.source, CountsOf(response.report)),
                .details = "",
                .output = OutputOf(response.report)};
  if (!schema::HasErrors(response.report)) return work;
  work.details = schema::ToText(response.report);
  if (project_.config().data.gate == config::DataGate::kRefuse) work.state = StepState::kRefused;
  return work;
}

absl::StatusOr<StepWork> RunSteps::Assert() {
  TRY_ASSIGN(const std::vector<CheckedFact> facts, CheckFacts(project_, *data_, nullptr, context_));
  StepWork work{.made = "", .details = "", .output = {{"facts", Json::array()}}};
  int64_t holding = 0;
  for (const CheckedFact& fact : facts) {
    work.output["facts"].push_back(fact.ToJson());
    holding += fact.holds ? 1 : 0;
    if (!fact.holds) work.details += fmt::format("does not hold: {}\n", fact.ToText());
  }
  const auto all = static_cast<int64_t>(facts.size());
  work.made = fmt::format("{}: {} of {} facts hold", data_->Name(), FormatCount(holding), FormatCount(all));
  if (holding < all) work.state = StepState::kRefused;
  return work;
}

absl::StatusOr<StepWork> RunSteps::TrainModel(const StepKey& key) {
  TrainRequest request{.reference = data_->Name()};
  const auto parent = key.chosen.find("parent");
  request.first = parent == key.chosen.end();
  if (!request.first) request.parent = parent->second.name;
  TRY_ASSIGN(const TrainResponse response, Train(project_, request, context_));
  const evaluate::Figure figure = evaluate::PrimaryMetric(response.evaluation);
  const std::string start = response.report.start.empty() ? "" : fmt::format(", {} start", response.report.start);
  return StepWork{.made = fmt::format("{} from {}{}", response.version.ToString(), response.dataset, start),
                  .details = response.report.converged ? "" : fmt::format("warning: {}\n", response.report.ended),
                  .output = {{"model", response.version.ToString()},
                             {"digest", response.version.manifest.ToHex()},
                             {"start", response.report.start},
                             {"metric", figure.name},
                             {"value", figure.value},
                             {"dummy", figure.dummy}}};
}

absl::StatusOr<StepWork> RunSteps::EvaluateModel() {
  TRY_ASSIGN(const Measured measured, Measure(project_, {.models = {model_->ToString()}, .reference = data_->Name()},
                                              model_config().evaluation, context_));
  const int64_t rows = measured.figures.front().rows;
  return StepWork{.made = fmt::format("{} on {}", FiguresText(measured), Counted(rows, "row", "rows")),
                  .details = "",
                  .output = {{"rows", rows}, {"metrics", FiguresJson(measured)}}};
}

absl::StatusOr<StepWork> RunSteps::JudgeModel() {
  const absl::StatusOr<GateResponse> judged =
      Gate(project_, {.model = model_->ToString(), .reference = data_->Name(), .trial = options_.trial}, context_);
  if (SaysThatRowsWereSeen(judged.status())) {
    return StepWork{.state = StepState::kWaits,
                    .made = std::string(judged.status().message()),
                    .details = "",
                    .output = {{"verdict", nullptr}, {"champion", nullptr}}};
  }
  TRY(judged.status());
  const GateResponse& response = *judged;
  const auto rules = static_cast<int64_t>(response.verdict.findings.size() + response.baseline.findings.size());
  const std::string beside =
      response.has_champion ? fmt::format("beside {}", response.measured.names()[1]) : "there is no champion";
  return StepWork{
      .state = response.blessed() ? StepState::kDone : StepState::kRefused,
      .made = fmt::format("{} {}: {} of {} kept, {}", response.blessed() ? "blessed" : "refused", model_->ToString(),
                          FormatCount(KeptIn(response)), Counted(rules, "rule", "rules"), beside),
      .details = FindingsText(response.verdict) + FindingsText(response.baseline) + ServerText(response.server) +
                 ChecksText(response),
      .output = {{"verdict", response.blessed() ? "blessed" : "refused"},
                 {"evidence", response.evidence.ToHex()},
                 {"champion", response.has_champion ? Json(response.measured.names()[1]) : Json(nullptr)},
                 {"kept", KeptIn(response)},
                 {"rules", rules}}};
}

absl::StatusOr<std::optional<std::string>> RunSteps::LeftAsChampion() const {
  TRY_ASSIGN(const std::vector<registry::AliasMove> moves,
             project_.registry().aliases().History(model_->name, registry::kChampion));
  std::optional<std::string> left;
  for (const registry::AliasMove& move : moves) {
    if (move.from == model_->version) left = FormatUtcSeconds(move.moved);
  }
  return left;
}

absl::StatusOr<StepWork> RunSteps::Release(int64_t run) {
  if (!judged_.has_value()) return absl::InternalError("a release without a judgement");
  pipeline::ReleaseFacts facts{.model = model_->ToString(), .gate = judged_->state, .hold = options_.hold};
  facts.has_champion = !MemberOf(judged_->output, "champion").empty();
  TRY_ASSIGN(facts.left_as_champion, LeftAsChampion());
  const pipeline::ReleaseDecision decision = pipeline::DecideRelease(facts);
  if (!decision.promote) {
    return StepWork{.state = StepState::kWaits,
                    .made = fmt::format("{}: roost model promote {} --reason TEXT", decision.reason, facts.model),
                    .details = "",
                    .output = {{"promoted", false}}};
  }
  const absl::StatusOr<registry::Release> release =
      PromoteModel(project_, {.reference = facts.model, .reason = fmt::format("roost run {}", run)}, context_);
  if (absl::IsAborted(release.status())) {
    // A writer finishes the move of one that died in it, and so does our promotion with its own of an earlier run.
    TRY_ASSIGN(const std::optional<int64_t> champion, Champion());
    if (champion != model_->version) return release.status();
  } else {
    TRY(release.status());
  }
  return StepWork{.made = fmt::format("{} is the champion", facts.model),
                  .details = "",
                  .output = {{"promoted", true}, {"champion", facts.model}}};
}

absl::Status RunSteps::Take(Step step, const StepWork& work) {
  if (step == Step::kIngest && work.state == StepState::kDone) {
    TRY_ASSIGN(data_, ResolveDataset(project_, MemberOf(work.output, "data")));
  }
  if (step == Step::kTrain) {
    TRY_ASSIGN(model_, project_.registry().Resolve(MemberOf(work.output, "model")));
  }
  if (step == Step::kGate) judged_ = work;
  return absl::OkStatus();
}

}  // namespace roost::api
