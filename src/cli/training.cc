// roost train, roost evaluate, roost predict

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/evaluation.h"
#include "api/lock.h"
#include "api/models.h"
#include "api/training.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/hooks.h"
#include "cli/model_option.h"
#include "cli/rows_output.h"
#include "cli/table_text.h"
#include "evaluate/evaluation.h"
#include "transform/feature_yaml.h"

namespace roost::cli {
namespace {

Json ToJson(const api::TrainResponse& response, absl::Duration elapsed) {
  Json json{{"model", response.version.name},
            {"version", response.version.version},
            {"is_new", response.is_new},
            {"digest", response.version.manifest.ToHex()},
            {"dataset", response.dataset},
            {"train_rows", response.train_rows},
            {"evaluate_rows", response.evaluate_rows},
            {"unlabelled_rows", response.unlabelled_rows},
            {"columns", response.num_columns},
            {"features", response.num_features},
            {"training", response.report.ToJson()},
            {"evaluation", evaluate::ToJson(response.evaluation)},
            {"importance", evaluate::ToJson(response.importance)},
            {"training_seconds", absl::ToDoubleSeconds(response.elapsed)},
            {"seconds", absl::ToDoubleSeconds(elapsed)}};
  if (response.threshold.has_value()) {
    json["threshold"] = {{"best", response.threshold_metric},
                         {"threshold", response.threshold->threshold},
                         {"value", response.threshold->value},
                         {"rows", response.threshold_rows}};
  }
  if (response.split_at.has_value()) json["split_at"] = FormatUtc(*response.split_at);
  if (response.report.resumed_after > 0) json["resumed_after"] = response.report.resumed_after;
  if (response.saved.has_value()) json["saved_seconds"] = absl::ToDoubleSeconds(*response.saved);
  for (const api::Leak& leak : response.leaks) {
    json["leaks"].push_back({{"column", leak.column}, {"power", leak.power}});
  }
  if (response.other.has_value()) {
    json["other"] = {{"training", response.other->report.ToJson()},
                     {"evaluation", evaluate::ToJson(response.other->evaluation)},
                     {"training_seconds", absl::ToDoubleSeconds(response.other->elapsed)}};
  }
  return json;
}

// "converged after 4 steps, 9 passes over the rows, gradient 2.1e-08, log loss 0.48155; 179 ms"
std::string HowItEnded(const api::TrainerReport& report, absl::Duration elapsed) {
  std::string text = "done";
  if (report.unit == "trees") {
    text = CountOf(report.steps, "tree");
  } else if (!report.unit.empty()) {
    text = fmt::format("{} {}", report.converged ? "converged after" : "NOT CONVERGED after",
                       CountOf(report.steps, "step"));
  }
  if (report.passes > 0)
    text += fmt::format(", {} {} over the rows", FormatCount(report.passes), report.passes == 1 ? "pass" : "passes");
  if (report.gradient_norm.has_value()) text += fmt::format(", gradient {:.1e}", *report.gradient_norm);
  if (!report.loss_name.empty()) text += fmt::format(", {} {:.5f}", report.loss_name, report.loss);
  return fmt::format("{}; {}", text, FormatElapsed(elapsed));
}

std::string HowItBegan(const api::TrainResponse& response) {
  const api::TrainerReport& report = response.report;
  std::string text = fmt::format("{} start: {}", report.start, report.reason);
  if (report.features_kept + report.features_new + report.features_dropped > 0) {
    text += fmt::format("; {} features known, {} new, {} gone", FormatCount(report.features_kept),
                        FormatCount(report.features_new), FormatCount(report.features_dropped));
  }
  if (response.saved.has_value()) {
    const absl::Duration saved = *response.saved;
    text += saved >= absl::ZeroDuration()
                ? fmt::format("; {} less than the last training from nothing, for as many rows", FormatElapsed(saved))
                : fmt::format("; {} more than the last training from nothing, for as many rows", FormatElapsed(-saved));
  }
  return text;
}

// The training that was held against the version and is not better.
void PrintOther(const api::OtherTraining& other, Session& session) {
  const evaluate::Figure figure = evaluate::PrimaryMetric(other.evaluation);
  session.Print(fmt::format("beside it, {} start: {}; {} on the rows kept back: {:.5f}\n", other.report.start,
                            HowItEnded(other.report, other.elapsed), figure.name, figure.value));
}

void NoteWhatToKnow(const api::TrainResponse& response, Session& session) {
  if (response.report.resumed_after > 0) {
    const char* unit = response.report.unit == "trees" ? "round" : "step";
    session.Note(fmt::format("went on after {} of an earlier call that was interrupted",
                             CountOf(response.report.resumed_after, unit)));
  }
  for (const api::Leak& leak : response.leaks) {
    session.Note(
        fmt::format("warning: '{}' alone predicts the label with a power of {:.3f}: it may know what is to be "
                    "predicted",
                    leak.column, leak.power));
  }
  for (const transform::ChosenFeature& chosen : response.chosen) {
    session.Note(fmt::format("chosen: {}  # {}", transform::ToYaml(chosen.spec), chosen.reason));
  }
  if (response.unlabelled_rows > 0) {
    session.Note(fmt::format("{} rows have no label or no value to split by, and were left out",
                             FormatCount(response.unlabelled_rows)));
  }
  if (!response.report.converged) {
    session.Note(
        fmt::format("warning: {}; raise model.trainer.max_iterations, or l2, in roost.yaml", response.report.ended));
  }
}

struct TrainOptions {
  api::TrainRequest request;
  std::string model;  // of several
  bool locked = false;
};

absl::StatusOr<int> RunTrain(const TrainOptions& options, Session& session) {
  const absl::Time start = absl::Now();
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY(project.SelectModel(options.model));
  api::TrainRequest request = options.request;
  if (options.locked) {
    if (!request.reference.empty()) return absl::InvalidArgumentError("--locked says which DATASET: name none");
    TRY_ASSIGN(const store::CommitInfo pinned, api::LockedDataset(project));
    request.reference = pinned.Name();
  }
  TRY_ASSIGN(const api::TrainResponse response, api::Train(project, request, session.MakeContext(JsonProgress::kYes)));
  const absl::Duration elapsed = absl::Now() - start;
  if (session.json()) {
    session.Print(ToText(ToJson(response, elapsed)));
    SendHooks(project, session);
    return 0;
  }
  const std::string what = response.num_features == 0 ? fmt::format("{} columns", FormatCount(response.num_columns))
                                                      : fmt::format("{} features", FormatCount(response.num_features));
  session.Print(fmt::format("{} from {}: {} rows {}, {}\n", response.version.ToString(), response.dataset,
                            FormatCount(response.train_rows), response.trained_on, what));
  session.Print(fmt::format("{}\n{}\n", HowItBegan(response), HowItEnded(response.report, response.elapsed)));
  const evaluate::Figure figure = evaluate::PrimaryMetric(response.evaluation);
  session.Print(fmt::format("{} on {} rows kept back: {:.5f}, the dummy's {:.5f}\n", figure.name,
                            FormatCount(response.evaluate_rows), figure.value, figure.dummy));
  if (response.threshold.has_value()) {
    session.Print(fmt::format("threshold {}: {} is best there, {}, on {} rows kept for it alone\n",
                              FormatNumber(response.threshold->threshold), response.threshold_metric,
                              FormatNumber(response.threshold->value), FormatCount(response.threshold_rows)));
  }
  if (response.other.has_value()) PrintOther(*response.other, session);
  NoteWhatToKnow(response, session);
  if (!response.is_new) {
    session.Note(
        fmt::format("nothing new: the same data, configuration and code made {} before", response.version.ToString()));
  }
  session.Note("next: roost evaluate");
  SendHooks(project, session);
  return 0;
}

struct EvaluateOptions {
  api::EvaluateRequest request;
  std::string part = "evaluate";
};

absl::StatusOr<int> RunEvaluate(const EvaluateOptions& options, Session& session) {
  api::EvaluateRequest request = options.request;
  TRY_ASSIGN(request.part, api::ParsePart(options.part));
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::EvaluateResponse response,
             api::Evaluate(project, request, session.MakeContext(JsonProgress::kYes)));
  if (session.json()) {
    // "model" and "dummy" are the figures of the two.
    Json json{{"name", response.version.name},
              {"version", response.version.version},
              {"dataset", response.dataset},
              {"part", options.part}};
    if (response.split_at.has_value()) json["split_at"] = FormatUtc(*response.split_at);
    json.update(evaluate::ToJson(response.evaluation));
    session.Print(ToText(json));
    return 0;
  }
  session.Print(fmt::format("{} on the rows of {} {}\n\n{}", response.version.ToString(), response.dataset,
                            response.rows, evaluate::ToText(response.evaluation)));
  session.Note("next: roost serve");
  return 0;
}

struct PredictOptions {
  std::vector<std::string> names;  // [MODEL] SOURCE
  std::string model;
  RowsOutput output;
};

absl::StatusOr<int> RunPredict(const PredictOptions& options, Session& session) {
  if (options.names.size() == 2 && !options.model.empty()) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("two models: '{}' and --model '{}'", options.names[0], options.model)),
        "roost predict MODEL SOURCE");
  }
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  const Context context = session.MakeContext(JsonProgress::kYes);
  api::PredictRequest request{.model = options.model, .source = options.names.back()};
  if (options.names.size() == 2) request.model = options.names.front();
  request.limit = options.output.limit;
  TRY_ASSIGN(const auto rows, api::Predict(project, request, context));
  return HandOver(*rows, options.output, session, context);
}

