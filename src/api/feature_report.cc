#include "api/feature_report.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/evaluation.h"
#include "api/feature_costs.h"
#include "api/measure.h"
#include "api/measured_parts.h"
#include "api/model_scores.h"
#include "api/models.h"
#include "api/parent.h"
#include "api/training.h"
#include "base/status.h"
#include "evaluate/feature_groups.h"
#include "evaluate/slices.h"
#include "table/text_file.h"
#include "transform/feature_yaml.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

using evaluate::AblationTrial;
using evaluate::Estimate;

// Of the modified RV coefficient: about a correlation of 0.95 of two numbers.
constexpr double kLeastCorrelation = 0.9;
// Of what the model gains over the dummy.
constexpr double kLossShare = 0.01;

/// What all trials are measured with.
struct Subject {
  LoadedModel loaded;
  config::ModelConfig model;
  PreparedTraining prepared;
  std::optional<ParentModel> parent;  ///< where trainings begin at the version's weights
  std::vector<int64_t> units;
  const evaluate::NamedMetric* metric = nullptr;
  evaluate::SliceSet all_rows;

  const LabelledRows& rows() const { return prepared.rows.data[Part::kEvaluate]; }
  bool of_columns() const { return !prepared.transform.has_value(); }
  size_t num_features() const { return of_columns() ? prepared.inputs.size() : prepared.spec.features.size(); }
};

/// A figure of one model, and by how much it is worse than the first of those measured.
struct Measurement {
  std::optional<double> value;
  Estimate loss;
};

absl::StatusOr<std::vector<Measurement>> MeasureAll(const Subject& subject,
                                                    const std::vector<std::vector<double>>& scores, int32_t num_outputs,
                                                    const config::EvaluationConfig& evaluation,
                                                    const Context& context) {
  const LabelledRows& rows = subject.rows();
  std::vector<evaluate::ModelScores> models;
  for (const std::vector<double>& of_model : scores) models.push_back({of_model, num_outputs});
  evaluate::MeasureOptions options{.metrics = {subject.metric}, .resamples = evaluation.resamples};
  for (size_t i = 1; i < models.size(); ++i) options.pairs.emplace_back(i, 0);
  TRY_ASSIGN(const std::vector<evaluate::SliceFigures> figures,
             evaluate::MeasureSlices({.task = subject.prepared.rows.data.task,
                                      .targets = rows.targets,
                                      .weights = rows.weights,
                                      .groups = rows.groups,
                                      .units = subject.units},
                                     models, subject.all_rows, options, context));
  std::vector<Measurement> measured;
  for (size_t i = 0; i < models.size(); ++i) {
    Measurement measurement{.value = figures.front().models[i].front().value};
    if (i > 0) measurement.loss = figures.front().differences[i - 1].front();
    if (measurement.loss.value.has_value() && subject.metric->better == evaluate::Better::kHigher) {
      measurement.loss.value = -*measurement.loss.value;
    }
    measured.push_back(std::move(measurement));
  }
  return measured;
}

absl::StatusOr<Subject> LoadSubject(Project& project, const std::string& reference,
                                    const config::EvaluationConfig& evaluation, const Context& context) {
  TRY_ASSIGN(LoadedModel loaded, LoadModel(project, reference));
  TRY_ASSIGN(TrainingRecord record, ReadTrainingRecord(project, loaded.version));
  // The figure that is compared is one of scores.
  record.model.threshold.reset();
  record.model.learned_threshold.reset();
  // Columns that are scores of other models are those that the version was trained with, whichever is champion today.
  TRY_ASSIGN(const std::vector<ScoreColumn> scores, ReadScores(project, record.lineage));
  for (const ScoreColumn& score : scores) record.model.scores[score.name] = score.version.ToString();
  const auto dataset = record.lineage["dataset"].get<std::string>();
  TRY_ASSIGN(PreparedTraining prepared, PrepareTraining(project, record.model, dataset, 1.0, context));
  Subject subject{.loaded = std::move(loaded), .model = std::move(record.model), .prepared = std::move(prepared)};
  if (subject.model.trainer.kind == config::TrainerKind::kLinear) {
    TRY_ASSIGN(subject.parent, FindParent(project, {.model = subject.loaded.version.name,
                                                    .reference = subject.loaded.version.ToString()}));
  }
  if (!evaluation.unit.empty()) {
    // The same rows in the same order, with the column that tells which belong together.
    TRY_ASSIGN(const HeldOut held_out,
               ReadHeldOut(project, subject.loaded, dataset, Part::kEvaluate, context, {evaluation.unit}));
    TRY_ASSIGN(subject.units, UnitsOf(held_out.data[Part::kEvaluate], evaluation.unit));
  }
  const predict::Task task = subject.prepared.rows.data.task;
  TRY_ASSIGN(subject.metric, evaluate::FindMetric(task, UsualMetrics(task).front()));
  const std::vector<evaluate::SliceSpec> specs{{}};
  TRY_ASSIGN(subject.all_rows, evaluate::MakeSlices(subject.rows().views(), specs, {.min_rows = 1}));
  return subject;
}

