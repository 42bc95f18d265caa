#include "schema/validate.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "base/format.h"
#include "schema/infer.h"
#include "schema/rename.h"
#include "schema/wording.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

using profile::ColumnSummary;
using profile::ValueCount;

constexpr size_t kMaxSamples = 10;

Severity SeverityOf(Policy policy) { return policy == Policy::kError ? Severity::kError : Severity::kWarning; }

// Lines of the one and not of the other, in their order.
std::vector<std::string> LinesOnlyIn(const std::vector<std::string>& lines, const std::vector<std::string>& others) {
  absl::flat_hash_map<std::string, int> left;
  for (const std::string& line : others) ++left[line];
  std::vector<std::string> only;
  for (const std::string& line : lines) {
    if (--left[line] < 0) only.push_back(line);
  }
  return only;
}

// Checks one column and gathers its anomalies.
class ColumnCheck {
 public:
  ColumnCheck(const ColumnRules& rules, const ColumnSummary& seen, std::vector<Anomaly>& anomalies)
      : rules_(rules), seen_(seen), present_(seen.rows - seen.missing), anomalies_(anomalies) {}

  void Run() {
    const Type type = TypeOf(seen_.type);
    if (!Fits(rules_.type, type)) CheckType(type);
    CheckMissing();
    const bool is_number = type == Type::kInteger || type == Type::kNumber;
    if (is_number && (rules_.type == Type::kInteger || rules_.type == Type::kNumber) && seen_.number.has_value()) {
      CheckNotFinite();
      CheckRange();
    }
    if (type == Type::kText && rules_.values.has_value() && seen_.text.has_value()) CheckValues();
  }

 private:
  void Add(Anomaly anomaly, ColumnRules proposed) {
    anomaly.column = rules_.name;
    const std::vector<std::string> now = ColumnLines(rules_);
    const std::vector<std::string> then = ColumnLines(proposed);
    anomaly.edit = {.removed = LinesOnlyIn(now, then), .added = LinesOnlyIn(then, now)};
    anomaly.proposed = std::move(proposed);
    anomalies_.push_back(std::move(anomaly));
  }

  double ShareOf(int64_t part, int64_t whole) const {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }

  void CheckType(Type type) {
    Anomaly anomaly{
        .rule = Rule::kType,
        .message = fmt::format("{} where the schema wants {}", TypeName(type), TypeWithArticle(rules_.type)),
        .observed = std::string(TypeName(type)),
        .bound = std::string(TypeName(rules_.type))};
    if (rules_.type == Type::kInteger && type == Type::kNumber) {
      anomaly.severity = Severity::kWarning;
      anomaly.message += ": values may have fractions, or missing ones were written as NaN";
    }
    if (type == Type::kText && seen_.text.has_value()) DescribeTexts(anomaly);
    ColumnRules proposed = rules_;
    proposed.type = type;
    if (type != Type::kInteger && type != Type::kNumber) {
      proposed.nan = proposed.infinity = Policy::kAllow;
      proposed.range.reset();
    }
    if (type != Type::kText) proposed.values.reset();
    Add(std::move(anomaly), std::move(proposed));
  }

  // Which of the texts are at fault for a column that was expected to hold something else.
  void DescribeTexts(Anomaly& anomaly) const {
    const bool wants_number = rules_.type == Type::kInteger || rules_.type == Type::kNumber;
    int64_t count = 0;
    size_t distinct = 0;
    for (const ValueCount& value : seen_.text->top) {
      if (wants_number && ReadsAs(rules_.type, value.value)) continue;
      count += value.count;
      ++distinct;
      if (anomaly.samples.size() < kMaxSamples) anomaly.samples.push_back(value);
    }
    if (!wants_number) {
      if (distinct > 0) anomaly.message += fmt::format(", such as {}", SampleText(anomaly.samples, 0));
      return;
    }
    if (distinct > 0) {
      anomaly.message += fmt::format(": {}{} of {} values ({}) {} no {}{}: {}", seen_.text->exact ? "" : "at least ",
                                     FormatCount(count), FormatCount(present_), ShareText(ShareOf(count, present_)),
                                     count == 1 ? "is" : "are", TypeName(rules_.type), count == 1 ? "" : "s",
                                     SampleText(anomaly.samples, distinct));
    } else if (seen_.text->exact) {
      anomaly.message += fmt::format(": all its values read as {}s, it was stored as text", TypeName(rules_.type));
    }
  }

