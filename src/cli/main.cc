// The program `roost`: its commands, and the one place where an exception that nobody expected ends.

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "cli/watch.h"

namespace roost::cli {
namespace {

constexpr int kInternalError = 70;

constexpr const char* kFooter = R"(Start here:
  roost init my-project                  a folder with roost.yaml
  roost data add trips trips.parquet     a versioned dataset
  roost profile trips                    what is in it

Exit codes: 0 done, 1 a check said no, 2 usage or configuration, 10 no project or its state forbids it,
11 lost a race, 12 authentication, 13 remote unavailable, 14 a limit of this machine (disk full, port
taken, no permission), 70 a bug of Roost or damaged data, 130 interrupted, 141 closed pipe.)";

// CLI11's help without the names of C++ types and the bounds of numbers, which the descriptions tell in words.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(28);
    label("SUBCOMMAND", "COMMAND");
    label("Subcommands", "Commands");
    label("Positionals", "Arguments");
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_positional()) return "";
    const std::string type = option->get_type_size() == 0 ? "" : option->get_type_name();
    const std::string name = type.substr(0, type.find(':'));
    return (name.empty() ? "" : " " + name) + (option->get_required() ? " (required)" : "");
  }

  // A name of several words, "[MODEL] SOURCE", says itself how many there may be.
  std::string make_option_usage(const CLI::Option* option) const override {
    const std::string name = make_option_name(option, /*is_positional=*/true);
    return name.find(' ') != std::string::npos ? name : CLI::Formatter::make_option_usage(option);
  }

  std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode mode) const override {
    const std::string text = CLI::Formatter::make_subcommands(app, mode);
    const size_t heading = text.find("Subcommands:");
    return heading == std::string::npos ? text : std::string(text).replace(heading, 11, "Commands");
  }

  std::string make_footer(const CLI::App* app) const override {
    return app->get_footer().empty() ? "" : "\n" + app->get_footer() + "\n";
  }

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    if (mode == CLI::AppFormatMode::Sub) return make_expanded(app);
    std::string text = make_description(app) + make_usage(app, std::move(name)) + make_positionals(app) +
                       make_groups(app, mode) + make_subcommands(app, mode);
    while (text.ends_with("\n\n")) text.pop_back();
    if (app->get_parent() != nullptr)
      text += "\nHere too: --json, --quiet, --no-color, --project (see roost --help).\n";
    return text + make_footer(app);
  }
};

void AddGlobalOptions(CLI::App& app, GlobalOptions& options) {
  app.add_flag("--json", options.json, "One JSON document on stdout; errors as JSON on stderr");
  app.add_flag("-q,--quiet", options.quiet, "No messages and no progress");
  app.add_flag("--no-color", options.no_color, "No colours (as the variable NO_COLOR)");
  app.add_option("--project", options.project, "The project's folder, or one below it")->type_name("DIR");
}

// Those that help shows: one without a group is not for people.
std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

std::vector<std::string> NamesOf(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  return names;
}

const CLI::App* FindCommand(const CLI::App& parent, const std::string& name) {
  for (const CLI::App* command : CommandsOf(parent)) {
    if (command->check_name(name)) return command;
  }
  return nullptr;
}

std::string FullName(const CLI::App& command) {
  return command.get_parent() == nullptr ? command.get_name()
                                         : fmt::format("{} {}", FullName(*command.get_parent()), command.get_name());
}

// What was wrong with the command line. A word where a command must stand is told apart from CLI11's other complaints.
absl::Status UsageError(const CLI::App& app, const CLI::ParseError& error, int count, char** words) {
  const CLI::App* command = &app;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word.starts_with("-")) {
      const CLI::Option* option = app.get_option_no_throw(word);
      if (option != nullptr && option->get_items_expected_min() > 0) ++i;  // its value is no command
      continue;
    }
    const std::vector<std::string> names = NamesOf(CommandsOf(*command));
    if (names.empty()) break;
    const CLI::App* next = FindCommand(*command, word);
    if (next == nullptr) {
      const std::string_view closest = ClosestName(word, names);
      return WithHint(absl::InvalidArgumentError(fmt::format("no command '{} {}'", FullName(*command), word)),
                      closest.empty() ? fmt::format("the commands here are {}", fmt::join(names, ", "))
                                      : fmt::format("did you mean '{} {}'?", FullName(*command), closest));
    }
    command = next;
  }
  const std::vector<std::string> names = NamesOf(CommandsOf(*command));
  if (!names.empty() && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    if (const auto strangers = app.remaining(true); !strangers.empty()) {
      return WithHint(absl::InvalidArgumentError(fmt::format("no option '{}'", strangers.front())),
                      fmt::format("'{} --help' shows the options", FullName(*command)));
    }
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' wants a command", FullName(*command))),
                    fmt::format("the commands here are {}", fmt::join(names, ", ")));
  }
  return WithHint(absl::InvalidArgumentError(error.what()),
                  fmt::format("'{} --help' shows how it is used", FullName(*command)));
}

int Run(int count, char** words) {
  Session session;
  CLI::App app("Roost: the one standard way from data to a served, watched model.", "roost");
  app.set_version_flag("--version", "roost " ROOST_VERSION);
  app.require_subcommand(1);
  app.fallthrough();  // --json and the like may stand after the command too
  app.formatter(std::make_shared<HelpFormatter>());
  AddGlobalOptions(app, session.options());
  AddInitCommand(app, session);
  AddDataCommands(app, session);
  AddMaintenanceCommands(app, session);
  AddTransferCommands(app, session);
  AddProfileCommand(app, session);
  AddSchemaCommands(app, session);
  AddFeaturesCommand(app, session);
  AddTrainingCommands(app, session);
  AddJudgeCommands(app, session);
  AddRunCommand(app, session);
  AddWatchCommand(app, session);
  AddTuneCommand(app, session);
  AddLockCommand(app, session);
  AddExplainCommand(app, session);
  AddModelCommands(app, session);
  AddServeCommand(app, session);
  AddTokenCommands(app, session);
  AddHookCommands(app, session);
  AddAuditCommands(app, session);
  AddConfigCommands(app, session);
  AddExportCommands(app, session);
  AddDoctorCommand(app, session);
  AddCompletionCommand(app, session);
  app.footer(kFooter);  // last: a command that is added later would inherit it
  try {
    app.parse(count, words);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    if (count == 1) {
      std::cout << app.help();
      return 0;
    }
    session.Finish(UsageError(app, error, count, words));
  }
  return session.exit_code();
}

}  // namespace
}  // namespace roost::cli

namespace {

/// Measured on commits of a million rows. Arrow's own pool keeps what it has freed: 345 MB in place of 260. By default
/// memory of tiles is given back to the system at every turn and cleared by it the next time, a fifth of a read's time;
/// and there are eight arenas a core, each of which keeps some.
void TuneMemory() {
  setenv("ARROW_DEFAULT_MEMORY_POOL", "system", /*overwrite=*/0);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
}

}  // namespace

int main(int count, char** words) {
  TuneMemory();
  roost::cli::InstallSignalHandlers();
  try {
    return roost::cli::Run(count, words);
  } catch (const std::exception& error) {
    std::cerr << "error: a bug of Roost: " << error.what() << std::endl;
    return roost::cli::kInternalError;
  }
}
