// roost hooks list | test | retry

#include "cli/hooks.h"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/hooks.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

std::vector<std::string> EventsOf(const config::HookConfig& hook) {
  std::vector<std::string> events;
  for (const config::HookEvent event : hook.on) events.emplace_back(config::HookEventName(event));
  return events;
}

Json ToJson(const api::HookOutcome& outcome) {
  Json json{{"hook", outcome.hook}, {"event", outcome.event}, {"id", outcome.id}, {"told", outcome.status.ok()}};
  if (!outcome.status.ok()) json["error"] = std::string(outcome.status.message());
  return json;
}

std::string TextOf(const api::HookOutcome& outcome) {
  if (outcome.status.ok()) return fmt::format("{}: told of '{}'", outcome.hook, outcome.event);
  return fmt::format("{}: not told of '{}': {}", outcome.hook, outcome.event, std::string(outcome.status.message()));
}

absl::StatusOr<int> RunList(Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<api::HookDescription> hooks, api::ListHooks(project));
  if (session.json()) {
    Json json = Json::array();
    for (const api::HookDescription& description : hooks) {
      json.push_back({{"hook", description.hook.Id()},
                      {"on", EventsOf(description.hook)},
                      {"kept", description.kept},
                      {"error", description.error}});
    }
    session.Print(ToText(json));
    return 0;
  }
  if (hooks.empty()) {
    session.Note("roost.yaml has no hooks");
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"hook", "on", "kept", "last error"}};
  for (const api::HookDescription& description : hooks) {
    rows.push_back({description.hook.Id(), fmt::format("{}", fmt::join(EventsOf(description.hook), ", ")),
                    FormatCount(description.kept), description.error.empty() ? "-" : description.error});
  }
  session.Print(AlignColumns(rows, "llrl"));
  return 0;
}

absl::StatusOr<int> RunTest(const std::string& name, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::HookOutcome outcome, api::TestHook(project, name, session.MakeContext()));
  session.Print(session.json() ? ToText(ToJson(outcome)) : TextOf(outcome) + "\n");
  return outcome.status.ok() ? 0 : kCheckSaidNo;
}

absl::StatusOr<int> RunRetry(Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<api::HookOutcome> outcomes,
             api::SendHooks(project, api::Resend::kAll, session.MakeContext()));
  Json json = Json::array();
  bool is_all_told = true;
  for (const api::HookOutcome& outcome : outcomes) {
    is_all_told = is_all_told && outcome.status.ok();
    json.push_back(ToJson(outcome));
    if (!session.json()) session.Print(TextOf(outcome) + "\n");
  }
  if (session.json()) session.Print(ToText(json));
  if (outcomes.empty()) session.Note("nothing was kept: every hook was told");
  return is_all_told ? 0 : kCheckSaidNo;
}

}  // namespace

void SendHooks(api::Project& project, Session& session) {
  const auto outcomes = api::SendHooks(project, api::Resend::kDue, session.MakeContext());
  if (!outcomes.ok()) {
    session.Note(fmt::format("hooks were not told: {}", std::string(outcomes.status().message())));
    return;
  }
  bool is_kept = false;
  for (const api::HookOutcome& outcome : *outcomes) {
    if (outcome.status.ok()) continue;
    session.Note("hook " + TextOf(outcome));
    is_kept = is_kept || outcome.kept;
  }
  if (is_kept) session.Note("it is kept; later commands, and 'roost hooks retry', try again");
}

void AddHookCommands(CLI::App& app, Session& session) {
  CLI::App* hooks = app.add_subcommand("hooks", "Programs and servers that are told of what happens");
  hooks->require_subcommand(1);
  hooks->footer("They are declared in roost.yaml under 'hooks' (docs/hooks.md).");

  CLI::App* list = hooks->add_subcommand("list", "Hooks, and what they could not be told");
  list->callback([&session] { session.Finish(RunList(session)); });

  CLI::App* test = hooks->add_subcommand("test", "Tell a hook of an event 'test'; 1: it failed");
  auto name = std::make_shared<std::string>();
  test->add_option("HOOK", *name, "Its name, or its program or URL where it has none")->required();
  test->callback([name, &session] { session.Finish(RunTest(*name, session)); });

  CLI::App* retry = hooks->add_subcommand("retry", "Tell what was kept; 1: some of it failed again");
  retry->callback([&session] { session.Finish(RunRetry(session)); });
}

}  // namespace roost::cli
