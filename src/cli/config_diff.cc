// roost config diff

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/configuration.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/table_text.h"
#include "config/resolved.h"

namespace roost::cli {
namespace {

constexpr int kTheyDiffer = 1;  // as diff has it

std::string TextOf(const std::optional<std::string>& value) { return value.value_or("-"); }
Json JsonOf(const std::optional<std::string>& value) { return value.has_value() ? Json(*value) : Json(nullptr); }

absl::StatusOr<int> RunConfigDiff(const std::pair<std::string, std::string>& references, Session& session) {
  TRY_ASSIGN(const api::Configuration before, api::ReadConfiguration(session.project(), references.first));
  TRY_ASSIGN(const api::Configuration after, api::ReadConfiguration(session.project(), references.second));
  const std::vector<config::ConfigDifference> differences = config::CompareResolved(before.values, after.values);
  const int exit_code = differences.empty() ? 0 : kTheyDiffer;
  if (session.json()) {
    Json json{{"before", before.name}, {"after", after.name}, {"differences", Json::array()}};
    for (const config::ConfigDifference& difference : differences) {
      json["differences"].push_back(
          {{"key", difference.key}, {"before", JsonOf(difference.before)}, {"after", JsonOf(difference.after)}});
    }
    session.Print(ToText(json));
    return exit_code;
  }
  if (differences.empty()) {
    session.Print(fmt::format("{} and {} mean the same\n", before.name, after.name));
    return exit_code;
  }
  std::vector<std::vector<std::string>> rows{{"differs", before.name, after.name}};
  for (const config::ConfigDifference& difference : differences) {
    rows.push_back({difference.key, TextOf(difference.before), TextOf(difference.after)});
  }
  session.Print(AlignColumns(rows, "lll"));
  return exit_code;
}

}  // namespace

void AddConfigDiffCommand(CLI::App& config, Session& session) {
  CLI::App* diff = config.add_subcommand("diff", "Which keys mean something else in another configuration");
  auto references = std::make_shared<std::pair<std::string, std::string>>();
  diff->add_option("OLD", references->first, "A roost.yaml, a model version (late-flights@2), or . for the project's")
      ->required();
  diff->add_option("NEW", references->second, "The same")->required();
  diff->footer(
      "Values are compared with all defaults filled in, so comments, order and defaults that are written out make no\n"
      "difference. Exit code 0 where they mean the same, 1 where not: roost config diff late-flights@champion .");
  diff->callback([references, &session] { session.Finish(RunConfigDiff(*references, session)); });
}

}  // namespace roost::cli
