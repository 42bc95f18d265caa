#include "schema/validate.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "schema/check_column.h"
#include "schema/infer.h"
#include "schema/rename.h"
#include "schema/wording.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

using profile::ColumnSummary;
using profile::ProfileSummary;

Anomaly MissingColumn(const ColumnRules& rules) {
  ColumnRules proposed = rules;
  proposed.presence = Presence::kOptional;
  return {.column = rules.name,
          .rule = Rule::kColumn,
          .message = "the column is missing",
          .observed = "missing",
          .bound = "required",
          .proposed = std::move(proposed),
          .edit = {.removed = {}, .added = {"presence: optional"}},
          .tfx = "SCHEMA_MISSING_COLUMN"};
}

Anomaly Renamed(const Rename& rename) {
  ColumnRules proposed = *rename.from;
  proposed.name = rename.to->name;
  Edit edit{.removed = {ColumnLines(*rename.from).front()}, .added = {ColumnLines(proposed).front()}};
  return {
      .column = rename.from->name,
      .rule = Rule::kRenamed,
      .message = fmt::format("the column is missing, and the new column {} looks like the same under another name: {}",
                             Quoted(rename.to->name), rename.evidence),
      .observed = rename.to->name,
      .bound = rename.from->name,
      .proposed = std::move(proposed),
      .edit = std::move(edit),
      .tfx = "SCHEMA_MISSING_COLUMN"};
}

Anomaly NewColumn(const ColumnSummary& seen, Policy policy) {
  ColumnRules proposed = InferColumn(seen);
  Edit edit{.removed = {}, .added = ColumnLines(proposed)};
  return {.column = seen.name,
          .rule = Rule::kNewColumn,
          .severity = SeverityOf(policy),
          .message = fmt::format("a column of type {} that the schema does not know", seen.type_text),
          .observed = std::string(TypeName(TypeOf(seen))),
          .bound = "none",
          .proposed = std::move(proposed),
          .edit = std::move(edit),
          .tfx = "SCHEMA_NEW_COLUMN"};
}

// Whether a parent of the nested column `name` is not in the data, which is said once, of the parent.
bool ParentIsAbsent(const Schema& schema, const ColumnIndex& columns, std::string_view name) {
  for (size_t end = name.find_last_of(".["); end != std::string_view::npos && end > 0;
       end = name.substr(0, end).find_last_of(".[")) {
    const std::string_view parent = name.substr(0, end);
    if (schema.Find(parent) != nullptr) return FindIn(columns, parent) == nullptr;
  }
  return false;
}

void CheckColumns(const Schema& schema, const ProfileSummary& summary, const Controls& controls, Report& report) {
  const std::vector<Rename> renames = FindRenames(schema, summary, controls.environment);
  absl::flat_hash_map<std::string, const Rename*> explained;  // both names of each rename
  for (const Rename& rename : renames) {
    explained[rename.from->name] = &rename;
    explained[rename.to->name] = &rename;
  }
  const ColumnIndex columns = IndexOf(summary);
  absl::flat_hash_set<std::string_view> known;
  for (const ColumnRules& rules : schema.columns) {
    known.insert(rules.name);
    if (!IsChecked(rules)) continue;
    const ColumnSummary* column = FindIn(columns, rules.name);
    const auto rename = explained.find(rules.name);
    if (column != nullptr) {
      ColumnCheck(schema, rules, *column, controls, report.anomalies).Run();
    } else if (rename != explained.end()) {
      report.anomalies.push_back(Renamed(*rename->second));
    } else if (rules.presence == Presence::kRequired && IsIn(schema, rules, controls.environment) &&
               !ParentIsAbsent(schema, columns, rules.name)) {
      report.anomalies.push_back(MissingColumn(rules));
    }
  }
  if (schema.new_columns == Policy::kAllow) return;
  for (const ColumnSummary& column : summary.columns) {
    const bool is_known = known.contains(column.name) || explained.contains(column.name);
    if (!is_known) report.anomalies.push_back(NewColumn(column, schema.new_columns));
  }
}

void CheckEnvironment(const Schema& schema, const Controls& controls, Report& report) {
  const std::string& asked = controls.environment;
  const auto has = [&asked](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), asked) != names.end();
  };
  const bool is_known = asked.empty() || has(schema.default_environments) ||
                        std::any_of(schema.columns.begin(), schema.columns.end(), [&](const ColumnRules& column) {
                          return has(column.in_environments) || has(column.not_in_environments);
                        });
  if (is_known) return;
  report.anomalies.push_back({.rule = Rule::kSchema,
                              .message = fmt::format("the schema names no environment {}", Quoted(asked)),
                              .observed = asked,
                              .bound = "an environment of the schema",
                              .tfx = "INVALID_SCHEMA_SPECIFICATION"});
}

constexpr std::array kRuleNames = std::to_array<std::string_view>({"schema",
                                                                   "domain",
                                                                   "rule_for_type",
                                                                   "bool_texts",
                                                                   "name_taken",
                                                                   "derived_source",
                                                                   "derived_stage",
                                                                   "rows",
                                                                   "few_rows",
                                                                   "many_rows",
                                                                   "rows_fell",
                                                                   "rows_rose",
                                                                   "duplicate_rows",
                                                                   "key",
                                                                   "foreign_key",
                                                                   "sparse_value",
                                                                   "sparse_index",
                                                                   "sparse_length",
                                                                   "weighted_value",
                                                                   "weighted_weight",
                                                                   "weighted_length",
                                                                   "custom",
                                                                   "column",
                                                                   "renamed",
                                                                   "new_column",
                                                                   "type",
                                                                   "nesting",
                                                                   "missing",
                                                                   "present",
                                                                   "nan",
                                                                   "infinity",
                                                                   "min",
                                                                   "max",
                                                                   "encoding",
                                                                   "values",
                                                                   "holds",
                                                                   "pattern",
                                                                   "bools",
                                                                   "times",
                                                                   "distinct",
                                                                   "duplicates",
                                                                   "order",
                                                                   "lengths",
                                                                   "empty_lists",
                                                                   "shape",
                                                                   "embedding",
                                                                   "words",
                                                                   "token",
                                                                   "images",
                                                                   "image_size",
                                                                   "band",
                                                                   "meaning",
                                                                   "drift",
                                                                   "skew",
                                                                   "control",
                                                                   "serving",
                                                                   "not_counted"});
