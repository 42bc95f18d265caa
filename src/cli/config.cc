// roost config reference | schema; the others are in config_check.cc and config_diff.cc

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/declared_schema.h"
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
  CLI::App* schema = config->add_subcommand("schema", "Every key of roost.yaml, as a JSON schema for editors");
  schema->footer("docs/config.md says how editors find it.");
  schema->callback([&session] {
    session.Print(ToText(JsonSchemaOf(*config::DeclareProject().keys(), "roost.yaml")));
    session.Finish(0);
  });
  AddConfigCheckCommand(*config, session);
  AddConfigDiffCommand(*config, session);
}

}  // namespace roost::cli
