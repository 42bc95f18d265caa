// roost model lineage

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/lineage.h"
#include "base/format.h"
#include "base/json_members.h"
#include "base/status.h"
#include "cli/model_moves.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

std::string CodeOf(const Json& lineage) {
  const auto dirty = lineage.find("code_dirty");
  const bool is_dirty = dirty != lineage.end() && dirty->is_boolean() && dirty->get<bool>();
  return TextMember(lineage, "code_revision").substr(0, 12) + (is_dirty ? "+changes" : "");
}

// "dataset flights@3 7af3…, config 611e…": what is known of it.
std::string OriginText(const api::ModelOrigin& origin) {
  const Json& lineage = origin.lineage;
  const auto some = [&](const char* member) { return TextMember(lineage, member).substr(0, 12); };
  std::vector<std::string> parts;
  const auto add = [&](const char* what, const std::string& value) {
    if (!value.empty()) parts.push_back(fmt::format("{} {}", what, value));
  };
  add("dataset", TextMember(lineage, "dataset"));
  add("config", some("config_digest"));
  add("code", CodeOf(lineage));
  add("by", lineage.contains("roost_version") ? "roost " + TextMember(lineage, "roost_version") : "");
  return parts.empty() ? "nothing is known of its data" : fmt::format("{}", fmt::join(parts, ", "));
}

// The lines that say under which schema, by which runs and with what it was trained; none of what is not known. The
// machine is told by --json.
std::string EnvironmentText(const api::ModelLineage& lineage) {
  std::string text;
  const Json schema = lineage.environment.is_object() ? lineage.environment.value("schema", Json()) : Json();
  if (schema.is_object()) {
    const auto confirmed = schema.find("confirmed_version");
    const bool is_confirmed = confirmed != schema.end() && confirmed->is_number_integer();
    text += fmt::format("  schema {}{}\n", TextMember(schema, "digest").substr(0, 12),
                        is_confirmed ? fmt::format(", confirmed up to version {}", confirmed->get<int64_t>()) : "");
  }
  if (!lineage.runs.empty()) {
    text += fmt::format("  {} {}\n", lineage.runs.size() == 1 ? "run" : "runs", fmt::join(lineage.runs, ", "));
  }
  if (!lineage.environment.is_object()) return text;
  std::vector<std::string> libraries;
  const Json named = lineage.environment.value("libraries", Json::object());
  for (const auto& [name, version] : named.items()) {
    if (version.is_string()) libraries.push_back(fmt::format("{} {}", name, version.get<std::string>()));
  }
  return text + fmt::format("  with {}\n", fmt::join(libraries, ", "));
}

std::string AliasText(const std::vector<std::string>& aliases) {
  return aliases.empty() ? "" : fmt::format("  [{}]", fmt::join(aliases, ", "));
}

Json ToJson(const api::ModelOrigin& origin) {
  return Json{{"model", origin.version.name}, {"version", origin.version.version}, {"lineage", origin.lineage}};
}

Json ToJson(const std::vector<api::Descendant>& descendants) {
  Json json = Json::array();
  for (const api::Descendant& descendant : descendants) {
    Json one = ToJson(descendant.origin);
    one["depth"] = descendant.depth;
    one["aliases"] = descendant.aliases;
    json.push_back(std::move(one));
  }
  return json;
}

Json ToJson(const std::vector<api::ScoreUse>& uses) {
  Json json = Json::array();
  for (const api::ScoreUse& use : uses) {
    json.push_back({{"taker", use.taker.ToString()}, {"column", use.column}, {"score_of", use.score_of}});
  }
  return json;
}

std::string TreeText(const std::vector<api::Descendant>& descendants, int indent) {
  std::string text;
  for (const api::Descendant& one : descendants) {
    text += fmt::format("{:{}}{}{}  {}\n", "", indent + 2 * one.depth, one.origin.version.ToString(),
                        AliasText(one.aliases), OriginText(one.origin));
  }
  return text;
}

