// roost model staleness

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/staleness.h"
#include "base/format.h"
#include "base/status.h"
#include "base/time_span.h"
#include "cli/estimate_text.h"
#include "cli/model_moves.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

constexpr int kDigits = 4;

std::string Table(const api::StalenessResponse& response) {
  std::vector<std::vector<std::string>> lines{
      {"model", "learned until", "age", std::string(response.metric->name), "loss", ""}};
  for (const api::AgedVersion& aged : response.versions) {
    std::string words = aged.is_clear ? "worse" : "";
    if (aged.other_config) words += words.empty() ? "other configuration" : ", other configuration";
    lines.push_back({aged.version.ToString(), FormatUtcSeconds(aged.learned.time),
                     aged.age == absl::ZeroDuration() ? "-" : FormatTimeSpan(aged.age),
                     aged.value.has_value() ? FormatNumber(*aged.value, kDigits) : "-",
                     EstimateText(aged.loss, response.confidence), words});
  }
  return AlignColumns(lines, "llrrll");
}

std::string ConclusionOf(const api::StalenessResponse& response) {
  if (response.versions.size() < 2) return "there is no older version to hold against it\n";
  if (!response.clear_from.has_value()) return "no age loses beyond chance on these rows\n";
  return fmt::format("from an age of {} on every version is worse beyond chance\n",
                     FormatTimeSpan(*response.clear_from));
}

absl::StatusOr<int> RunStaleness(const api::StalenessRequest& request, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  const config::ModelConfig* model = project.config().FindModel(request.model);
  TRY_ASSIGN(const api::StalenessResponse response,
             api::MeasureStaleness(project, request, model != nullptr ? model->evaluation : config::EvaluationConfig(),
                                   session.MakeContext(JsonProgress::kYes)));
  if (session.json()) {
    session.Print(ToText(api::ToJson(response)));
    return 0;
  }
  session.Print(fmt::format("{} on {} rows of {} {}\n\n{}", request.model, FormatCount(response.num_rows),
                            response.dataset, response.rows, Table(response)));
  session.Print(fmt::format(
      "age: by how much it has learned less far than the first; loss: by how much it is worse, and where the true "
      "loss is with {}\n{}",
      FormatShare(response.confidence), ConclusionOf(response)));
  for (const api::VersionLeftOut& version : response.left_out) {
    session.Note(fmt::format("{} left out: {}", version.version, version.reason));
  }
  return 0;
}

}  // namespace

void AddStalenessCommand(CLI::App& model, Session& session) {
  CLI::App* command = model.add_subcommand("staleness", "How much older versions lose on the newest rows");
  auto request = std::make_shared<api::StalenessRequest>();
  command->add_option("NAME", request->model, "A model")->required();
  command
      ->add_option("--data", request->reference,
                   "A dataset version; default: the latest of the dataset that the freshest was trained on")
      ->type_name("DATASET");
  command->add_option("--versions", request->versions, "The newest so many at most (20)")
      ->type_name("NUMBER")
      ->check(CLI::Range(int64_t{1}, int64_t{1000}));
  command->footer("How old the training data may be when a version is judged: model.gate.max_age in roost.yaml.");
  command->callback([request, &session] { session.Finish(RunStaleness(*request, session)); });
}

}  // namespace roost::cli
