// roost config check

#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/configuration.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

using Kind = api::ConfigFinding::Kind;

std::string_view ColorOf(Kind kind) {
  switch (kind) {
    case Kind::kError: return "red";
    case Kind::kWarning: return "yellow";
    case Kind::kUnused:
    case Kind::kDefault: break;
  }
  return "dim";
}

// "roost.yaml:14: unused: model.trainer.passes: it is for 'solver: ftrl'".
std::string LineOf(const api::ConfigFinding& finding, const Session& session) {
  std::string line = finding.file;
  if (finding.line > 0) line += fmt::format(":{}", finding.line);
  line += fmt::format(": {}: ", session.Colored(api::KindName(finding.kind), ColorOf(finding.kind)));
  if (!finding.key.empty()) line += fmt::format("{}: ", Printable(finding.key));
  line += PrintableLines(finding.message);
  if (!finding.hint.empty()) line += fmt::format(" ({})", Printable(finding.hint));
  return line + "\n";
}

Json ToJson(const api::ConfigCheck& check) {
  Json findings = Json::array();
  for (const api::ConfigFinding& finding : check.findings) {
    findings.push_back({{"kind", api::KindName(finding.kind)},
                        {"file", finding.file},
                        {"line", finding.line > 0 ? Json(finding.line) : Json(nullptr)},
                        {"key", finding.key},
                        {"message", finding.message},
                        {"hint", finding.hint}});
  }
  return {{"keys", check.keys},
          {"errors", check.Count(Kind::kError)},
          {"warnings", check.Count(Kind::kWarning)},
          {"unused", check.Count(Kind::kUnused)},
          {"defaults", check.Count(Kind::kDefault)},
          {"findings", std::move(findings)},
          {"unchecked", check.unchecked}};
}

absl::StatusOr<int> RunCheck(Session& session) {
  TRY_ASSIGN(const api::ConfigCheck check, api::CheckConfig(session.project()));
  const int exit_code = check.Count(Kind::kError) > 0 ? kCheckSaidNo : 0;
  if (session.json()) {
    session.Print(ToText(ToJson(check)));
    return exit_code;
  }
  for (const api::ConfigFinding& finding : check.findings) session.Print(LineOf(finding, session));
  session.Print(fmt::format("{}: {}, {}, {} unused, {} as by default\n", CountOf(check.keys, "key"),
                            CountOf(check.Count(Kind::kError), "error"),
                            CountOf(check.Count(Kind::kWarning), "warning"), FormatCount(check.Count(Kind::kUnused)),
                            FormatCount(check.Count(Kind::kDefault))));
  for (const std::string& unchecked : check.unchecked) session.Note(fmt::format("not looked at: {}", unchecked));
  return exit_code;
}

}  // namespace

void AddConfigCheckCommand(CLI::App& config, Session& session) {
  CLI::App* check = config.add_subcommand("check", "What is wrong in roost.yaml, and what has no effect there");
  check->footer(
      "error: it is refused, or names a column that the latest version of the dataset does not have, a model or a "
      "file\n"
      "without which commands fail. warning: it names something else that is not there. unused: other keys take its\n"
      "effect. default: the same holds without it. Exit code 1 where there are errors. docs/config.md");
  check->callback([&session] { session.Finish(RunCheck(session)); });
}

}  // namespace roost::cli