void AddTrain(CLI::App& app, Session& session) {
  CLI::App* train = app.add_subcommand("train", "Train the project's model and register it as a new version");
  auto options = std::make_shared<TrainOptions>();
  api::TrainRequest* request = &options->request;
  train->add_option("DATASET", request->reference, "Default: the latest version of the project's dataset");
  train->add_flag("--cold", request->cold, "Begin from nothing instead of at the version before");
  train->add_option("--parent", request->parent, "Begin at this version; default: the one before")->type_name("MODEL");
  train->add_flag("--locked", options->locked, "On the version that roost.lock pins, if all else is as it says");
  train->footer(
      "What is trained stands in roost.yaml under 'model'. A part of the rows is kept back to measure it. Training\n"
      "begins at the version before, whose weights are found by the names of features and words; docs/training.md.");
  AddModelOption(*train, options->model);
  train->callback([options, &session] { session.Finish(RunTrain(*options, session)); });
}

}  // namespace

void AddTrainingCommands(CLI::App& app, Session& session) {
  AddTrain(app, session);
  CLI::App* evaluate = app.add_subcommand("evaluate", "Measure a model on the rows that were kept from its training");
  auto evaluate_options = std::make_shared<EvaluateOptions>();
  evaluate->add_option("MODEL", evaluate_options->request.model, "NAME or NAME@VERSION; default: the project's latest");
  evaluate
      ->add_option("--data", evaluate_options->request.reference,
                   "A dataset version; default: the one it was trained on")
      ->type_name("DATASET");
  evaluate->add_option("--part", evaluate_options->part, "evaluate (default), test or train: which rows of the split")
      ->type_name("PART");
  evaluate->callback([evaluate_options, &session] { session.Finish(RunEvaluate(*evaluate_options, session)); });

  CLI::App* predict = app.add_subcommand("predict", "Score the rows of a dataset version or of files");
  auto options = std::make_shared<PredictOptions>();
  predict
      ->add_option("[MODEL] SOURCE", options->names,
                   "A model (default: the project's latest), and a dataset or files to score")
      ->required()
      ->expected(1, 2);
  predict->add_option("--model", options->model, "The model, where it is not named before the source")
      ->type_name("MODEL");
  AddRowsOptions(*predict, options->output);
  predict->footer(
      "MODEL is NAME, NAME@VERSION or NAME@ALIAS; SOURCE is a dataset (NAME or NAME@VERSION), a path or a glob in\n"
      "quotes. Each row gets a column more for each output of the model.");
  predict->callback([options, &session] { session.Finish(RunPredict(*options, session)); });
}

}  // namespace roost::cli
