#include "api/decisions.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "base/number_text.h"
#include "base/status.h"
#include "schema/validate.h"
#include "schema/yaml.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

std::string NameOf(const std::string& path) { return std::filesystem::path(path).filename().string(); }

// "delay:band:mean"; of rules of all rows "key:id".
std::string NameOf(const schema::Anomaly& anomaly) {
  std::string name = anomaly.column;
  if (!name.empty()) name += ':';
  name += schema::RuleName(anomaly.rule);
  if (!anomaly.detail.empty()) name += ':' + anomaly.detail;
  return name;
}

// Whether `name` is that of the anomaly, or of several of which it is one.
bool IsMeant(const schema::Anomaly& anomaly, const std::string& name) {
  const std::string whole = NameOf(anomaly);
  if (name == whole) return true;
  schema::Anomaly shorter = anomaly;
  shorter.detail.clear();
  return name == NameOf(shorter) || (!anomaly.column.empty() && name == anomaly.column);
}

std::string NamesOf(const schema::Report& report) {
  std::vector<std::string> names;
  for (const schema::Anomaly& anomaly : report.anomalies) names.push_back(NameOf(anomaly));
  return fmt::format("{}", fmt::join(names, ", "));
}

bool HasProposal(const schema::Anomaly& anomaly) {
  return anomaly.proposed.has_value() || anomaly.proposed_dataset.has_value() || anomaly.proposed_domain.has_value();
}

// Those that the request names.
absl::StatusOr<std::vector<schema::Anomaly>> Named(const ValidateResponse& shown,
                                                   const std::vector<std::string>& names) {
  const std::vector<schema::Anomaly>& all = shown.report.anomalies;
  for (const std::string& name : names) {
    if (std::any_of(all.begin(), all.end(), [&](const auto& anomaly) { return IsMeant(anomaly, name); })) continue;
    return WithHint(absl::NotFoundError(fmt::format("{} shows no anomaly '{}'", shown.source, name)),
                    all.empty() ? "It shows none at all." : fmt::format("It shows {}.", NamesOf(shown.report)));
  }
  std::vector<schema::Anomaly> chosen;
  for (const schema::Anomaly& anomaly : all) {
    const bool is_named =
        std::any_of(names.begin(), names.end(), [&](const auto& name) { return IsMeant(anomaly, name); });
    if (is_named) chosen.push_back(anomaly);
  }
  return chosen;
}

// All that nobody refused or snoozed; the decisions on the others are `kept`.
std::vector<schema::Anomaly> Undecided(const ValidateResponse& shown, const std::vector<schema::Decision>& decisions,
                                       int64_t today, std::vector<schema::Decision>& kept) {
  const schema::DecisionContext context{.dataset = shown.dataset, .day = today, .version = shown.version};
  std::vector<schema::Anomaly> undecided;
  for (const schema::Anomaly& anomaly : shown.report.anomalies) {
    const schema::Decision* newest = schema::NewestDecision(anomaly, decisions, context);
    if (newest == nullptr || newest->action == schema::Action::kAccept) {
      undecided.push_back(anomaly);
    } else {
      kept.push_back(*newest);
    }
  }
  return undecided;
}

struct Until {
  std::optional<int64_t> day;
  std::optional<int64_t> version;
};

absl::StatusOr<Until> ParseUntil(const std::string& text, int64_t today) {
  if (text.empty()) return Until();
  if (const std::optional<int64_t> last = IntegerIn(text); last.has_value() && *last > 0)
    return Until{.version = *last};
  const absl::StatusOr<int64_t> day = schema::DayOfText(text);
  if (!day.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no end of a snooze: want a day such as 2001-05-31 or the number of a version", text));
  }
  if (*day < today) {
    return absl::InvalidArgumentError(
        fmt::format("a snooze until {} is over already: today is {}", text, schema::DayText(today)));
  }
  return Until{.day = *day};
}

