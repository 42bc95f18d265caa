#include "schema/confirm.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "schema/validate.h"
#include "schema/wording.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

// One rule that may be on trial.
struct Trial {
  std::string_view key;
  std::vector<Rule> broken_by;
  Severity* severity;
  std::optional<int64_t>* confirmed;
};

std::vector<Trial> TrialsOf(ColumnRules& column) {
  std::vector<Trial> trials;
  const auto add = [&trials](std::string_view key, auto& rule, std::vector<Rule> broken_by) {
    if (rule.has_value()) trials.push_back({key, std::move(broken_by), &rule->severity, &rule->confirmed});
  };
  add("missing", column.missing, {Rule::kMissing});
  add("range", column.range, {Rule::kMin, Rule::kMax});
  add("values", column.values, {Rule::kValues, Rule::kEncoding});
  add("pattern", column.pattern, {Rule::kPattern});
  add("times", column.times, {Rule::kTimes});
  add("order", column.order, {Rule::kOrder});
  add("lengths", column.lengths, {Rule::kLengths, Rule::kEmptyLists});
  return trials;
}

bool HasSingletons(const profile::ColumnSummary& column) {
  return !column.text.has_value() || !column.text->exact ||
         std::any_of(column.text->top.begin(), column.text->top.end(),
                     [](const profile::ValueCount& value) { return value.count == 1; });
}

}  // namespace

Schema CountConfirmations(const Schema& schema, const profile::ProfileSummary& summary) {
  Schema counted = schema;
  std::set<std::pair<std::string, Rule>> broken;
  std::set<std::pair<std::string, std::string>> unchecked;
  for (const Anomaly& anomaly : Validate(schema, summary).anomalies) {
    broken.emplace(anomaly.column, anomaly.rule);
    if (anomaly.rule == Rule::kNotCounted) unchecked.emplace(anomaly.column, anomaly.detail);
  }
  const ColumnIndex columns = IndexOf(summary);
  for (ColumnRules& column : counted.columns) {
    const profile::ColumnSummary* seen = FindIn(columns, column.name);
    if (seen == nullptr || seen->rows == seen->missing || broken.contains({column.name, Rule::kType})) continue;
    for (const Trial& trial : TrialsOf(column)) {
      if (!trial.confirmed->has_value() || unchecked.contains({column.name, std::string(trial.key)})) continue;
      const bool is_broken = std::any_of(trial.broken_by.begin(), trial.broken_by.end(), [&](Rule rule) {
        return broken.contains({column.name, rule});
      });
      if (is_broken) {
        *trial.confirmed = 0;
      } else if (trial.key != "values" || !HasSingletons(*seen)) {
        ++**trial.confirmed;
      }
    }
  }
  return counted;
}

void TakeConfirmations(const Schema& from, Schema& to) {
  absl::flat_hash_map<std::string_view, const ColumnRules*> earlier_rules;
  for (const ColumnRules& column : from.columns) earlier_rules.emplace(column.name, &column);
  for (ColumnRules& column : to.columns) {
    const auto before = earlier_rules.find(column.name);
    if (before == earlier_rules.end()) continue;
    ColumnRules other = *before->second;
    for (const Trial& trial : TrialsOf(column)) {
      for (const Trial& earlier : TrialsOf(other)) {
        const bool both = trial.confirmed->has_value() && earlier.confirmed->has_value();
        if (both && trial.key == earlier.key) *trial.confirmed = *earlier.confirmed;
      }
    }
  }
}

void Settle(Schema& schema) {
  for (ColumnRules& column : schema.columns) {
    for (const Trial& trial : TrialsOf(column)) {
      if (trial.confirmed->value_or(0) < kConfirmationsToSettle) continue;
      *trial.severity = Severity::kError;
      trial.confirmed->reset();
    }
  }
}

std::vector<RulesChange> ChangesBetween(const Schema& before, const Schema& after) {
  std::vector<RulesChange> changes;
  for (const ColumnRules& column : after.columns) {
    const ColumnRules* was = before.Find(column.name);
    if (was != nullptr && *was == column) continue;
    const std::vector<std::string> lines = was == nullptr ? std::vector<std::string>() : ColumnLines(*was);
    changes.push_back({column.name, EditBetween(lines, ColumnLines(column))});
  }
  return changes;
}

bool HasTrials(const Schema& schema) {
  return std::any_of(schema.columns.begin(), schema.columns.end(), [](ColumnRules column) {
    const std::vector<Trial> trials = TrialsOf(column);
    return std::any_of(trials.begin(), trials.end(), [](const Trial& trial) { return trial.confirmed->has_value(); });
  });
}

Schema Confirm(const Schema& schema, const profile::ProfileSummary& summary) {
  Schema confirmed = CountConfirmations(schema, summary);
  Settle(confirmed);
  return confirmed;
}

}  // namespace roost::schema