/// Trains with what stands in `prepared`.
absl::StatusOr<Candidate> TrainOn(Project& project, const Subject& subject, const PreparedTraining& prepared,
                                  const Context& context) {
  const CandidateStart start{.parent = subject.parent.has_value() ? &*subject.parent : nullptr,
                             .cold_reason = "of a feature report"};
  return TrainCandidate(project, subject.model, prepared, start, context);
}

/// Leaves features out of `prepared` while it lives.
class LeftOut {
 public:
  explicit LeftOut(PreparedTraining& prepared)
      : prepared_(prepared), transform_(prepared.transform), inputs_(prepared.inputs) {}
  LeftOut(const LeftOut&) = delete;
  LeftOut& operator=(const LeftOut&) = delete;
  ~LeftOut() {
    prepared_.transform = std::move(transform_);
    prepared_.inputs = std::move(inputs_);
  }

  absl::Status Leave(const std::vector<size_t>& without, const Context& context) {
    const std::set<size_t> out(without.begin(), without.end());
    if (!prepared_.transform.has_value()) {
      prepared_.inputs.clear();
      for (size_t i = 0; i < inputs_.size(); ++i) {
        if (!out.contains(i)) prepared_.inputs.push_back(inputs_[i]);
      }
      return absl::OkStatus();
    }
    transform::TransformSpec spec{.derived = prepared_.spec.derived, .features = {}};
    for (size_t i = 0; i < prepared_.spec.features.size(); ++i) {
      if (!out.contains(i)) spec.features.push_back(prepared_.spec.features[i]);
    }
    const std::vector<column::BatchView> batches = prepared_.rows.data[Part::kTrain].views();
    const profile::ProfileSummary summary = prepared_.rows.profile.Summarize();
    TRY_ASSIGN(prepared_.transform, transform::Transform::Fit(spec, {.summary = summary, .batches = batches}, context));
    prepared_.inputs.assign(prepared_.transform->inputs().begin(), prepared_.transform->inputs().end());
    return absl::OkStatus();
  }

 private:
  PreparedTraining& prepared_;
  std::optional<transform::Transform> transform_;
  std::vector<transform::InputColumn> inputs_;
};

/// What is kept of a report: a line for the model of all features, then one a trial.
class Record {
 public:
  static absl::StatusOr<Record> Open(const Project& project, const Subject& subject,
                                     const config::EvaluationConfig& evaluation) {
    const std::string identity = Sha256(fmt::format("{}\n{}\n{}\n{}", subject.loaded.version.manifest.ToHex(),
                                                    ROOST_VERSION, evaluation.unit, evaluation.resamples))
                                     .ToHex()
                                     .substr(0, 16);
    const fs::path folder = fs::path(project.folder()) / ".roost" / "features";
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return ErrnoStatus(error.value(), fmt::format("making the folder '{}'", folder.string()));
    Record record((folder / fmt::format("{}.jsonl", identity)).string());
    const absl::StatusOr<std::string> text = table::ReadTextFile(record.path_);
    if (absl::IsNotFound(text.status())) return record;
    TRY(text.status());
    record.Read(*text);
    return record;
  }

  const std::vector<AblationTrial>& trials() const { return trials_; }
  const Json& whole() const { return whole_; }  ///< null where it is not known yet

  absl::Status SetWhole(const Measurement& with_all, const Measurement& dummy) {
    whole_ = Json{{"value", with_all.value.has_value() ? Json(*with_all.value) : Json(nullptr)},
                  {"dummy", dummy.value.has_value() ? Json(*dummy.value) : Json(nullptr)}};
    return Write();
  }
  absl::Status Add(const AblationTrial& trial) {
    trials_.push_back(trial);
    return Write();
  }

 private:
  explicit Record(std::string path) : path_(std::move(path)) {}

