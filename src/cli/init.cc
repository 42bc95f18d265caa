// roost init: a project of a folder.

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/project.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "config/templates.h"

namespace roost::cli {
namespace {

absl::StatusOr<int> RunInit(const api::InitRequest& request, Session& session) {
  TRY_ASSIGN(const api::InitResponse response, api::Init(request));
  if (session.json()) {
    session.Print(ToText(Json{{"folder", response.folder}, {"written", response.written}, {"kept", response.kept}}));
    return 0;
  }
  std::string text;
  for (const std::string& file : response.written) text += fmt::format("wrote {}\n", file);
  for (const std::string& file : response.kept) text += fmt::format("kept  {}\n", file);
  session.Print(text);
  session.Note("next: roost data add NAME FILE…");
  return 0;
}

}  // namespace

void AddInitCommand(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("init", "Make a project: roost.yaml and the workspace .roost/");
  auto request = std::make_shared<api::InitRequest>();
  command->add_option("DIR", request->folder, "The folder; it is made where it is missing")->capture_default_str();
  Offer(command->add_option("--template", request->template_name,
                            fmt::format("One of: {}", fmt::join(config::TemplateNames(), ", "))),
        config::TemplateNames())
      ->capture_default_str();
  command->footer("Files that are there already are kept, so it can be called again.");
  command->callback([request, &session] { session.Finish(RunInit(*request, session)); });
}

}  // namespace roost::cli
