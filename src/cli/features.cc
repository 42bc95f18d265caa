// roost features

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/features.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/model_option.h"
#include "cli/table_text.h"
#include "transform/feature_yaml.h"

namespace roost::cli {
namespace {

Json ToJson(const api::ChooseFeaturesResponse& response) {
  Json features = Json::array();
  for (const transform::ChosenFeature& chosen : response.features) {
    features.push_back({{"feature", transform::ToYaml(chosen.spec)}, {"reason", chosen.reason}});
  }
  Json left_out = Json::array();
  for (const transform::LeftOutColumn& column : response.left_out) {
    left_out.push_back({{"column", column.column}, {"reason", column.reason}});
  }
  return {{"dataset", response.dataset}, {"features", std::move(features)}, {"left_out", std::move(left_out)}};
}

absl::StatusOr<int> RunFeatures(const api::ChooseFeaturesRequest& request, const std::string& model, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY(project.SelectModel(model));
  TRY_ASSIGN(const api::ChooseFeaturesResponse response,
             api::ChooseModelFeatures(project, request, session.MakeContext()));
  if (session.json()) {
    session.Print(ToText(ToJson(response)));
    return 0;
  }
  session.Print(response.yaml);
  session.Note(response.written.empty() ? "next: put it into roost.yaml, or let --write do it"
                                        : fmt::format("wrote {}\nnext: roost train", response.written));
  return 0;
}

}  // namespace

void AddFeaturesCommand(CLI::App& app, Session& session) {
  CLI::App* features = app.add_subcommand("features", "What 'features: auto' chooses from the statistics, and why");
  auto request = std::make_shared<api::ChooseFeaturesRequest>();
  features->add_option("DATASET", request->reference, "Default: the latest version of the project's dataset");
  features->add_flag("--write", request->write, "Into roost.yaml, in place of 'features: auto'");
  auto model = std::make_shared<std::string>();
  AddModelOption(*features, *model);
  AddFeatureReportCommand(*features, model, session);
  // A command below it runs in its place.
  features->callback([features, request, model, &session] {
    if (features->get_subcommands().empty()) session.Finish(RunFeatures(*request, *model, session));
  });
}

}  // namespace roost::cli