  // What cannot be read is done anew: the file is a cache of this program's.
  void Read(const std::string& text) {
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      const absl::StatusOr<Json> line = ParseJson(text.substr(begin, end - begin), path_);
      begin = end + 1;
      if (!line.ok()) return;
      if (whole_.is_null()) {
        if (!line->is_object() || !line->contains("dummy") || !line->contains("value")) return;
        whole_ = *line;
        continue;
      }
      absl::StatusOr<AblationTrial> trial = AblationTrial::FromJson(*line);
      if (!trial.ok()) return;
      trials_.push_back(*std::move(trial));
    }
  }

  absl::Status Write() const {
    std::string text = ToLine(whole_) + "\n";
    for (const AblationTrial& trial : trials_) text += ToLine(trial.ToJson()) + "\n";
    return table::WriteTextFile(path_, text);
  }

  std::string path_;
  Json whole_;
  std::vector<AblationTrial> trials_;
};

/// The model of all features, trained as those without some, on the measured rows.
struct Whole {
  std::vector<double> scores;
  int32_t num_outputs = 1;
};

absl::StatusOr<Whole> TrainWhole(Project& project, const Subject& subject, const config::EvaluationConfig& evaluation,
                                 Record& record, const Context& context) {
  TRY_ASSIGN(const Candidate candidate, TrainOn(project, subject, subject.prepared, context));
  const predict::ScoringModel& model = candidate.trained.model;
  TRY_ASSIGN(std::vector<double> scores, ScoresOf(model, subject.rows(), context));
  Whole whole{.scores = std::move(scores), .num_outputs = model.num_outputs()};
  if (!record.whole().is_null()) return whole;
  config::EvaluationConfig figures_only = evaluation;
  figures_only.resamples = 0;
  TRY_ASSIGN(const std::vector<Measurement> measured,
             MeasureAll(subject, {whole.scores, DummyScores(subject.prepared.baseline, subject.rows().num_rows())},
                        whole.num_outputs, figures_only, context));
  TRY(record.SetWhole(measured[0], measured[1]));
  return whole;
}

absl::StatusOr<AblationTrial> RunTrial(Project& project, Subject& subject, const Whole& whole,
                                       const std::vector<size_t>& without, const config::EvaluationConfig& evaluation,
                                       const Context& context) {
  AblationTrial trial{.without = without};
  const absl::Time start = context.now();
  LeftOut left_out(subject.prepared);
  const auto train = [&]() -> absl::StatusOr<Candidate> {
    TRY(left_out.Leave(without, context));
    return TrainOn(project, subject, subject.prepared, context);
  };
  const absl::StatusOr<Candidate> candidate = train();
  if (absl::IsCancelled(candidate.status())) return candidate.status();
  trial.seconds = absl::ToDoubleSeconds(context.now() - start);
  if (!candidate.ok()) {
    trial.failure = std::string(candidate.status().message());
    return trial;
  }
  TRY_ASSIGN(std::vector<double> scores, ScoresOf(candidate->trained.model, subject.rows(), context));
  TRY_ASSIGN(const std::vector<Measurement> measured,
             MeasureAll(subject, {whole.scores, std::move(scores)}, whole.num_outputs, evaluation, context));
  trial.value = measured[1].value;
  trial.loss = measured[1].loss;
  return trial;
}

std::string UniqueName(std::string name, std::map<std::string, int>& taken) {
  const int count = ++taken[name];
  return count == 1 ? name : fmt::format("{} #{}", name, count);
}

double MissingShare(const profile::ProfileSummary& summary, const std::vector<std::string>& columns) {
  double share = 0;
  for (const std::string& name : columns) {
    const profile::ColumnSummary* column = summary.Find(name);
    if (column == nullptr || column->rows == 0) continue;
    share = std::max(share, static_cast<double>(column->missing) / static_cast<double>(column->rows));
  }
  return share;
}

absl::StatusOr<std::map<std::string, double>> ImportanceOf(Project& project, const registry::ModelVersion& version) {
  std::map<std::string, double> importance;
  const absl::StatusOr<std::string> text = project.registry().LoadPart(version, registry::kImportancePart);
  if (absl::IsNotFound(text.status())) return importance;
  TRY(text.status());
  TRY_ASSIGN(const Json json, ParseJson(*text, registry::kImportancePart));
  TRY_ASSIGN(const evaluate::Importance read, evaluate::ImportanceFromJson(json));
  for (const evaluate::ColumnImportance& column : read.columns) importance[column.column] = column.mean_drop;
  return importance;
}