absl::Status CheckRequest(const DecideRequest& request) {
  const bool is_accept = request.action == schema::Action::kAccept;
  if (!is_accept && request.reason.empty()) {
    return WithHint(absl::InvalidArgumentError(fmt::format("to {} needs a reason", schema::ActionName(request.action))),
                    "'--reason TEXT' gives it: others will read it");
  }
  if (!request.until.empty() && request.action != schema::Action::kSnooze) {
    return absl::InvalidArgumentError("only a snooze has an end");
  }
  return absl::OkStatus();
}

// The schema with the edits that `anomalies` propose, as text; "" where there are none. Drops those that propose none.
absl::StatusOr<std::string> AcceptProposals(const std::string& path, std::vector<schema::Anomaly>& anomalies,
                                            std::vector<schema::Anomaly>& not_changed) {
  const auto end = std::stable_partition(anomalies.begin(), anomalies.end(), HasProposal);
  not_changed.assign(end, anomalies.end());
  anomalies.erase(end, anomalies.end());
  if (anomalies.empty()) return "";
  TRY_ASSIGN(const std::string text, table::ReadTextFile(path));
  TRY_ASSIGN(const schema::Schema schema, schema::FromYaml(text, NameOf(path)));
  TRY_ASSIGN(const schema::Schema accepted, schema::Accept(schema, anomalies));
  return schema::ToReadableYaml(accepted);
}

}  // namespace

std::string DecisionsPath(const Project& project, const std::string& dataset) {
  const std::filesystem::path schema(project.SchemaPath(dataset));
  constexpr std::string_view kSchema = "schema";
  return (schema.parent_path() / ("schema-decisions" + schema.filename().string().substr(kSchema.size()))).string();
}

absl::StatusOr<std::vector<schema::Decision>> ReadDecisions(const Project& project, const std::string& dataset) {
  const std::string path = DecisionsPath(project, dataset);
  const auto text = table::ReadTextFile(path);
  if (absl::IsNotFound(text.status())) return std::vector<schema::Decision>();
  if (!text.ok()) return text.status();
  return schema::DecisionsFromYaml(*text, NameOf(path));
}

int64_t Today() { return absl::ToCivilDay(absl::Now(), absl::UTCTimeZone()) - absl::CivilDay(1970, 1, 1); }

absl::StatusOr<DecideResponse> DecideOnAnomalies(Project& project, const DecideRequest& request,
                                                 const Context& context) {
  TRY(CheckRequest(request));
  const int64_t today = Today();
  TRY_ASSIGN(const Until until, ParseUntil(request.until, today));
  TRY_ASSIGN(const ValidateResponse shown, ValidateData(project, request.data, context));
  if (until.version.value_or(shown.version) < shown.version) {
    return absl::InvalidArgumentError(
        fmt::format("a snooze until version {} is over already: {} is, or would be, {}@{}", *until.version,
                    shown.source, shown.dataset, shown.version));
  }
  DecideResponse response{.schema_path = project.SchemaPath(shown.dataset),
                          .decisions_path = DecisionsPath(project, shown.dataset)};
  TRY_ASSIGN(std::vector<schema::Decision> decisions, ReadDecisions(project, shown.dataset));
  if (request.anomalies.empty()) {
    response.anomalies = Undecided(shown, decisions, today, response.kept);
  } else {
    TRY_ASSIGN(response.anomalies, Named(shown, request.anomalies));
  }
  std::string accepted;
  if (request.action == schema::Action::kAccept) {
    TRY_ASSIGN(accepted, AcceptProposals(response.schema_path, response.anomalies, response.not_changed));
  }
  if (response.anomalies.empty()) return response;
  for (const schema::Anomaly& anomaly : response.anomalies) {
    schema::Decision decision = schema::DecideOn(
        anomaly, request.action, request.person.empty() ? project.author() : request.person, request.reason, today);
    decision.until_day = until.day;
    decision.until_version = until.version;
    response.decisions.push_back(decision);
    decisions.push_back(std::move(decision));
  }
  const std::string text = schema::DecisionsToYaml(decisions);
  TRY(schema::DecisionsFromYaml(text, NameOf(response.decisions_path)).status());
  // Both can be read again: now they may replace what is there.
  if (!accepted.empty()) TRY(table::WriteTextFile(response.schema_path, accepted));
  TRY(table::WriteTextFile(response.decisions_path, text));
  return response;
}

}  // namespace roost::api
