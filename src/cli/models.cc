// roost model list | show

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/models.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

// A model version with the JSON parts of its package parsed.
struct Parsed {
  registry::ModelVersion version;
  Json lineage;
  Json evaluation;
};

absl::StatusOr<Parsed> Parse(const api::ModelDescription& model) {
  Parsed parsed{.version = model.version};
  TRY_ASSIGN(parsed.lineage, ParseJson(model.lineage, "lineage.json"));
  TRY_ASSIGN(parsed.evaluation, ParseJson(model.evaluation, "evaluation.json"));
  return parsed;
}

Json ToJson(const Parsed& model) {
  return Json{{"model", model.version.name},
              {"version", model.version.version},
              {"digest", model.version.manifest.ToHex()},
              {"time", FormatUtc(model.version.created)},
              {"author", model.version.author},
              {"lineage", model.lineage},
              {"evaluation", model.evaluation}};
}

std::string TextOf(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string("-");
}

std::string NumberOf(const Json& object, const char* group, const char* member) {
  if (!object.contains(group) || !object[group].contains(member) || !object[group][member].is_number()) return "-";
  return fmt::format("{:.4f}", object[group][member].get<double>());
}

std::string CodeOf(const Json& lineage) {
  const std::string revision = TextOf(lineage, "code_revision").substr(0, 12);
  if (revision.empty()) return "-";  // the project is not under git
  const auto dirty = lineage.find("code_dirty");
  return dirty != lineage.end() && dirty->is_boolean() && dirty->get<bool>() ? revision + "+changes" : revision;
}

absl::StatusOr<int> RunList(const std::string& name, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<api::ModelDescription> descriptions, api::ListModels(project, name));
  std::vector<Parsed> models;
  for (const api::ModelDescription& description : descriptions) {
    TRY_ASSIGN(Parsed model, Parse(description));
    models.push_back(std::move(model));
  }
  if (session.json()) {
    Json json = Json::array();
    for (const auto& model : models) json.push_back(ToJson(model));
    session.Print(ToText(json));
    return 0;
  }
  if (models.empty()) {
    session.Note("no model yet\nnext: roost train");
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"model", "dataset", "config", "code", "AUC", "log loss", "made"}};
  for (const auto& model : models) {
    rows.push_back({model.version.ToString(), TextOf(model.lineage, "dataset"),
                    TextOf(model.lineage, "config_digest").substr(0, 12), CodeOf(model.lineage),
                    NumberOf(model.evaluation, "model", "auc"), NumberOf(model.evaluation, "model", "log_loss"),
                    FormatUtcSeconds(model.version.created)});
  }
  session.Print(AlignColumns(rows, "llllrrl"));
  return 0;
}

absl::StatusOr<int> RunShow(const std::string& reference, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::ModelDescription description, api::ShowModel(project, reference));
  TRY_ASSIGN(const Parsed model, Parse(description));
  if (session.json()) {
    Json json = ToJson(model);
    TRY_ASSIGN(json["definition"], ParseJson(description.model, "model.json"));
    session.Print(ToText(json));
    return 0;
  }
  session.Print(
      AlignColumns({{"model", model.version.ToString()},
                    {"package", model.version.manifest.ToHex()},
                    {"made", fmt::format("{} by {}", FormatUtcSeconds(model.version.created), model.version.author)},
                    {"dataset", TextOf(model.lineage, "dataset")},
                    {"commit", TextOf(model.lineage, "dataset_digest")},
                    {"config", TextOf(model.lineage, "config_digest")},
                    {"code", CodeOf(model.lineage)},
                    {"AUC", NumberOf(model.evaluation, "model", "auc")},
                    {"log loss", NumberOf(model.evaluation, "model", "log_loss")}},
                   "ll"));
  return 0;
}

}  // namespace

void AddModelCommands(CLI::App& app, Session& session) {
  CLI::App* model = app.add_subcommand("model", "Registered models");
  model->require_subcommand(1);

  CLI::App* list = model->add_subcommand("list", "Model versions, with the data and code that they came from");
  auto name = std::make_shared<std::string>();
  list->add_option("NAME", *name, "Only this model");
  list->callback([name, &session] { session.Finish(RunList(*name, session)); });

  CLI::App* show = model->add_subcommand("show", "One model version: lineage and evaluation");
  auto reference = std::make_shared<std::string>();
  show->add_option("MODEL", *reference, "NAME, NAME@VERSION or NAME@latest")->required();
  show->callback([reference, &session] { session.Finish(RunShow(*reference, session)); });
}

}  // namespace roost::cli
