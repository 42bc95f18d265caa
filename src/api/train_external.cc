// The trainer `external`: any program that keeps the contract of docs/trainers.md. Its model is an ONNX file.

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/trainers.h"
#include "api/training_files.h"
#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "pipeline/external_trainer.h"
#include "pipeline/work_folder.h"
#include "predict/onnx_model.h"
#include "transform/value_map.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

// How far the model in ONNX Runtime may be from what the trainer itself predicts: exporters compute in floats.
constexpr double kSampleTolerance = 1e-4;
// The files that a trainer leaves beside its model, for its child: parts of the package.
constexpr char kFilesPart[] = "output.json";
constexpr size_t kMaxFiles = 40;
constexpr int64_t kMaxFileBytes = 1'000'000'000;

// The columns that the program gets, with their kinds.
std::vector<pipeline::TrainerColumn> ColumnsOf(const TrainerJob& job) {
  std::vector<pipeline::TrainerColumn> columns;
  for (const transform::InputColumn& input : job.inputs) {
    columns.push_back({input.name, std::string(column::KindName(input.kind))});
  }
  return columns;
}

std::vector<std::string> FeatureNames(const transform::Transform& transform) {
  std::vector<std::string> names;
  for (int32_t i = 0; i < transform.num_features(); ++i) names.push_back(transform.FeatureName(i));
  return names;
}

struct Start {
  bool warm = false;
  std::string reason;
};

// Only the same training finds its checkpoint. Trials of one project, as of `roost tune` and `roost features report`,
// differ in what the program is told, in what it gets and in how many rows.
std::string IdentityOf(const Project& project, const TrainerJob& job, const Context& context) {
  Json inputs = Json::array();
  for (const transform::InputColumn& input : job.inputs) inputs.push_back({input.name, column::KindName(input.kind)});
  const Json told{{"command", job.config.trainer.command},
                  {"options", job.config.trainer.options},
                  {"seed", context.seed},
                  {"inputs", std::move(inputs)},
                  {"transform", job.transform != nullptr ? ToLine(job.transform->ToJson()) : ""},
                  {"rows", job.data[Part::kTrain].num_rows()}};
  return fmt::format("{} {} {} {}", job.identity, Sha256(project.config_text()).ToHex(), Sha256(ToLine(told)).ToHex(),
                     job.parent == nullptr ? "" : job.parent->version.ToString());
}

// The parent's output folder as its trainer left it.
absl::StatusOr<Start> GiveParent(Project& project, const TrainerJob& job, const pipeline::WorkFolder& folder) {
  if (job.parent == nullptr) return Start{.reason = job.cold_reason};
  const std::string name = job.parent->version.ToString();
  if (job.parent->model.onnx() == nullptr) {
    return Start{.reason = fmt::format("{} was not made by an external trainer", name)};
  }
  if (job.parent->model.task() != job.data.task) return Start{.reason = fmt::format("{} has another task", name)};
  if ((job.parent->model.transform() != nullptr) != (job.transform != nullptr)) {
    return Start{.reason = fmt::format("{} takes another kind of input", name)};
  }
  const absl::StatusOr<std::string> list = project.registry().LoadPart(job.parent->version, kFilesPart);
  if (!list.ok()) return Start{.reason = fmt::format("{} has no files for a child", name)};
  TRY_ASSIGN(const Json files, ParseJson(*list, kFilesPart));
  for (const auto& [path, part] : files.items()) {
    if (!part.is_string()) return absl::DataLossError(fmt::format("{} of {} cannot be read", kFilesPart, name));
    TRY_ASSIGN(const std::string bytes, project.registry().LoadPart(job.parent->version, part.get<std::string>()));
    TRY(folder.WriteParentFile(path, bytes));
  }
  return Start{.warm = true, .reason = fmt::format("the files of {}", name)};
}

pipeline::TrainerConfig ConfigOf(const TrainerJob& job, const Start& start, const Context& context) {
  pipeline::TrainerConfig config{.model = job.config.name,
                                 .task = std::string(predict::TaskName(job.data.task)),
                                 .classes = job.data.classes,
                                 .seed = context.seed,
                                 .threads = static_cast<int64_t>(context.pool->num_threads()),
                                 .options = job.config.trainer.options};
  if (job.transform != nullptr) {
    config.features = FeatureNames(*job.transform);
  } else {
    config.columns = ColumnsOf(job);
  }
  if (!start.warm) return config;
  pipeline::TrainerParent parent{.model = job.parent->version.ToString()};
  for (const transform::InputColumn& input : job.parent->model.inputs()) parent.columns.push_back(input.name);
  parent.classes.assign(job.parent->model.classes().begin(), job.parent->model.classes().end());
  if (job.transform != nullptr) {
    parent.features.resize(static_cast<size_t>(job.transform->num_features()));
    for (const transform::ValueMap& map : transform::MapValues(*job.parent->model.transform(), *job.transform)) {
      if (!map.categories.empty()) continue;
      parent.features[static_cast<size_t>(map.to)] = {map.from, map.scale, map.shift};
    }
  }
  config.parent = std::move(parent);
  return config;
}

// Environment variables that roost.yaml names and that are set.
std::map<std::string, std::string> VariablesOf(const config::TrainerConfig& trainer) {
  std::map<std::string, std::string> variables;
  for (const std::string& name : trainer.environment) {
    if (const char* value = std::getenv(name.c_str()); value != nullptr) variables[name] = value;
  }
  return variables;
}

