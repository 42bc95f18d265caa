// roost lock

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/lock.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

absl::StatusOr<int> RunWrite(Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::WriteLockResponse response, api::WriteLock(project));
  int64_t aliases = 0;
  for (const auto& [model, versions] : response.lock.models) aliases += static_cast<int64_t>(versions.size());
  const auto datasets = static_cast<int64_t>(response.lock.datasets.size());
  if (session.json()) {
    session.Print(ToText(
        Json{{"file", api::kLockName}, {"changed", response.changed}, {"datasets", datasets}, {"aliases", aliases}}));
    return 0;
  }
  session.Print(fmt::format("{} {}: {}, {} of models\n", response.changed ? "wrote" : "nothing new in", api::kLockName,
                            CountOf(datasets, "dataset"),
                            aliases == 1 ? "1 alias" : fmt::format("{} aliases", aliases)));
  return 0;
}

absl::StatusOr<int> RunCheck(Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<api::LockDifference> differences, api::CheckLock(project));
  const int code = differences.empty() ? 0 : kCheckSaidNo;
  if (session.json()) {
    Json json = Json::array();
    for (const api::LockDifference& one : differences) {
      json.push_back({{"what", one.what}, {"locked", one.locked}, {"now", one.now}});
    }
    session.Print(ToText(json));
    return code;
  }
  if (differences.empty()) {
    session.Print(fmt::format("all is as {} says\n", api::kLockName));
    return code;
  }
  std::vector<std::vector<std::string>> rows{{"", "locked", "now"}};
  for (const api::LockDifference& one : differences) rows.push_back({one.what, one.locked, one.now});
  session.Print(AlignColumns(rows, "lll"));
  session.Note("next: roost lock, if what is there now is right");
  return code;
}

}  // namespace

void AddLockCommand(CLI::App& app, Session& session) {
  CLI::App* lock = app.add_subcommand("lock", "Write down in roost.lock which versions of data and models are in use");
  auto check = std::make_shared<bool>(false);
  lock->add_flag("--check", *check, "Write nothing: say what is not as roost.lock says; 1: something is not");
  lock->footer("'roost train --locked' and 'roost run --locked' use what roost.lock says (docs/lock.md).");
  lock->callback([check, &session] { session.Finish(*check ? RunCheck(session) : RunWrite(session)); });
}

}  // namespace roost::cli
