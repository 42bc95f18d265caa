#include "api/training.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/code_revision.h"
#include "api/environment.h"
#include "api/evaluation.h"
#include "api/facts.h"
#include "api/linear_baseline.h"
#include "api/row_values.h"
#include "api/signature.h"
#include "api/signing.h"
#include "api/timing.h"
#include "base/format.h"
#include "base/status.h"
#include "config/resolved.h"
#include "profile/profile.h"
#include "serving/recorded_requests.h"
#include "transform/feature_yaml.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

// Permutation importance looks at so many held-out rows and times a column: enough to rank columns.
constexpr int64_t kImportanceRows = 20'000;
constexpr int kImportanceRepeats = 5;

absl::Status CheckRows(const LabelledData& data, const store::CommitInfo& dataset, const Split& split) {
  if (data[Part::kTrain].num_rows() == 0) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("{} has no row with a label among the rows {}: nothing to train on",
                                               dataset.Name(), split.Describe(Part::kTrain))),
        "check model.label and model.split in roost.yaml");
  }
  if (data[Part::kEvaluate].num_rows() == 0) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("{} has no row with a label among the rows {}: nothing to evaluate on",
                                               dataset.Name(), split.Describe(Part::kEvaluate))),
        "raise evaluate_share, or add rows");
  }
  const bool of_classes = data.task == predict::Task::kBinary || data.task == predict::Task::kClasses;
  const std::vector<double>& targets = data[Part::kTrain].targets;
  const bool constant = std::all_of(targets.begin(), targets.end(), [&](double t) { return t == targets.front(); });
  if (!constant || (!of_classes && data.task != predict::Task::kRanking && data.task != predict::Task::kNumber)) {
    return absl::OkStatus();
  }
  const std::string value = data.task == predict::Task::kClasses  ? fmt::format("'{}'", data.classes.front())
                            : data.task == predict::Task::kBinary ? (targets.front() == 1 ? "true" : "false")
                                                                  : FormatExact(targets.front());
  return WithHint(
      absl::InvalidArgumentError(fmt::format("all {} training rows of {} have the label {}: there is "
                                             "nothing to tell apart",
                                             FormatCount(data[Part::kTrain].num_rows()), dataset.Name(), value)),
      "check model.label, and whether the split parts the rows by what is to be learned");
}

bool OfTrees(const config::ModelConfig& model) { return model.trainer.kind == config::TrainerKind::kBoostedTrees; }

absl::StatusOr<const profile::ColumnSummary*> RequireColumn(const profile::ProfileSummary& summary,
                                                            const std::string& name) {
  if (const profile::ColumnSummary* column = summary.Find(name)) return column;
  return WithHint(absl::InvalidArgumentError(fmt::format("model.features: '{}' has no 'use', and no column of the data "
                                                         "has that name",
                                                         name)),
                  "columns that are computed want a 'use'");
}

// The columns of an external trainer that makes its features itself.
absl::StatusOr<std::vector<transform::InputColumn>> InputsOf(const std::vector<std::string>& columns,
                                                             const column::BatchView& batch) {
  std::vector<transform::InputColumn> inputs;
  for (const std::string& name : columns) {
    TRY_ASSIGN(const column::ColumnView* column, batch.Require(name));
    const auto kind = column::KindOf(*column);
    if (!kind.ok()) return Annotate(kind.status(), fmt::format("model.features: '{}'", name));
    inputs.push_back({name, *kind});
  }
  return inputs;
}

bool TakesColumns(const config::ModelConfig& model) {
  return model.trainer.kind == config::TrainerKind::kExternal && model.trainer.input == config::TrainerInput::kColumns;
}

