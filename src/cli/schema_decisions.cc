// roost schema accept | refuse | snooze | decisions

#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/decisions.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/table_text.h"
#include "cli/validate.h"
#include "schema/decisions.h"
#include "schema/render.h"

namespace roost::cli {
namespace {

std::string NameOf(const std::string& path) { return std::filesystem::path(path).filename().string(); }

// "accepted": what became of an anomaly.
std::string_view PastOf(schema::Action action) {
  switch (action) {
    case schema::Action::kAccept: return "accepted";
    case schema::Action::kRefuse: return "refused";
    case schema::Action::kSnooze: return "snoozed";
  }
  return "";
}

// "delay:band:mean"; of rules of all rows "key:id".
std::string NameOf(const schema::Decision& decision) {
  return fmt::format("{}{}{}{}{}", decision.column, decision.column.empty() ? "" : ":", RuleName(decision.rule),
                     decision.detail.empty() ? "" : ":", decision.detail);
}

std::string UntilOf(const schema::Decision& decision) {
  if (decision.until_day.has_value()) return schema::DayText(*decision.until_day);
  return decision.until_version.has_value() ? fmt::format("version {}", *decision.until_version) : "";
}

// "left as decided: delay:band:mean (snooze by ann)".
std::string KeptText(const schema::Decision& decision) {
  return fmt::format("left as decided: {} ({} by {}); name it to decide anew", NameOf(decision),
                     schema::ActionName(decision.action), decision.person);
}

Json ToJson(const schema::Decision& decision) {
  Json json{{"action", schema::ActionName(decision.action)},
            {"column", decision.column},
            {"rule", schema::RuleName(decision.rule)},
            {"detail", decision.detail},
            {"person", decision.person},
            {"reason", decision.reason},
            {"day", schema::DayText(decision.day)}};
  json["until_day"] = decision.until_day.has_value() ? Json(schema::DayText(*decision.until_day)) : Json();
  json["until_version"] = decision.until_version.has_value() ? Json(*decision.until_version) : Json();
  json["observed"] = decision.observed;
  return json;
}

absl::StatusOr<int> RunDecide(const api::DecideRequest& request, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.project()));
  TRY_ASSIGN(const api::DecideResponse response, api::DecideOnAnomalies(project, request, session.MakeContext()));
  const bool is_accept = request.action == schema::Action::kAccept;
  const std::string_view past = PastOf(request.action);
  if (session.json()) {
    Json json{{"path", is_accept ? response.schema_path : response.decisions_path},
              {"decisions_path", response.decisions_path}};
    json[std::string(past)] = schema::ToJson(schema::Report{.anomalies = response.anomalies}).at("anomalies");
    json["kept"] = Json::array();
    for (const schema::Decision& decision : response.kept) json["kept"].push_back(ToJson(decision));
    session.Print(ToText(json));
    return 0;
  }
  for (size_t i = 0; i < response.anomalies.size(); ++i) {
    const std::string until = UntilOf(response.decisions[i]);
    session.Print(fmt::format("{} {}{}{}\n", past, Printable(NameOf(response.decisions[i])),
                              until.empty() ? "" : " until ", until));
    if (is_accept) session.Print(schema::EditText(response.anomalies[i].edit));
  }
  for (const schema::Anomaly& anomaly : response.not_changed) {
    session.Note(fmt::format("no edit of the schema makes {}{}{} pass: refuse it, or snooze it", anomaly.column,
                             anomaly.column.empty() ? "" : ":", schema::RuleName(anomaly.rule)));
  }
  for (const schema::Decision& decision : response.kept) session.Note(KeptText(decision));
  if (!response.anomalies.empty()) {
    const std::string decisions = NameOf(response.decisions_path);
    session.Note(is_accept ? fmt::format("wrote {}\nwrote {}", NameOf(response.schema_path), decisions)
                           : fmt::format("wrote {}", decisions));
  } else if (response.not_changed.empty()) {
    session.Note(
        fmt::format("nothing to {}: {}", schema::ActionName(request.action),
                    response.kept.empty() ? "the data is as the schema wants it" : "all of it was decided on"));
  }
  return 0;
}

absl::StatusOr<int> RunDecisions(const std::string& dataset, Session& session) {
  TRY_ASSIGN(const api::Project project, api::Project::Open(session.project()));
  TRY_ASSIGN(const std::vector<schema::Decision> decisions,
             api::ReadDecisions(project, dataset.empty() ? project.config().dataset : dataset));
  if (session.json()) {
    Json json = Json::array();
    for (const schema::Decision& decision : decisions) json.push_back(ToJson(decision));
    session.Print(ToText(json));
    return 0;
  }
  if (decisions.empty()) {
    session.Note("nothing was decided yet");
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"day", "decision", "anomaly", "until", "by", "reason"}};
  for (const schema::Decision& decision : decisions) {
    rows.push_back({schema::DayText(decision.day), std::string(schema::ActionName(decision.action)), NameOf(decision),
                    UntilOf(decision), decision.person, decision.reason});
  }
  session.Print(AlignColumns(rows, "llllll"));
  return 0;
}

void AddDecideCommand(CLI::App& schema, const char* description, schema::Action action, Session& session) {
  CLI::App* command = schema.add_subcommand(std::string(schema::ActionName(action)), description);
  auto request = std::make_shared<api::DecideRequest>();
  request->action = action;
  AddDataOptions(*command, request->data);
  command->add_option(
      "ANOMALY", request->anomalies,
      "COLUMN, COLUMN:RULE or COLUMN:RULE:DETAIL, of rules of all rows RULE; else all that are undecided");
  CLI::Option* reason =
      command->add_option("--reason", request->reason, "Why, for those who read it later")->type_name("TEXT");
  if (action != schema::Action::kAccept) reason->required();
  command->add_option("--by", request->person, "Who says so; else $ROOST_AUTHOR or the user")->type_name("PERSON");
  if (action == schema::Action::kSnooze) {
    command->add_option("--until", request->until, "The last day, or the number of the last version, that it holds for")
        ->type_name("DATE|VERSION");
  }
  command->callback([request, &session] { session.Finish(RunDecide(*request, session)); });
}

}  // namespace

void AddSchemaDecisionCommands(CLI::App& schema, Session& session) {
  AddDecideCommand(schema, "The data is right: make the edits that anomalies propose", schema::Action::kAccept,
                   session);
  AddDecideCommand(schema, "The data is wrong: anomalies are errors from now on", schema::Action::kRefuse, session);
  AddDecideCommand(schema, "Not now: anomalies count for nothing for a time", schema::Action::kSnooze, session);
  CLI::App* decisions = schema.add_subcommand("decisions", "What was decided on anomalies, by whom and why");
  auto dataset = std::make_shared<std::string>();
  decisions->add_option("DATASET", *dataset, "NAME; else the project's dataset");
  decisions->callback([dataset, &session] { session.Finish(RunDecisions(*dataset, session)); });
}

}  // namespace roost::cli