static_assert(kRuleNames.size() == static_cast<size_t>(Rule::kNotCounted) + 1);

}  // namespace

std::string_view RuleName(Rule rule) { return kRuleNames[static_cast<size_t>(rule)]; }

std::optional<Rule> RuleOfName(std::string_view name) {
  const auto found = std::find(kRuleNames.begin(), kRuleNames.end(), name);
  if (found == kRuleNames.end()) return std::nullopt;
  return static_cast<Rule>(found - kRuleNames.begin());
}

int64_t Report::Count(Severity severity) const {
  return std::count_if(anomalies.begin(), anomalies.end(), [severity](const Anomaly& anomaly) {
    return anomaly.severity == severity && anomaly.decided.empty();
  });
}

int64_t Report::CountDecided() const {
  return std::count_if(anomalies.begin(), anomalies.end(),
                       [](const Anomaly& anomaly) { return !anomaly.decided.empty(); });
}

void ColumnCheck::Run() {
  const Type type = TypeOf(seen_);
  // A column without values is text in CSV: nothing says what it would hold.
  const bool is_known = present_ > 0 || type != Type::kText;
  if (is_known && !Fits(rules_.type, type)) CheckType(type);
  CheckMissing();
  CheckPresent();
  const bool is_number = type == Type::kInteger || type == Type::kNumber;
  const bool wants_number = rules_.type == Type::kInteger || rules_.type == Type::kNumber;
  const bool same_kind = rules_.type == type || (is_number && wants_number);
  if (is_number && wants_number && seen_.number.has_value()) {
    CheckNotFinite();
    CheckRange();
    CheckNumberBools();
    CheckIntegerTimes();
  }
  if (type == Type::kText && rules_.type == Type::kText && seen_.text.has_value()) CheckTexts();
  // One text among numbers makes a column of texts: the others are numbers all the same.
  if (type == Type::kText && wants_number && seen_.text.has_value() && rules_.range.has_value()) CheckTextRange();
  const bool counts = same_kind || rules_.type == Type::kAny;
  if (counts) {
    CheckDistinct();
    CheckDuplicates();
  }
  if (same_kind) {
    if (is_number || type == Type::kTime) CheckOrder();
    CheckLists();
    if (type == Type::kBinary) CheckImages();
  }
  if (counts) CheckBands();
  if (same_kind) CheckMeaning();
}

const RowCount* ColumnCheck::Scanned(Rule rule, std::string_view detail) const {
  const RowCount* count = controls_.rows == nullptr ? nullptr : controls_.rows->Find(rules_.name, rule, detail);
  return count == nullptr || !count->problem.empty() ? nullptr : count;
}

std::string ColumnCheck::WhyNotScanned(Rule rule, std::string_view otherwise) const {
  const RowCount* count = controls_.rows == nullptr ? nullptr : controls_.rows->Find(rules_.name, rule);
  return count == nullptr || count->problem.empty() ? std::string(otherwise) : count->problem;
}

void ColumnCheck::Add(Anomaly anomaly, ColumnRules proposed) {
  anomaly.edit = EditBetween(ColumnLines(rules_), ColumnLines(proposed));
  if (anomaly.proposed_domain.has_value()) {
    for (const std::string& value : anomaly.proposed_domain->values) {
      const std::vector<std::string>& known = schema_.AllowedBy(*rules_.values);
      if (!std::binary_search(known.begin(), known.end(), value)) {
        anomaly.edit.added.push_back(fmt::format("    - {}", YamlText(value)));
      }
    }
  }
  anomaly.proposed = std::move(proposed);
  Add(std::move(anomaly));
}

void ColumnCheck::Add(Anomaly anomaly) {
  anomaly.column = rules_.name;
  AddEvidence(Scanned(anomaly.rule, anomaly.detail), anomaly);
  anomalies_.push_back(std::move(anomaly));
}

void ColumnCheck::AddNotCounted(std::string_view rule, std::string_view why, std::string tfx) {
  Add(NotCounted(rules_.name, rule, why, std::move(tfx)));
}

Report Validate(const Schema& schema, const ProfileSummary& summary, const Controls& controls) {
  Report report{.rows = summary.rows, .anomalies = {}, .distances = {}};
  CheckSchema(schema, report);
  CheckEnvironment(schema, controls, report);
  CheckRows(schema, summary, controls, report);
  CheckKeys(schema, controls, report);
  CheckFeatures(schema, summary, controls, report);
  CheckCustomRules(schema, summary, controls, report);
  CheckColumns(schema, summary, controls, report);
  CheckDistances(schema, summary, controls, report);
  std::stable_sort(report.anomalies.begin(), report.anomalies.end(),
                   [](const Anomaly& a, const Anomaly& b) { return a.severity < b.severity; });
  return report;
}

}  // namespace roost::schema