// The features of the configuration; those without a 'use' are chosen from the profile and told in `chosen`.
absl::StatusOr<transform::TransformSpec> SpecOf(const config::ModelConfig& model,
                                                const profile::ProfileSummary& summary,
                                                std::vector<transform::ChosenFeature>& chosen) {
  transform::TransformSpec spec{.derived = model.columns};
  const auto take = [&](const std::vector<transform::ChosenFeature>& features) {
    for (const transform::ChosenFeature& feature : features) spec.features.push_back(feature.spec);
    chosen.insert(chosen.end(), features.begin(), features.end());
  };
  if (model.auto_features) {
    TRY_ASSIGN(const transform::FeatureChoice all, ChooseAll(model, summary));
    take(all.features);
    return spec;
  }
  for (const transform::FeatureSpec& feature : model.features) {
    if (feature.use.has_value()) {
      spec.features.push_back(feature);
      continue;
    }
    TRY_ASSIGN(const profile::ColumnSummary* column, RequireColumn(summary, feature.column));
    const transform::FeatureChoice choice = transform::ChooseForColumn(*column, OfTrees(model));
    if (!choice.left_out.empty()) {
      return WithHint(absl::InvalidArgumentError(fmt::format("model.features: nothing can be chosen for '{}': {}",
                                                             feature.column, choice.left_out.front().reason)),
                      "leave the column out, or say its 'use'");
    }
    take(choice.features);
  }
  return spec;
}

// Where the version came from: enough to make it again, and to find everything that it depends on.
Json Lineage(const Project& project, const config::ModelConfig& model, const PreparedTraining& prepared,
             const TrainResponse& response, const TrainedModel& trained) {
  const CodeRevision code = FindCodeRevision(project.folder());
  Json lineage{{"dataset", response.dataset},
               {"dataset_digest", prepared.rows.dataset.digest.ToHex()},
               {"config_digest", Sha256(project.config_text()).ToHex()},
               {"code_revision", code.revision},
               {"code_dirty", code.dirty},
               {"roost_version", ROOST_VERSION},
               {"task", predict::TaskName(prepared.rows.data.task)},
               {"label", model.label},
               {"train_rows", response.train_rows},
               {"baseline", prepared.baseline.ToJson()},
               {"seed", model.trainer.seed}};
  if (!prepared.rows.scores.empty()) lineage["scores"] = ScoresJson(prepared.rows.scores);
  lineage.update(prepared.rows.split.ToJson());
  lineage.update(response.report.ToJson());
  lineage.update(trained.lineage);
  if (response.threshold.has_value()) {
    lineage["threshold"] = {{"best", response.threshold_metric},
                            {"threshold", response.threshold->threshold},
                            {"value", response.threshold->value},
                            {"rows", response.threshold_rows}};
  }
  if (!response.leaks.empty()) {
    for (const Leak& leak : response.leaks)
      lineage["leaks"].push_back({{"column", leak.column}, {"power", leak.power}});
  }
  for (const transform::ChosenFeature& chosen : response.chosen) {
    lineage["chosen_features"].push_back({{"feature", transform::ToYaml(chosen.spec)}, {"reason", chosen.reason}});
  }
  return lineage;
}

struct ParentChoice {
  std::optional<ParentModel> parent;
  std::string cold_reason;
};

absl::StatusOr<ParentChoice> ChooseParent(Project& project, const config::ModelConfig& model,
                                          const TrainRequest& request, const store::CommitInfo& dataset) {
  ParentChoice choice;
  if (!request.first) {
    TRY_ASSIGN(choice.parent, FindParent(project, {.model = model.name,
                                                   .reference = request.parent,
                                                   .dataset_digest = dataset.digest.ToHex(),
                                                   .config_digest = Sha256(project.config_text()).ToHex()}));
  }
  if (!choice.parent.has_value()) choice.cold_reason = "there is no version before";
  if (request.cold) choice.cold_reason = "asked for with --cold";
  if (model.trainer.start == config::TrainingStart::kCold) choice.cold_reason = "roost.yaml says 'start: cold'";
  return choice;
}

// Whether the next version is one of those that are also trained from nothing.
bool ColdIsDue(const config::ModelConfig& model, const std::optional<ParentModel>& parent) {
  if (model.trainer.cold_every == 0 || !parent.has_value()) return false;
  return (parent->version.version + 1) % model.trainer.cold_every == 0;
}

absl::StatusOr<evaluate::Importance> ImportanceOf(const Candidate& candidate, const PreparedTraining& prepared,
                                                  const Context& context) {
  const predict::ScoringModel& model = candidate.trained.model;
  const LabelledRows& rows = prepared.rows.data[Part::kEvaluate];
  std::vector<std::string> columns;
  for (const transform::InputColumn& input : model.inputs()) columns.push_back(input.name);
  const auto score = [&](const column::BatchView& batch) { return model.ScoreBatch(batch, context); };
  const std::vector<column::BatchView> batches = rows.views();
  return evaluate::PermutationImportance(
      {.batches = batches, .targets = rows.targets, .weights = rows.weights, .groups = rows.groups}, columns, score,
      {.task = prepared.rows.data.task,
       .num_outputs = model.num_outputs(),
       .scoring = {.baseline = prepared.baseline, .class_names = prepared.rows.data.classes}},
      {.repeats = kImportanceRepeats, .max_rows = kImportanceRows}, context);
}

