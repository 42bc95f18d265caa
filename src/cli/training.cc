// roost train, roost evaluate, roost predict

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/models.h"
#include "api/training.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/rows_output.h"
#include "evaluate/render.h"

namespace roost::cli {
namespace {

absl::StatusOr<int> RunTrain(const api::TrainRequest& request, Session& session) {
  const absl::Time start = absl::Now();
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::TrainResponse response, api::Train(project, request, session.MakeContext()));
  const absl::Duration elapsed = absl::Now() - start;
  if (session.json()) {
    session.Print(ToText(Json{{"model", response.version.name},
                              {"version", response.version.version},
                              {"digest", response.version.manifest.ToHex()},
                              {"dataset", response.dataset},
                              {"train_rows", response.train_rows},
                              {"evaluate_rows", response.evaluate_rows},
                              {"unlabelled_rows", response.unlabelled_rows},
                              {"split_at", FormatUtc(response.split_at)},
                              {"features", response.num_features},
                              {"iterations", response.fit.iterations},
                              {"gradient_norm", response.fit.gradient_norm},
                              {"converged", response.fit.converged},
                              {"train_log_loss", response.fit.loss},
                              {"evaluation", evaluate::ToJson(response.evaluation)},
                              {"seconds", absl::ToDoubleSeconds(elapsed)}}));
    return 0;
  }
  session.Print(fmt::format("{} from {}: {} rows before {}, {} features\n", response.version.ToString(),
                            response.dataset, FormatCount(response.train_rows), FormatUtc(response.split_at),
                            response.num_features));
  session.Print(fmt::format("{} after {} steps, gradient {:.1e}, log loss {:.5f}; {}\n",
                            response.fit.converged ? "converged" : "NOT CONVERGED", response.fit.iterations,
                            response.fit.gradient_norm, response.fit.loss, FormatElapsed(elapsed)));
  if (response.unlabelled_rows > 0) {
    session.Note(
        fmt::format("{} rows have no label or no time and were left out", FormatCount(response.unlabelled_rows)));
  }
  if (!response.fit.converged) {
    session.Note("warning: raise model.trainer.max_iterations, or l2, in roost.yaml");
  }
  session.Note("next: roost evaluate");
  return 0;
}

absl::StatusOr<int> RunEvaluate(const api::EvaluateRequest& request, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::EvaluateResponse response, api::Evaluate(project, request, session.MakeContext()));
  if (session.json()) {
    // "model" and "dummy" are the figures of the two.
    Json json{{"name", response.version.name},
              {"version", response.version.version},
              {"dataset", response.dataset},
              {"split_at", FormatUtc(response.split_at)}};
    json.update(evaluate::ToJson(response.evaluation));
    session.Print(ToText(json));
    return 0;
  }
  session.Print(fmt::format("{} on the rows of {} from {} on\n\n{}", response.version.ToString(), response.dataset,
                            FormatUtc(response.split_at), evaluate::ToText(response.evaluation)));
  session.Note(fmt::format("next: roost serve"));
  return 0;
}

struct PredictOptions {
  api::PredictRequest request;
  RowsOutput output;
};

absl::StatusOr<int> RunPredict(const PredictOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  const Context context = session.MakeContext();
  api::PredictRequest request = options.request;
  request.limit = options.output.limit;
  TRY_ASSIGN(const auto rows, api::Predict(project, request, context));
  return HandOver(*rows, options.output, session, context);
}

}  // namespace

void AddTrainingCommands(CLI::App& app, Session& session) {
  CLI::App* train = app.add_subcommand("train", "Train the project's model and register it as a new version");
  auto train_request = std::make_shared<api::TrainRequest>();
  train->add_option("DATASET", train_request->reference, "Default: the latest version of the project's dataset");
  train->footer("What is trained stands in roost.yaml under 'model'. The latest rows are kept back to measure it.");
  train->callback([train_request, &session] { session.Finish(RunTrain(*train_request, session)); });

  CLI::App* evaluate = app.add_subcommand("evaluate", "Measure a model on the rows that were kept from its training");
  auto evaluate_request = std::make_shared<api::EvaluateRequest>();
  evaluate->add_option("MODEL", evaluate_request->model, "NAME or NAME@VERSION; default: the project's latest");
  evaluate->add_option("--data", evaluate_request->reference, "A dataset version; default: the one it was trained on")
      ->type_name("DATASET");
  evaluate->callback([evaluate_request, &session] { session.Finish(RunEvaluate(*evaluate_request, session)); });

  CLI::App* predict = app.add_subcommand("predict", "Score the rows of a dataset version or of files");
  auto options = std::make_shared<PredictOptions>();
  predict->add_option("SOURCE", options->request.source, "NAME, NAME@VERSION, a path or a glob in quotes")->required();
  predict->add_option("--model", options->request.model, "NAME or NAME@VERSION; default: the project's latest");
  AddRowsOptions(*predict, options->output);
  predict->callback([options, &session] { session.Finish(RunPredict(*options, session)); });
}

}  // namespace roost::cli