absl::StatusOr<std::vector<evaluate::ReportedFeature>> DescribeFeatures(Project& project, const Subject& subject,
                                                                        const Context& context) {
  std::vector<evaluate::ReportedFeature> features;
  std::map<std::string, int> taken;
  if (subject.of_columns()) {
    for (const transform::InputColumn& input : subject.prepared.inputs) {
      features.push_back({.name = input.name, .declared = input.name, .columns = {input.name}, .places = 1});
    }
  } else {
    TRY_ASSIGN(const std::vector<FeatureCost> costs, MeasureFeatureCosts(subject.prepared, context));
    for (size_t i = 0; i < costs.size(); ++i) {
      const transform::FeatureSpec& spec = subject.prepared.spec.features[i];
      const std::string label = spec.columns.empty() ? spec.column : fmt::format("{}", fmt::join(spec.columns, ", "));
      std::string name = fmt::format("{} {}", label, transform::OperationName(*spec.use));
      if (spec.use == transform::Operation::kCyclic) name += fmt::format(" {}", transform::PeriodName(spec.period));
      features.push_back({.name = UniqueName(std::move(name), taken),
                          .declared = transform::ToYaml(spec),
                          .columns = costs[i].columns,
                          .places = costs[i].places,
                          .row_ns = costs[i].row_ns});
    }
  }
  const profile::ProfileSummary summary = subject.prepared.rows.profile.Summarize();
  TRY_ASSIGN(const auto importance, ImportanceOf(project, subject.loaded.version));
  for (evaluate::ReportedFeature& feature : features) {
    feature.missing_share = MissingShare(summary, feature.columns);
    for (const std::string& column : feature.columns) {
      const auto found = importance.find(column);
      if (found != importance.end()) feature.importance += found->second;
    }
  }
  return features;
}

/// The least important first; features of one column in their order.
std::vector<size_t> OrderOf(const std::vector<evaluate::ReportedFeature>& features) {
  std::vector<size_t> order(features.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return features[a].importance < features[b].importance; });
  return order;
}

/// Which features say nearly the same of the rows that were kept back.
absl::Status AddGroups(const Subject& subject, FeatureReport& report, const Context& context) {
  if (subject.of_columns()) return absl::OkStatus();
  const transform::Transform& transform = *subject.prepared.transform;
  TRY_ASSIGN(const transform::FeatureRows rows, Featurize(transform, subject.rows(), context));
  std::vector<int32_t> first{0};
  for (const evaluate::ReportedFeature& feature : report.findings.features)
    first.push_back(first.back() + feature.places);
  if (first.back() != transform.num_features()) return absl::InternalError("a feature has another size by itself");
  const std::vector<double> correlations = evaluate::BlockCorrelations(rows, first);
  const size_t count = report.findings.features.size();
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < count; ++j) {
      if (i == j || correlations[i * count + j] < kLeastCorrelation) continue;
      report.findings.features[i].repeats.push_back(report.findings.features[j].name);
    }
  }
  for (const std::vector<size_t>& group : evaluate::CorrelatedGroups(correlations, kLeastCorrelation)) {
    std::vector<std::string> names;
    for (const size_t feature : group) names.push_back(report.findings.features[feature].name);
    report.findings.groups.push_back(std::move(names));
  }
  return absl::OkStatus();
}

std::optional<double> NumberIn(const Json& json, const char* name) {
  return json.is_object() && json.contains(name) && json[name].is_number() ? std::optional(json[name].get<double>())
                                                                           : std::nullopt;
}

absl::Status SetMaxLoss(const FeatureReportRequest& request, const Record& record, FeatureReport& report) {
  report.findings.value = NumberIn(record.whole(), "value");
  report.findings.dummy = NumberIn(record.whole(), "dummy");
  report.findings.max_loss_is_given = request.max_loss.has_value();
  if (request.max_loss.has_value()) {
    if (!(*request.max_loss >= 0)) return absl::InvalidArgumentError("the greatest loss is a number from 0 on");
    report.findings.max_loss = *request.max_loss;
    return absl::OkStatus();
  }
  if (!report.findings.value.has_value() || !report.findings.dummy.has_value()) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("{} is not defined on these rows", report.findings.metric->name)),
        "say the greatest loss with --max-loss");
  }
  const double gain =
      evaluate::BetterBy(*report.findings.metric, *report.findings.value, *report.findings.dummy).value_or(0);
  report.findings.max_loss = kLossShare * std::max(gain, 0.0);
  return absl::OkStatus();
}