absl::StatusOr<registry::ModelPackage> PackageOf(const Project& project, const config::ModelConfig& model,
                                                 const PreparedTraining& prepared, const TrainResponse& response,
                                                 const Candidate& candidate) {
  registry::ModelPackage package;
  package.parts = candidate.trained.parts;
  if (const std::string_view onnx = candidate.trained.model.onnx_bytes(); !onnx.empty()) {
    package.parts[registry::kOnnxPart] = std::string(onnx);
  }
  package.parts[registry::kModelPart] = ToText(candidate.trained.model.ToJson());
  const std::vector<column::BatchView> kept_back = prepared.rows.data[Part::kEvaluate].views();
  TRY_ASSIGN(package.parts[registry::kWarmupPart], serving::RecordRequests(candidate.trained.model, kept_back));
  package.parts[registry::kEvaluationPart] = ToText(evaluate::ToJson(response.evaluation));
  package.parts[registry::kProfilePart] = prepared.rows.profile.Serialize();
  package.parts[registry::kConfigPart] = project.config_text();
  TRY_ASSIGN(const DeclaredValues resolved, config::ResolveProject(project.config_text(), kConfigName));
  package.parts[registry::kResolvedConfigPart] = config::WriteResolved(resolved.values);
  package.parts[registry::kSignaturePart] = ToText(SignatureOf(candidate.trained.model));
  package.parts[registry::kImportancePart] = ToText(evaluate::ToJson(response.importance));
  package.parts[registry::kLineagePart] = ToText(Lineage(project, model, prepared, response, candidate.trained));
  return package;
}

// Beside models of other trainers stands a linear one of the same rows.
absl::Status AddLinearBaseline(const config::ModelConfig& model, const PreparedTraining& prepared,
                               registry::ModelPackage& package, const Context& context) {
  if (model.trainer.kind == config::TrainerKind::kLinear) return absl::OkStatus();
  TRY_ASSIGN(const LinearBaseline baseline, TrainLinearBaseline(model, prepared, context));
  package.parts[registry::kLinearBaselinePart] = ToText(baseline.ToJson());
  return absl::OkStatus();
}

fs::path CheckpointFolder(const Project& project, const std::string& model) {
  return fs::path(project.folder()) / ".roost" / "checkpoints" / model;
}

// Where a training keeps its state, named after all that decides its result. `role`: which one of a call. None for an
// external trainer, which has a checkpoint of its own.
std::optional<TrainingCheckpoint> CheckpointOf(const Project& project, const config::ModelConfig& model,
                                               const PreparedTraining& prepared, const ParentModel* parent,
                                               const std::string& role, const Context& context) {
  if (model.trainer.kind == config::TrainerKind::kExternal) return std::nullopt;
  const Json training{{"roost", ROOST_VERSION},
                      {"config", Sha256(project.config_text()).ToHex()},
                      {"dataset", prepared.rows.dataset.digest.ToHex()},
                      {"scores", ScoresJson(prepared.rows.scores)},
                      {"transform", Sha256(ToLine(prepared.transform->ToJson())).ToHex()},
                      {"seed", context.seed},
                      {"parent", parent == nullptr ? "" : parent->version.ToString()}};
  return TrainingCheckpoint::Open((CheckpointFolder(project, model.name) / role).string(), ToLine(training), context);
}

void RemoveCheckpoints(const Project& project, const std::string& model) {
  std::error_code ignored;  // the model is there; what is left does no harm
  fs::remove_all(CheckpointFolder(project, model), ignored);
}

// A candidate, and how long its training took, with what an earlier call did for it.
struct TimedCandidate {
  Candidate candidate;
  absl::Duration elapsed;
};