  void CheckMissing() {
    const double share = ShareOf(seen_.missing, seen_.rows);
    if (!rules_.missing.has_value() || share <= rules_.missing->max_share) return;
    ColumnRules proposed = rules_;
    proposed.missing->max_share = MissingShareAbove(share);
    if (proposed.missing->max_share >= 1) proposed.missing.reset();
    Add({.rule = Rule::kMissing,
         .severity = rules_.missing->severity,
         .message =
             fmt::format("{} of {} rows ({}) have no value, at most {} may be missing", FormatCount(seen_.missing),
                         FormatCount(seen_.rows), ShareText(share), ShareText(rules_.missing->max_share)),
         .observed = ShareText(share),
         .bound = fmt::format("at most {}", ShareText(rules_.missing->max_share))},
        std::move(proposed));
  }

  void CheckNotFinite() {
    const profile::NumberSummary& number = *seen_.number;
    if (rules_.nan != Policy::kAllow && number.nan > 0) {
      ColumnRules proposed = rules_;
      proposed.nan = Policy::kAllow;
      AddCounted(Rule::kNan, SeverityOf(rules_.nan), number.nan, "NaN", std::move(proposed));
    }
    const int64_t infinite = number.positive_infinity + number.negative_infinity;
    if (rules_.infinity != Policy::kAllow && infinite > 0) {
      ColumnRules proposed = rules_;
      proposed.infinity = Policy::kAllow;
      AddCounted(Rule::kInfinity, SeverityOf(rules_.infinity), infinite, "infinite", std::move(proposed));
    }
  }

  void AddCounted(Rule rule, Severity severity, int64_t count, std::string_view what, ColumnRules proposed) {
    Add({.rule = rule,
         .severity = severity,
         .message = fmt::format("{} of {} values ({}) {} {}, none may be", FormatCount(count), FormatCount(present_),
                                ShareText(ShareOf(count, present_)), count == 1 ? "is" : "are", what),
         .observed = FormatCount(count),
         .bound = "none"},
        std::move(proposed));
  }

  void CheckRange() {
    const profile::NumberSummary& number = *seen_.number;
    if (!rules_.range.has_value() || !number.min.has_value() || !number.max.has_value()) return;
    const std::optional<RangeRule> around = RangeAround(*number.min, *number.max, rules_.type == Type::kInteger);
    if (rules_.range->min.has_value() && *number.min < *rules_.range->min) {
      ColumnRules proposed = rules_;
      proposed.range->min = around.has_value() ? around->min : std::nullopt;
      AddBound(Rule::kMin, "smallest", "below", "at least", *number.min, *rules_.range->min, std::move(proposed));
    }
    if (rules_.range->max.has_value() && *number.max > *rules_.range->max) {
      ColumnRules proposed = rules_;
      proposed.range->max = around.has_value() ? around->max : std::nullopt;
      AddBound(Rule::kMax, "largest", "above", "at most", *number.max, *rules_.range->max, std::move(proposed));
    }
  }

  void AddBound(Rule rule, std::string_view extreme, std::string_view side, std::string_view wanted, double observed,
                double bound, ColumnRules proposed) {
    std::string share;
    const std::vector<double>& percentiles = seen_.number->percentiles;
    const auto beyond = std::count_if(percentiles.begin(), percentiles.end(),
                                      [&](double value) { return rule == Rule::kMin ? value < bound : value > bound; });
    // The outermost percentile is the extreme itself: it says nothing of a share.
    if (beyond == 1) share = ", with less than 1 % of the values";
    if (beyond > 1) share = fmt::format(", with about {} % of the values", beyond - 1);
    Add({.rule = rule,
         .severity = rules_.range->severity,
         .message = fmt::format("the {} value {} is {} the bound {}{}", extreme, FormatExact(observed), side,
                                FormatExact(bound), share),
         .observed = FormatExact(observed),
         .bound = fmt::format("{} {}", wanted, FormatExact(bound))},
        std::move(proposed));
  }

  void CheckValues() {
    const ValuesRule& rule = *rules_.values;
    const profile::TextSummary& text = *seen_.text;
    std::vector<ValueCount> unknown;
    int64_t count = 0;
    for (const ValueCount& value : text.top) {
      if (std::binary_search(rule.allowed.begin(), rule.allowed.end(), value.value)) continue;
      unknown.push_back(value);
      count += value.count;
    }
    if (count == 0 || ShareOf(present_ - count, present_) >= rule.min_share) return;
    const std::string_view least = text.exact ? "" : "at least ";
    Anomaly anomaly{.rule = Rule::kValues, .severity = rule.severity};
    anomaly.samples.assign(unknown.begin(),
                           unknown.begin() + static_cast<int64_t>(std::min(kMaxSamples, unknown.size())));
    anomaly.message =
        fmt::format("{}{} new {} in {} of {} rows ({}): {}", least, FormatCount(static_cast<int64_t>(unknown.size())),
                    unknown.size() == 1 ? "value" : "values", FormatCount(count), FormatCount(present_),
                    ShareText(ShareOf(count, present_)), SampleText(anomaly.samples, unknown.size()));
    if (rule.min_share < 1) anomaly.message += fmt::format("; at most {} may be new", ShareText(1 - rule.min_share));
    anomaly.observed = fmt::format("{}{} new", least, ShareText(ShareOf(count, present_)));
    anomaly.bound = fmt::format("at most {} new", ShareText(1 - rule.min_share));
    Add(std::move(anomaly), WithValues(unknown));
  }

