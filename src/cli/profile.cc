// roost profile

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/data.h"
#include "base/status.h"
#include "cli/commands.h"
#include "profile/render.h"

namespace roost::cli {
namespace {

absl::StatusOr<int> RunProfile(const std::string& reference, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const profile::ProfileSummary summary, api::ProfileData(project, reference, session.MakeContext()));
  session.Print(session.json() ? ToText(profile::ToJson(summary)) : profile::ToText(summary, session.Width()));
  return 0;
}

}  // namespace

void AddProfileCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("profile", "Statistics of a dataset version");
  auto reference = std::make_shared<std::string>();
  command->add_option("DATASET", *reference, "NAME, NAME@VERSION or NAME@latest")->required();
  command->footer("They were computed when the version was added: no row is read again.");
  command->callback([reference, &session] { session.Finish(RunProfile(*reference, session)); });
}

}  // namespace roost::cli