absl::StatusOr<TimedCandidate> TrainResumably(Project& project, const config::ModelConfig& model,
                                              const PreparedTraining& prepared, CandidateStart from,
                                              const std::string& role, const Context& context) {
  std::optional<TrainingCheckpoint> checkpoint = CheckpointOf(project, model, prepared, from.parent, role, context);
  from.checkpoint = checkpoint.has_value() ? &*checkpoint : nullptr;
  const absl::Time start = context.now();
  TRY_ASSIGN(Candidate candidate, TrainCandidate(project, model, prepared, from, context));
  const absl::Duration elapsed = context.now() - start + candidate.trained.report.earlier;
  return TimedCandidate{std::move(candidate), elapsed};
}

// A warm training whose cold one is due, and a cold one that was asked for, are held against the other kind. Where a
// cold training is due the better one stays `first`.
absl::Status TrainBeside(Project& project, const config::ModelConfig& model, const PreparedTraining& prepared,
                         const ParentChoice& choice, const TrainRequest& request, TimedCandidate& first,
                         TrainResponse& response, const Context& context) {
  const bool is_cold = first.candidate.trained.report.start == "cold";
  const bool due = !is_cold && ColdIsDue(model, choice.parent);
  const bool asked = request.cold && choice.parent.has_value() && model.trainer.start != config::TrainingStart::kCold;
  if (!due && !asked) return absl::OkStatus();
  const CandidateStart start{.parent = due ? nullptr : &*choice.parent,
                             .cold_reason = due ? "due by 'cold_every'" : ""};
  TRY_ASSIGN(TimedCandidate other, TrainResumably(project, model, prepared, start, "beside", context));
  if (asked && other.candidate.trained.report.start == "cold") return absl::OkStatus();  // the parent does not suit
  if (due && IsBetter(other.candidate.evaluation, first.candidate.evaluation)) std::swap(other, first);
  response.other = OtherTraining{other.candidate.trained.report, other.candidate.evaluation, other.elapsed};
  return absl::OkStatus();
}

// What the metric `value` reads, where the threshold is to be best by it.
absl::Status AddValueColumns(const config::ModelConfig& model, std::vector<std::string>& columns) {
  if (!model.evaluation.value.has_value()) return absl::OkStatus();
  TRY_ASSIGN(const std::vector<std::string> of_value, ColumnsOfValue(*model.evaluation.value));
  for (const std::string& name : of_value) {
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
  }
  return absl::OkStatus();
}

absl::StatusOr<evaluate::LearnedThreshold> LearnThreshold(const config::ModelConfig& model, const TrainingRows& rows,
                                                          const predict::ScoringModel& trained,
                                                          const Context& context) {
  constexpr char kKey[] = "model.threshold.best";
  const LabelledRows& kept = rows.data[Part::kThreshold];
  if (kept.num_rows() == 0) {
    return absl::InvalidArgumentError(fmt::format("{}: {} has no row with a label among the rows {}", kKey,
                                                  rows.dataset.Name(), rows.split.Describe(Part::kThreshold)));
  }
  const auto metric = evaluate::FindMetric(predict::Task::kBinary, model.learned_threshold->best);
  if (!metric.ok()) return Annotate(metric.status(), kKey);
  const std::optional<config::ValueConfig>& value = model.evaluation.value;
  RowAmounts amounts;
  const bool has_amounts = value.has_value() && value->each.empty();
  if (has_amounts) {
    TRY_ASSIGN(amounts, ReadAmounts(kept, *value, context));
  }
  TRY_ASSIGN(const std::vector<double> scores, ScoresOf(trained, kept, context));
  const auto learned =
      evaluate::LearnThreshold({.scores = scores, .num_outputs = 1, .targets = kept.targets, .weights = kept.weights},
                               **metric, has_amounts ? &amounts.amounts.outcomes : nullptr);
  if (!learned.ok()) return Annotate(learned.status(), kKey);
  return learned;
}

// Of the rows, for a trainer's checkpoint.
std::string IdentityOf(const TrainingRows& rows) {
  const std::string scores = rows.scores.empty() ? "" : ToLine(ScoresJson(rows.scores));
  return rows.dataset.digest.ToHex() + scores;
}

}  // namespace

