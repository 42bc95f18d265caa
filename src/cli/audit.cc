// roost audit log | head | verify

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/audit.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/table_text.h"
#include "cli/time_span.h"

namespace roost::cli {
namespace {

// Of a log that somebody wrote into details may be anything; what is nested deep is not parsed.
absl::StatusOr<Json> ParseDetails(const std::string& details) {
  constexpr int64_t kMostBrackets = 1'000;  // reasons may have some
  const auto brackets = std::count_if(details.begin(), details.end(), [](char c) { return c == '[' || c == '{'; });
  if (brackets > kMostBrackets) return absl::InvalidArgumentError("too many brackets");
  return ParseJson(details, "the details of an entry");
}

Json ToJson(const registry::AuditEntry& entry) {
  Json json{{"number", entry.number},
            {"time", FormatUtc(entry.time)},
            {"actor", entry.actor},
            {"action", entry.action},
            {"object", entry.object}};
  const absl::StatusOr<Json> details = ParseDetails(entry.details);
  json["details"] = details.ok() ? *details : Json(entry.details);
  json["previous"] = entry.previous.ToHex();
  json["hash"] = entry.hash.ToHex();
  return json;
}

// "alias champion, from 1, to 2": the details for people, those that say nothing left out.
std::string DetailsText(const std::string& details) {
  const absl::StatusOr<Json> json = ParseDetails(details);
  if (!json.ok() || !json->is_object()) return details;
  std::vector<std::string> parts;
  for (const auto& [name, value] : json->items()) {
    if (value.is_null() || (value.is_string() && value.get<std::string>().empty())) continue;
    std::string text = value.is_string() ? value.get<std::string>() : ToLine(value);
    if (name == "manifest" || name == "head") text.resize(std::min<size_t>(text.size(), 12));
    parts.push_back(fmt::format("{} {}", name, text));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

struct LogOptions {
  registry::AuditFilter filter;
  std::string since;
};

absl::StatusOr<int> RunLog(LogOptions options, Session& session) {
  if (!options.since.empty()) {
    TRY_ASSIGN(options.filter.since, ParseInstant(options.since));
  }
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<registry::AuditEntry> entries, api::AuditEntries(project, options.filter));
  if (session.json()) {
    Json json = Json::array();
    for (const registry::AuditEntry& entry : entries) json.push_back(ToJson(entry));
    session.Print(ToText(json));
    return 0;
  }
  if (entries.empty()) {
    session.Note("no entry");
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"entry", "when", "who", "action", "object", "details"}};
  for (const registry::AuditEntry& entry : entries) {
    rows.push_back({fmt::to_string(entry.number), FormatUtcSeconds(entry.time), entry.actor, entry.action, entry.object,
                    DetailsText(entry.details)});
  }
  session.Print(AlignColumns(rows, "rlllll"));
  return 0;
}

absl::StatusOr<int> RunHead(Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::optional<registry::AuditEntry> head, api::AuditHead(project));
  if (session.json()) {
    Json json{{"number", head.has_value() ? head->number : 0}};
    json["hash"] = head.has_value() ? Json(head->hash.ToHex()) : Json(nullptr);
    session.Print(ToText(json));
    return 0;
  }
  if (!head.has_value()) {
    session.Note("no entry yet");
    return 0;
  }
  session.Print(head->hash.ToHex() + "\n");
  session.Note(fmt::format("entry {}; note it elsewhere, and later: roost audit verify --head HASH", head->number));
  return 0;
}

absl::StatusOr<int> RunVerify(const std::string& noted, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const registry::AuditReport report, api::VerifyAudit(project, noted));
  const bool is_whole = report.problems.empty();
  if (session.json()) {
    Json json{{"whole", is_whole}, {"entries", report.entries}, {"problems", report.problems}};
    json["head"] = report.head.has_value() ? Json(report.head->hash.ToHex()) : Json(nullptr);
    json["noted"] = report.noted.has_value() ? Json(*report.noted) : Json(nullptr);
    session.Print(ToText(json));
    return is_whole ? 0 : kCheckSaidNo;
  }
  for (const std::string& problem : report.problems) session.Print(problem + "\n");
  std::string text = fmt::format("{}: {} {}", is_whole ? "whole" : "not whole", FormatCount(report.entries),
                                 report.entries == 1 ? "entry" : "entries");
  if (report.head.has_value()) text += fmt::format(", head {}", report.head->hash.ToHex());
  if (report.noted.has_value()) text += fmt::format("; the hash that was noted is that of entry {}", *report.noted);
  session.Print(text + "\n");
  return is_whole ? 0 : kCheckSaidNo;
}

}  // namespace

void AddAuditCommands(CLI::App& app, Session& session) {
  CLI::App* audit = app.add_subcommand("audit", "What was done to models and tokens, in a log that is only added to");
  audit->require_subcommand(1);

  CLI::App* log = audit->add_subcommand("log", "The entries: who, when, what");
  auto options = std::make_shared<LogOptions>();
  log->add_option("--object", options->filter.object, "Only of this model, version or token: NAME, NAME@2, token:ID")
      ->type_name("OBJECT");
  log->add_option("--since", options->since, "From a time on: 2001-05-31, 2001-05-31T12:00:00Z")->type_name("TIME");
  log->callback([options, &session] { session.Finish(RunLog(*options, session)); });

  CLI::App* head = audit->add_subcommand("head", "The hash of the last entry, which stands for all of them");
  head->callback([&session] { session.Finish(RunHead(session)); });

  CLI::App* verify = audit->add_subcommand("verify", "Look for changed, missing, inserted and moved entries; 1: found");
  auto noted = std::make_shared<std::string>();
  verify->add_option("--head", *noted, "A hash that was noted elsewhere: an entry must have it")->type_name("HASH");
  verify->callback([noted, &session] { session.Finish(RunVerify(*noted, session)); });
}

}  // namespace roost::cli