absl::StatusOr<predict::ScoringModel> LoadResult(const TrainerJob& job, std::string bytes) {
  predict::OnnxOptions options{.task = job.data.task,
                               .num_outputs = static_cast<int32_t>(std::max<size_t>(job.data.classes.size(), 1))};
  std::optional<transform::Transform> transform;
  if (job.transform != nullptr) {
    options.num_features = job.transform->num_features();
    transform = *job.transform;
  } else {
    for (const transform::InputColumn& input : job.inputs) {
      predict::OnnxColumn column{.column = input};
      // What NumPy writes for a missing time.
      if (input.kind == column::Kind::kTime) column.missing_integer = std::numeric_limits<int64_t>::min();
      options.columns.push_back(std::move(column));
    }
  }
  auto onnx = predict::OnnxModel::Load(std::move(bytes), std::move(options));
  if (!onnx.ok()) return Annotate(onnx.status(), "model.onnx of the trainer");
  return predict::ScoringModel::MakeOnnx(*std::move(onnx), std::move(transform), job.data.classes);
}

// The trainer's own predictions of the first evaluation rows are those of its model as it runs here.
absl::StatusOr<std::optional<double>> CompareWithSample(const TrainerJob& job, const predict::ScoringModel& model,
                                                        const pipeline::TrainerOutput& output, const Context& context) {
  if (!output.sample.has_value()) return std::optional<double>();
  std::vector<double> scored;
  for (const column::OwnedBatch& batch : job.data[Part::kEvaluate].batches) {
    const auto wanted = static_cast<size_t>(output.sample->rows) * static_cast<size_t>(model.num_outputs());
    if (scored.size() >= wanted) break;
    TRY_ASSIGN(const std::vector<double> of_batch, model.ScoreBatch(batch.view(), context));
    const size_t take = std::min(of_batch.size(), wanted - scored.size());
    scored.insert(scored.end(), of_batch.begin(), of_batch.begin() + static_cast<ptrdiff_t>(take));
  }
  auto difference = pipeline::CompareSample(*output.sample, scored, kSampleTolerance);
  if (!difference.ok()) return Annotate(difference.status(), "the trainer's own predictions against its model.onnx");
  return std::optional<double>(*difference);
}

// What the child of this model finds in parent/.
absl::Status KeepFiles(const pipeline::WorkFolder& folder, const pipeline::TrainerOutput& output,
                       std::map<std::string, std::string>& parts) {
  Json list = Json::object();
  if (output.files.size() > kMaxFiles) {
    return WithHint(absl::ResourceExhaustedError(fmt::format("the trainer left {} files in output/; a model keeps {}",
                                                             output.files.size(), kMaxFiles)),
                    "pack what a child needs into one file");
  }
  for (const pipeline::OutputFile& file : output.files) {
    if (file.bytes > kMaxFileBytes) {
      return absl::ResourceExhaustedError(fmt::format("output/{} has {}; a model keeps files of up to {}", file.path,
                                                      FormatBytes(file.bytes), FormatBytes(kMaxFileBytes)));
    }
    const std::string part = fmt::format("output-{:03}", list.size());
    TRY_ASSIGN(parts[part], pipeline::ReadOutputFile(folder.Output(), file.path));
    list[file.path] = part;
  }
  parts[kFilesPart] = ToText(list);
  return absl::OkStatus();
}

TrainerReport ReportOf(const TrainerJob& job, const Start& start, const pipeline::ExternalTrainerResult& result) {
  return {.trainer = "external",
          .solver = job.config.trainer.command.front(),
          .start = start.warm ? "warm" : "cold",
          .reason = start.reason,
          .parent = start.warm ? job.parent->version.ToString() : "",
          .ended = "the program ended with 0",
          .metrics = result.metrics};
}

absl::Status NotDone(const TrainerJob& job) {
  return WithHint(absl::AbortedError(
                      fmt::format("'{}' stopped at a checkpoint and is not done", job.config.trainer.command.front())),
                  "run 'roost train' again: it goes on from there");
}

}  // namespace

absl::StatusOr<TrainedModel> TrainExternal(Project& project, const TrainerJob& job, const Context& context) {
  const config::TrainerConfig& trainer = job.config.trainer;
  const fs::path path = fs::path(project.folder()) / ".roost" / "training" / job.config.name;
  TRY_ASSIGN(const pipeline::WorkFolder folder,
             pipeline::WorkFolder::Open(path.string(), IdentityOf(project, job, context)));
  TRY_ASSIGN(const Start start, GiveParent(project, job, folder));
  TRY(WriteTrainingFiles(job, folder.TrainPart(0), folder.EvaluatePart(0), context));
  pipeline::TrainerLimits limits{.seconds = 60 * trainer.max_minutes,
                                 .memory_bytes = 1'000'000 * trainer.max_memory_mb};
  TRY(folder.WriteConfig(ConfigOf(job, start, context), limits));
  TRY_ASSIGN(const pipeline::ExternalTrainerResult result,
             pipeline::RunExternalTrainer({.command = trainer.command,
                                           .folder = project.folder(),
                                           .work_folder = folder.path(),
                                           .variables = VariablesOf(trainer),
                                           .limits = limits},
                                          context));
  if (!result.done) return NotDone(job);
  TRY_ASSIGN(std::string onnx, pipeline::ReadOutputFile(folder.Output(), pipeline::kModelFile));
  TRY_ASSIGN(predict::ScoringModel model, LoadResult(job, std::move(onnx)));
  TRY_ASSIGN(const std::optional<double> difference, CompareWithSample(job, model, result.output, context));
  TrainedModel trained{std::move(model), ReportOf(job, start, result), {}};
  TRY(KeepFiles(folder, result.output, trained.parts));
  if (difference.has_value()) trained.lineage["sample_difference"] = *difference;
  return trained;
}

}  // namespace roost::api