absl::StatusOr<const config::ModelConfig*> RequireModel(const Project& project) {
  if (project.config().model.has_value()) return &*project.config().model;
  std::vector<std::string> names;
  for (const config::ModelConfig& model : project.config().models) names.push_back(model.name);
  if (!names.empty()) {
    return WithHint(absl::InvalidArgumentError("roost.yaml has several models: which one?"),
                    fmt::format("say it with --model: {}", fmt::join(names, ", ")));
  }
  return WithHint(absl::InvalidArgumentError("roost.yaml has no 'model': what should be trained?"),
                  "docs/roost-yaml.md tells its keys; 'roost init --template flights DIR' shows a whole one");
}

absl::StatusOr<store::CommitInfo> ResolveDataset(Project& project, const std::string& reference) {
  TRY_ASSIGN(const store::DatasetRef dataset,
             store::ParseDatasetRef(reference.empty() ? project.config().dataset : reference));
  return project.store().Resolve(dataset);
}

absl::StatusOr<transform::FeatureChoice> ChooseAll(const config::ModelConfig& model,
                                                   const profile::ProfileSummary& summary) {
  TRY_ASSIGN(const std::vector<std::string> known, ColumnsKnownToTheLabel(model));
  return transform::ChooseFeatures(summary, {.trees = OfTrees(model), .leave_out = known});
}

absl::StatusOr<TrainingRows> ReadTraining(Project& project, const config::ModelConfig& model,
                                          const std::string& reference, double train_share, const Context& context) {
  TRY_ASSIGN(store::CommitInfo dataset, ResolveDataset(project, reference));
  TRY_ASSIGN(Split split, Split::Make(project, dataset, model.split, context));
  TRY_ASSIGN(std::vector<std::string> columns, FeatureColumns(project, dataset, model));
  TRY_ASSIGN(std::vector<ScoreColumn> scores, ResolveScores(project, model.scores));
  std::vector<Part> parts{Part::kTrain, Part::kEvaluate};
  std::vector<std::string> read = columns;
  if (model.learned_threshold.has_value()) {
    parts.push_back(Part::kThreshold);
    TRY(AddValueColumns(model, read));
  }
  const LabelledRequest request{
      .parts = std::move(parts), .columns = std::move(read), .train_share = train_share, .scores = scores};
  TRY_ASSIGN(LabelledData data, ReadLabelled(project, dataset, model, split, request, context));
  TRY(CheckRows(data, dataset, split));
  TrainingRows rows{
      .dataset = std::move(dataset), .split = std::move(split), .data = std::move(data), .columns = std::move(columns)};
  rows.scores = std::move(scores);
  TRY(rows.profile.AddAll(rows.data[Part::kTrain].views(), context));
  return rows;
}

absl::StatusOr<PreparedTraining> PrepareTraining(Project& project, const config::ModelConfig& model,
                                                 const std::string& reference, double train_share,
                                                 const Context& context) {
  TRY_ASSIGN(TrainingRows rows, ReadTraining(project, model, reference, train_share, context));
  PreparedTraining prepared{.rows = std::move(rows)};
  TRY_ASSIGN(prepared.baseline, BaselineOf(prepared.rows.data));
  const std::vector<column::BatchView> batches = prepared.rows.data[Part::kTrain].views();
  if (TakesColumns(model)) {
    TRY_ASSIGN(prepared.inputs, InputsOf(prepared.rows.columns, batches.front()));
    return prepared;
  }
  const profile::ProfileSummary summary = prepared.rows.profile.Summarize();
  TRY_ASSIGN(prepared.spec, SpecOf(model, summary, prepared.chosen));
  TRY_ASSIGN(prepared.transform,
             transform::Transform::Fit(prepared.spec, {.summary = summary, .batches = batches}, context));
  prepared.inputs.assign(prepared.transform->inputs().begin(), prepared.transform->inputs().end());
  return prepared;
}

