#include "schema/decisions.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "base/format.h"
#include "schema/wording.h"
#include "schema/yaml.h"
#include "schema/yaml_keys.h"

namespace roost::schema {
namespace {

constexpr int64_t kVersion = 1;
constexpr std::initializer_list<Action> kActions = {Action::kAccept, Action::kRefuse, Action::kSnooze};
constexpr absl::CivilDay kFirstDay(1970, 1, 1);

bool Holds(const Decision& decision, const Anomaly& anomaly, const DecisionContext& context) {
  const bool is_about = decision.column == anomaly.column && decision.rule == anomaly.rule &&
                        (decision.detail.empty() || decision.detail == anomaly.detail) &&
                        (decision.dataset.empty() || decision.dataset == context.dataset);
  if (!is_about) return false;
  if (decision.until_day.has_value() && context.day > *decision.until_day) return false;
  // A version of which nothing is known is after all others.
  return !decision.until_version.has_value() ||
         context.version.value_or(std::numeric_limits<int64_t>::max()) <= *decision.until_version;
}

std::string UntilText(const Decision& decision) {
  std::string text;
  if (decision.until_day.has_value()) text += fmt::format(" until {}", DayText(*decision.until_day));
  if (decision.until_version.has_value()) text += fmt::format(" until version {}", *decision.until_version);
  return text;
}

struct File {
  int64_t version = 0;
  std::vector<Decision> decisions;
};

// A key whose value is a day.
template <typename Field>
void AddDay(DeclaredKeys& keys, std::string name, Field Decision::*field, std::string meaning,
            roost::Presence presence) {
  AddKey<Decision>(keys, {std::move(name), "date such as 2001-05-31", "", std::move(meaning)}, presence,
                   [field](const YamlNode& node, Decision& decision) -> absl::Status {
                     TRY_ASSIGN(const std::string text, ReadText(node));
                     const absl::StatusOr<int64_t> day = DayOfText(text);
                     if (!day.ok()) return node.Error(std::string(day.status().message()));
                     decision.*field = *day;
                     return absl::OkStatus();
                   });
}

std::shared_ptr<const DeclaredKeys> DecisionKeys() {
  constexpr auto kRequired = roost::Presence::kRequired;
  constexpr auto kOptional = roost::Presence::kOptional;
  auto keys = std::make_shared<DeclaredKeys>();
  AddText(*keys, "dataset", &Decision::dataset, "the dataset, where it is about one");
  AddText(*keys, "column", &Decision::column, "the column, where the rule is about one");
  AddKey<Decision>(*keys, {"rule", "text", "", "the rule that was broken"}, kRequired,
                   [](const YamlNode& node, Decision& decision) -> absl::Status {
                     TRY_ASSIGN(const std::string name, ReadText(node));
                     const std::optional<Rule> rule = RuleOfName(name);
                     if (!rule.has_value()) return node.Error(fmt::format("there is no rule '{}'", name));
                     decision.rule = *rule;
                     return absl::OkStatus();
                   });
  AddText(*keys, "detail", &Decision::detail,
          "which band, measure, key or custom rule; all of them where it is absent");
  AddChoice(*keys, {"action", "", "", "what was decided"}, &Decision::action, kActions, &ActionName, kRequired);
  AddText(*keys, "person", &Decision::person, "who decided", kRequired);
  AddText(*keys, "reason", &Decision::reason, "why");
  AddDay(*keys, "day", &Decision::day, "when", kRequired);
  AddDay(*keys, "until_day", &Decision::until_day, "the last day on which it holds", kOptional);
  AddInteger(*keys, {"until_version", "", "", "the last version for which it holds"}, &Decision::until_version);
  AddChoice(*keys, {"severity", "", "", "what the anomaly was"}, &Decision::severity, kSeverities, &SeverityName);
  AddText(*keys, "observed", &Decision::observed, "what had been observed");
  return keys;
}

}  // namespace

std::string_view ActionName(Action action) {
  constexpr std::array<std::string_view, 3> kNames{"accept", "refuse", "snooze"};
  return kNames[static_cast<size_t>(action)];
}

Decision DecideOn(const Anomaly& anomaly, Action action, std::string person, std::string reason, int64_t day) {
  return {.dataset = "",
          .column = anomaly.column,
          .rule = anomaly.rule,
          .detail = anomaly.detail,
          .action = action,
          .person = std::move(person),
          .reason = std::move(reason),
          .day = day,
          .severity = anomaly.severity,
          .observed = anomaly.observed};
}

const Decision* NewestDecision(const Anomaly& anomaly, std::span<const Decision> decisions,
                               const DecisionContext& context) {
  const Decision* newest = nullptr;
  for (const Decision& decision : decisions) {
    if (Holds(decision, anomaly, context) && (newest == nullptr || decision.day >= newest->day)) newest = &decision;
  }
  return newest;
}

void ApplyDecisions(Report& report, std::span<const Decision> decisions, const DecisionContext& context) {
  for (Anomaly& anomaly : report.anomalies) {
    const Decision* newest = NewestDecision(anomaly, decisions, context);
    if (newest == nullptr || newest->action == Action::kAccept) continue;
    const std::string reason = newest->reason.empty() ? "" : ": " + Printable(newest->reason);
    if (newest->action == Action::kRefuse) {
      anomaly.severity = Severity::kError;
      anomaly.message +=
          fmt::format("; refused by {} on {}{}", Printable(newest->person), DayText(newest->day), reason);
    } else if (anomaly.severity == Severity::kWarning || newest->severity == Severity::kError) {
      anomaly.decided = fmt::format("snoozed by {}{}{}", Printable(newest->person), UntilText(*newest), reason);
    }
  }
  std::stable_sort(report.anomalies.begin(), report.anomalies.end(),
                   [](const Anomaly& a, const Anomaly& b) { return a.severity < b.severity; });
}

std::string DecisionsToYaml(std::span<const Decision> decisions) {
  std::string text = "# What was decided on anomalies: written by 'roost schema accept', 'refuse' and 'snooze'.\n";
  text += fmt::format("version: {}\n", kVersion);
  if (!decisions.empty()) text += "\ndecisions:\n";
  for (const Decision& decision : decisions) {
    std::string_view lead = "  - ";
    const auto line = [&](std::string_view key, const std::string& value) {
      text += fmt::format("{}{}: {}\n", std::exchange(lead, "    "), key, value);
    };
    const auto if_any = [&](std::string_view key, const std::string& value) {
      if (!value.empty()) line(key, YamlText(value));
    };
    line("action", std::string(ActionName(decision.action)));
    if_any("dataset", decision.dataset);
    if_any("column", decision.column);
    line("rule", std::string(RuleName(decision.rule)));
    if_any("detail", decision.detail);
    line("person", YamlText(decision.person));
    if_any("reason", decision.reason);
    line("day", DayText(decision.day));
    if (decision.until_day.has_value()) line("until_day", DayText(*decision.until_day));
    if (decision.until_version.has_value()) line("until_version", std::to_string(*decision.until_version));
    line("severity", std::string(SeverityName(decision.severity)));
    if_any("observed", decision.observed);
    if (&decision != &decisions.back()) text += "\n";
  }
  return text;
}

absl::StatusOr<std::vector<Decision>> DecisionsFromYaml(std::string_view text, std::string_view path) {
  TRY_ASSIGN(const YamlNode root, YamlNode::Parse(text, path, kMaxSchemaBytes));
  DeclaredKeys keys;
  AddInteger(keys, {"version", "", "", "the version of this format"}, &File::version, {.min = 1, .max = kVersion},
             roost::Presence::kRequired);
  AddSections(keys, "decisions", &File::decisions, DecisionKeys(), "what was decided");
  File file;
  TRY(keys.Read(root, &file));
  return std::move(file.decisions);
}

std::string DayText(int64_t day) {
  const absl::CivilDay civil = kFirstDay + day;
  return fmt::format("{:04}-{:02}-{:02}", civil.year(), civil.month(), civil.day());
}

absl::StatusOr<int64_t> DayOfText(std::string_view text) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(absl::string_view(text.data(), text.size()), &day)) {
    return absl::InvalidArgumentError(fmt::format("want a date such as 2001-05-31, got {}", Quoted(text)));
  }
  // Days of years that no calendar has would not fit into their number.
  if (day.year() < -9999 || day.year() > 9999) {
    return absl::InvalidArgumentError(
        fmt::format("want a date whose year has at most four digits, got {}", Quoted(text)));
  }
  return day - kFirstDay;
}

}  // namespace roost::schema