std::vector<std::string> NamesOf(const FeatureReport& report, const std::vector<size_t>& features) {
  std::vector<std::string> names;
  for (const size_t feature : features) names.push_back(report.findings.features[feature].name);
  return names;
}

void TakeOver(const evaluate::Ablation& ablation, FeatureReport& report) {
  for (size_t i = 0; i < report.findings.features.size(); ++i) {
    evaluate::ReportedFeature& feature = report.findings.features[i];
    feature.need = ablation.NeedOf(i);
    if (const AblationTrial* trial = ablation.Of({i}); trial != nullptr) {
      feature.value = trial->value;
      feature.loss = trial->loss;
      feature.failure = trial->failure;
    }
  }
  if (const AblationTrial* trial = ablation.Together(); trial != nullptr) {
    report.findings.together =
        evaluate::RemovableSet{.names = NamesOf(report, trial->without), .value = trial->value, .loss = trial->loss};
  }
}

/// Whether the budget leaves room for another training.
bool MayGoOn(const FeatureReportRequest& request, const FeatureReport& report, absl::Time start,
             const Context& context) {
  if (request.trainings.has_value() && report.trained >= *request.trainings) return false;
  return !request.budget.has_value() || context.now() - start < *request.budget;
}

}  // namespace

Json ToJson(const FeatureReport& report) {
  Json json{{"model", report.version.ToString()},
            {"dataset", report.dataset},
            {"rows", report.rows},
            {"num_rows", report.num_rows},
            {"start", report.warm ? "warm" : "cold"},
            {"trained", report.trained},
            {"resumed", report.resumed}};
  json.update(evaluate::ToJson(report.findings));
  return json;
}

absl::StatusOr<FeatureReport> MakeFeatureReport(Project& project, const FeatureReportRequest& request,
                                                const config::EvaluationConfig& evaluation, const Context& outer) {
  const absl::Time start = outer.now();
  TRY_ASSIGN(Subject subject, LoadSubject(project, request.model, evaluation, outer));
  Context context = outer;
  context.seed = static_cast<uint64_t>(subject.model.trainer.seed);
  FeatureReport report{
      .version = subject.loaded.version,
      .dataset = subject.prepared.rows.dataset.Name(),
      .rows = subject.prepared.rows.split.Describe(Part::kEvaluate),
      .num_rows = subject.rows().num_rows(),
      .warm = subject.parent.has_value(),
      .findings = {
          .metric = subject.metric, .confidence = evaluation.confidence, .least_correlation = kLeastCorrelation}};
  TRY_ASSIGN(report.findings.features, DescribeFeatures(project, subject, context));
  report.findings.order = OrderOf(report.findings.features);
  TRY(AddGroups(subject, report, context));
  TRY_ASSIGN(Record record, Record::Open(project, subject, evaluation));
  std::optional<Whole> whole;
  if (record.whole().is_null()) {
    TRY_ASSIGN(whole, TrainWhole(project, subject, evaluation, record, context));
  }
  TRY(SetMaxLoss(request, record, report));
  TRY_ASSIGN(evaluate::Ablation ablation, evaluate::Ablation::Make({.num_features = subject.num_features(),
                                                                    .order = report.findings.order,
                                                                    .max_loss = report.findings.max_loss,
                                                                    .confidence = report.findings.confidence}));
  for (const AblationTrial& trial : record.trials()) TRY(ablation.Record(trial));
  report.resumed = static_cast<int64_t>(ablation.num_trials());
  for (auto next = ablation.Next(); next.has_value(); next = ablation.Next()) {
    TRY(context.CheckCancelled());
    if (!MayGoOn(request, report, start, context)) {
      report.findings.is_whole = false;
      break;
    }
    if (!whole.has_value()) {
      TRY_ASSIGN(whole, TrainWhole(project, subject, evaluation, record, context));
    }
    TRY_ASSIGN(const AblationTrial trial, RunTrial(project, subject, *whole, *next, evaluation, context));
    TRY(record.Add(trial));
    TRY(ablation.Record(trial));
    ++report.trained;
    if (request.on_trial) request.on_trial({.names = NamesOf(report, *next), .trial = ablation.Of(*next)});
  }
  TakeOver(ablation, report);
  return report;
}

}  // namespace roost::api