absl::StatusOr<int> RunOfModel(const std::string& reference, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::ModelLineage lineage, api::LineageOfModel(project, reference));
  if (session.json()) {
    Json json = ToJson(lineage.model);
    json["aliases"] = lineage.aliases;
    json["environment"] = lineage.environment;
    json["runs"] = lineage.runs;
    json["ancestors"] = Json::array();
    for (const api::ModelOrigin& ancestor : lineage.ancestors) json["ancestors"].push_back(ToJson(ancestor));
    json["descendants"] = ToJson(lineage.descendants);
    json["scores"] = ToJson(lineage.scores);
    json["score_takers"] = ToJson(lineage.score_takers);
    session.Print(ToText(json));
    return 0;
  }
  std::string text = fmt::format("{}{}\n  {}\n", lineage.model.version.ToString(), AliasText(lineage.aliases),
                                 OriginText(lineage.model));
  text += EnvironmentText(lineage);
  const api::ModelOrigin* last = &lineage.model;
  int indent = 2;
  for (const api::ModelOrigin& ancestor : lineage.ancestors) {
    text += fmt::format("{:{}}trained from {}  {}\n", "", indent, ancestor.version.ToString(), OriginText(ancestor));
    last = &ancestor;
    indent += 2;
  }
  if (const std::string parent = last->Parent(); !parent.empty()) {
    text += fmt::format("{:{}}trained from {}, which was deleted\n", "", indent, parent);
  }
  for (const api::ScoreUse& use : lineage.scores) {
    text += fmt::format("  takes '{}', the score of {}\n", use.column, use.score_of);
  }
  for (const api::ScoreUse& use : lineage.score_takers) {
    text += fmt::format("  {} takes its score as '{}'\n", use.taker.ToString(), use.column);
  }
  if (!lineage.descendants.empty()) text += "came of it\n" + TreeText(lineage.descendants, 0);
  session.Print(text);
  return 0;
}

absl::StatusOr<int> RunOfDataset(const std::string& reference, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::DatasetLineage lineage, api::LineageOfDataset(project, reference));
  if (session.json()) {
    session.Print(ToText(Json{{"dataset", lineage.dataset}, {"models", ToJson(lineage.trained)}}));
    return 0;
  }
  if (lineage.trained.empty()) {
    session.Note(fmt::format("no model was trained on {}", lineage.dataset));
    return 0;
  }
  session.Print(fmt::format("{}\n{}", lineage.dataset, TreeText(lineage.trained, 2)));
  return 0;
}

absl::StatusOr<int> PrintRelated(const api::RelatedModels& related, Session& session) {
  if (session.json()) {
    session.Print(ToText(Json{{"of", related.of}, {"models", ToJson(related.models)}}));
    return 0;
  }
  if (related.models.empty()) {
    session.Note(fmt::format("no model came of {}", related.of));
    return 0;
  }
  session.Print(fmt::format("{}\n{}", related.of, TreeText(related.models, 2)));
  return 0;
}

struct LineageOptions {
  std::string model;
  std::string dataset;
  std::string schema;
  int64_t run = 0;
};

absl::StatusOr<int> RunLineage(const LineageOptions& options, Session& session) {
  const int named = (options.model.empty() ? 0 : 1) + (options.dataset.empty() ? 0 : 1) +
                    (options.schema.empty() ? 0 : 1) + (options.run > 0 ? 1 : 0);
  if (named != 1) {
    return WithHint(absl::InvalidArgumentError("lineage of what? name a model, or a dataset with --dataset"),
                    "roost model lineage NAME@VERSION, or roost model lineage --dataset NAME@VERSION");
  }
  if (!options.schema.empty() || options.run > 0) {
    TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
    TRY_ASSIGN(const api::RelatedModels related, options.run > 0 ? api::LineageOfRun(project, options.run)
                                                                 : api::LineageOfSchema(project, options.schema));
    return PrintRelated(related, session);
  }
  return options.model.empty() ? RunOfDataset(options.dataset, session) : RunOfModel(options.model, session);
}

}  // namespace

void AddModelLineageCommand(CLI::App& model, Session& session) {
  CLI::App* command = model.add_subcommand("lineage", "What a version came from, and what came of it or of data");
  auto options = std::make_shared<LineageOptions>();
  command->add_option("MODEL", options->model, "NAME, NAME@VERSION or NAME@ALIAS");
  command->add_option("--dataset", options->dataset, "Which models came of this version of a dataset")
      ->type_name("NAME@VERSION");
  command->add_option("--schema", options->schema, "Which were trained under a schema of this digest")
      ->type_name("DIGEST");
  command->add_option("--run", options->run, "Which this run of the pipeline trained, or took")
      ->check(CLI::PositiveNumber)
      ->type_name("RUN");
  command->callback([options, &session] { session.Finish(RunLineage(*options, session)); });
}

}  // namespace roost::cli