  // A list that cannot be complete, or is too long to read, is no rule any more.
  ColumnRules WithValues(const std::vector<ValueCount>& unknown) const {
    ColumnRules proposed = rules_;
    const size_t total = proposed.values->allowed.size() + unknown.size();
    if (!seen_.text->exact || total > static_cast<size_t>(InferOptions().max_values)) {
      proposed.values.reset();
      return proposed;
    }
    std::vector<std::string>& allowed = proposed.values->allowed;
    for (const ValueCount& value : unknown) allowed.push_back(value.value);
    std::sort(allowed.begin(), allowed.end());
    return proposed;
  }

  const ColumnRules& rules_;
  const ColumnSummary& seen_;
  int64_t present_;
  std::vector<Anomaly>& anomalies_;
};

Anomaly MissingColumn(const ColumnRules& rules) {
  ColumnRules proposed = rules;
  proposed.presence = Presence::kOptional;
  return {.column = rules.name,
          .rule = Rule::kColumn,
          .message = "the column is missing",
          .observed = "missing",
          .bound = "required",
          .proposed = std::move(proposed),
          .edit = {.added = {"presence: optional"}}};
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
      .edit = std::move(edit)};
}

Anomaly NewColumn(const ColumnSummary& seen, Policy policy) {
  ColumnRules proposed = InferColumn(seen);
  Edit edit{.added = ColumnLines(proposed)};
  return {.column = seen.name,
          .rule = Rule::kNewColumn,
          .severity = SeverityOf(policy),
          .message = fmt::format("a column of type {} that the schema does not know", seen.type_text),
          .observed = std::string(TypeName(TypeOf(seen.type))),
          .bound = "none",
          .proposed = std::move(proposed),
          .edit = std::move(edit)};
}

}  // namespace

std::string_view RuleName(Rule rule) {
  constexpr std::array<std::string_view, 11> kNames{"rows", "column",   "renamed", "new_column", "type",  "missing",
                                                    "nan",  "infinity", "min",     "max",        "values"};
  return kNames[static_cast<size_t>(rule)];
}

int64_t Report::Count(Severity severity) const {
  return std::count_if(anomalies.begin(), anomalies.end(),
                       [severity](const Anomaly& anomaly) { return anomaly.severity == severity; });
}

Report Validate(const Schema& schema, const profile::ProfileSummary& summary) {
  Report report{.rows = summary.rows};
  if (summary.rows == 0) {
    report.anomalies.push_back(
        {.rule = Rule::kRows, .message = "the data has no rows", .observed = "0", .bound = "at least 1"});
  }
  const std::vector<Rename> renames = FindRenames(schema, summary);
  absl::flat_hash_map<std::string, const ColumnSummary*> seen;
  for (const ColumnSummary& column : summary.columns) seen.emplace(column.name, &column);
  absl::flat_hash_map<std::string, const Rename*> explained;  // both names of each rename
  for (const Rename& rename : renames) {
    explained[rename.from->name] = &rename;
    explained[rename.to->name] = &rename;
  }
  for (const ColumnRules& rules : schema.columns) {
    const auto column = seen.find(rules.name);
    const auto rename = explained.find(rules.name);
    if (rules.presence == Presence::kDeprecated) continue;
    if (column != seen.end()) {
      ColumnCheck(rules, *column->second, report.anomalies).Run();
    } else if (rename != explained.end()) {
      report.anomalies.push_back(Renamed(*rename->second));
    } else if (rules.presence == Presence::kRequired) {
      report.anomalies.push_back(MissingColumn(rules));
    }
  }
  for (const ColumnSummary& column : summary.columns) {
    const bool is_known = schema.Find(column.name) != nullptr || explained.contains(column.name);
    if (schema.new_columns != Policy::kAllow && !is_known) {
      report.anomalies.push_back(NewColumn(column, schema.new_columns));
    }
  }
  std::stable_sort(report.anomalies.begin(), report.anomalies.end(),
                   [](const Anomaly& a, const Anomaly& b) { return a.severity < b.severity; });
  return report;
}

}  // namespace roost::schema
