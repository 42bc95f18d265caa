// roost config reference

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "config/project.h"

namespace roost::cli {

void AddConfigCommands(CLI::App& app, Session& session) {
  CLI::App* config = app.add_subcommand("config", "roost.yaml");
  config->require_subcommand(1);
  CLI::App* reference = config->add_subcommand("reference", "Every key of roost.yaml, as a Markdown page");
  reference->callback([&session] {
    session.Print(config::DeclareProject().keys()->Reference("roost.yaml"));
    session.Finish(0);
  });
}

}  // namespace roost::cli