absl::StatusOr<Candidate> TrainCandidate(Project& project, const config::ModelConfig& model,
                                         const PreparedTraining& prepared, const CandidateStart& start,
                                         const Context& context) {
  const bool has_threshold = model.threshold.has_value() || model.learned_threshold.has_value();
  if (has_threshold && prepared.rows.data.task != predict::Task::kBinary) {
    return absl::InvalidArgumentError(
        fmt::format("model.threshold: it is for labels of true and false, and the task "
                    "is '{}'",
                    predict::TaskName(prepared.rows.data.task)));
  }
  const TrainerJob job{.config = model,
                       .data = prepared.rows.data,
                       .transform = prepared.transform.has_value() ? &*prepared.transform : nullptr,
                       .inputs = prepared.inputs,
                       .identity = IdentityOf(prepared.rows),
                       .parent = start.parent,
                       .cold_reason = start.cold_reason,
                       .checkpoint = start.checkpoint};
  TRY_ASSIGN(TrainedModel trained, RunTrainer(project, job, context));
  if (model.threshold.has_value()) {
    TRY(trained.model.SetThreshold(*model.threshold));
  }
  std::optional<evaluate::LearnedThreshold> learned;
  if (model.learned_threshold.has_value()) {
    TRY_ASSIGN(learned, LearnThreshold(model, prepared.rows, trained.model, context));
    TRY(trained.model.SetThreshold(learned->threshold));
  }
  TRY_ASSIGN(evaluate::Evaluation evaluation,
             EvaluateRows(trained.model, prepared.rows.data[Part::kEvaluate], prepared.baseline, context));
  return Candidate{std::move(trained), std::move(evaluation), learned};
}

absl::StatusOr<TrainResponse> Train(Project& project, const TrainRequest& request, const Context& outer) {
  TRY_ASSIGN(const config::ModelConfig* model, RequireModel(project));
  TRY(CheckSigningKey(project));
  Context context = outer;
  context.seed = static_cast<uint64_t>(model->trainer.seed);
  TRY_ASSIGN(const PreparedTraining prepared, PrepareTraining(project, *model, request.reference, 1.0, context));
  TRY_ASSIGN(const std::vector<CheckedFact> facts, CheckFacts(project, prepared.rows.dataset, &prepared, context));
  TRY(RequireFacts(facts));
  TRY_ASSIGN(const ParentChoice choice, ChooseParent(project, *model, request, prepared.rows.dataset));
  const bool warm = choice.parent.has_value() && choice.cold_reason.empty();

  TrainResponse response{.dataset = prepared.rows.dataset.Name()};
  TRY_ASSIGN(response.leaks, FindLeaks(prepared.rows.data, prepared.rows.columns, prepared.rows.profile, context));
  const CandidateStart start{.parent = warm ? &*choice.parent : nullptr, .cold_reason = choice.cold_reason};
  TRY_ASSIGN(TimedCandidate timed, TrainResumably(project, *model, prepared, start, "train", context));
  TRY(TrainBeside(project, *model, prepared, choice, request, timed, response, context));
  const Candidate& candidate = timed.candidate;
  response.elapsed = timed.elapsed;
  response.train_rows = prepared.rows.data[Part::kTrain].num_rows();
  response.evaluate_rows = prepared.rows.data[Part::kEvaluate].num_rows();
  response.unlabelled_rows = prepared.rows.data.unlabelled;
  response.trained_on = prepared.rows.split.Describe(Part::kTrain);
  response.split_at = prepared.rows.split.evaluate_from();
  response.num_features = prepared.transform.has_value() ? prepared.transform->num_features() : 0;
  response.num_columns = static_cast<int64_t>(prepared.inputs.size());
  response.chosen = prepared.chosen;
  response.report = candidate.trained.report;
  response.evaluation = candidate.evaluation;
  TRY_ASSIGN(response.importance, ImportanceOf(candidate, prepared, context));
  response.threshold = candidate.threshold;
  if (model->learned_threshold.has_value()) response.threshold_metric = model->learned_threshold->best;
  response.threshold_rows = prepared.rows.data[Part::kThreshold].num_rows();

  TRY_ASSIGN(const Timing timing,
             TimingOf(project, response.report, response.elapsed, response.train_rows, choice.parent));
  response.saved = timing.Saved();
  TRY_ASSIGN(registry::ModelPackage package, PackageOf(project, *model, prepared, response, candidate));
  TRY(AddLinearBaseline(*model, prepared, package, context));
  TRY_ASSIGN(const Json environment, EnvironmentNow(project, *model, prepared.rows.dataset.dataset, context));
  package.parts[kEnvironmentPart] = ToText(environment);
  TRY_ASSIGN(const Registered registered, RegisterTimed(project, model->name, package, timing, context));
  RemoveCheckpoints(project, model->name);
  response.version = registered.version;
  response.is_new = registered.is_new;
  return response;
}

}  // namespace roost::api
