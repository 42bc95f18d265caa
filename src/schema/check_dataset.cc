#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/format.h"
#include "schema/check_column.h"
#include "schema/problems.h"
#include "schema/statistics.h"
#include "schema/wording.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

using profile::ColumnSummary;
using profile::ProfileSummary;

void AddDataset(const Schema& schema, Anomaly anomaly, DatasetRules proposed, Report& report) {
  anomaly.edit = EditBetween(DatasetLines(schema.dataset), DatasetLines(proposed));
  anomaly.proposed_dataset = std::move(proposed);
  report.anomalies.push_back(std::move(anomaly));
}

// One rule about the number of rows, or its ratio to that of another version.
struct RowsCheck {
  std::optional<RowsRule> DatasetRules::*field;
  double observed;
  std::string what;  // "the data has 90 rows", "90 rows are 0.5 times the 180 of the previous span"
  Rule few, many;
  std::string few_tfx, many_tfx;
  std::string detail;
};

void CheckOneRows(const Schema& schema, const RowsCheck& check, Report& report) {
  const std::optional<RowsRule>& rule = schema.dataset.*check.field;
  if (!rule.has_value()) return;
  const bool few = rule->min.has_value() && check.observed < *rule->min;
  const bool many = rule->max.has_value() && check.observed > *rule->max;
  if (!few && !many) return;
  DatasetRules proposed = schema.dataset;
  RowsRule& changed = *(proposed.*check.field);
  (few ? changed.min : changed.max) = few ? RoundedDown(check.observed) : RoundedUp(check.observed);
  const std::string bound =
      fmt::format("at {} {}", few ? "least" : "most", FormatNumber(few ? *rule->min : *rule->max, 9));
  AddDataset(schema,
             {.rule = few ? check.few : check.many,
              .severity = rule->severity,
              .message = fmt::format("{}, want {}", check.what, bound),
              .observed = FormatNumber(check.observed, 9),
              .bound = bound,
              .detail = check.detail,
              .tfx = few ? check.few_tfx : check.many_tfx},
             std::move(proposed), report);
}

std::string RatioText(int64_t rows, int64_t before, std::string_view what) {
  return fmt::format("{} rows are {} times the {} of the previous {}", FormatCount(rows),
                     FormatNumber(static_cast<double>(rows) / static_cast<double>(before), 3), FormatCount(before),
                     what);
}

std::string RowsText(int64_t rows) { return fmt::format("{} {}", FormatCount(rows), rows == 1 ? "row" : "rows"); }

// What a part of a sparse or weighted feature has: how many rows, and how many values in all.
struct Part {
  bool is_there = false;
  int64_t present = 0;
  int64_t values = 0;
  int64_t least = 0;
  int64_t most = 0;
};

Part PartOf(const ProfileSummary& summary, const std::string& name) {
  const ColumnSummary* column = summary.Find(name);
  if (column == nullptr) return {};
  Part part{.is_there = true, .present = column->rows - column->missing};
  part.values = column->list.has_value() ? column->list->total : part.present;
  part.least = column->list.has_value() ? column->list->min_length : 1;
  part.most = column->list.has_value() ? column->list->max_length : 1;
  return part;
}

// The names of the parts of one feature, in words and in rules.
struct FeatureCheck {
  std::string feature;
  std::string kind;  // "sparse feature"
  Severity severity;
  std::string prefix;  // of TFDV's names
};

void AddPartMissing(const FeatureCheck& check, Rule rule, const std::string& lacked, const std::string& other,
                    int64_t broken, std::string detail, std::string tfx, const Controls& controls, Report& report) {
  const RowCount* count = controls.rows == nullptr ? nullptr : controls.rows->Find("", rule, detail);
  if (count != nullptr && count->problem.empty()) broken = count->broken;
  if (broken <= 0) return;
  Anomaly anomaly{
      .rule = rule,
      .severity = check.severity,
      .message = fmt::format("the {} {}: {} {} no value in {} where {} has one", check.kind, Quoted(check.feature),
                             FormatCount(broken), broken == 1 ? "row has" : "rows have", Quoted(lacked), Quoted(other)),
      .observed = RowsText(broken),
      .bound = "none",
      .detail = std::move(detail),
      .broken = broken,
      .tfx = std::move(tfx)};
  AddEvidence(count, anomaly);
  report.anomalies.push_back(std::move(anomaly));
}

// Equal sums may hide rows that differ: the rows tell, where they were looked at.
void AddLengthsDiffer(const FeatureCheck& check, Rule rule, const std::string& first, const Part& a,
                      const std::string& second, const Part& b, std::string detail, const Controls& controls,
                      Report& report) {
  const RowCount* count = controls.rows == nullptr ? nullptr : controls.rows->Find("", rule, detail);
  if (count != nullptr && count->broken > 0) {
    Anomaly anomaly{.rule = rule,
                    .severity = check.severity,
                    .message = fmt::format("the {} {}: {} {} not as many values in {} as in {}", check.kind,
                                           Quoted(check.feature), FormatCount(count->broken),
                                           count->broken == 1 ? "row has" : "rows have", Quoted(first), Quoted(second)),
                    .observed = RowsText(count->broken),
                    .bound = "none",
                    .detail = std::move(detail),
                    .tfx = check.prefix + "LENGTH_MISMATCH"};
    AddEvidence(count, anomaly);
    report.anomalies.push_back(std::move(anomaly));
    return;
  }
  if (!a.is_there || !b.is_there || a.present != b.present) return;
  if (a.values == b.values && a.least == b.least && a.most == b.most) return;
  report.anomalies.push_back(
      {.rule = rule,
       .severity = check.severity,
       .message = fmt::format("the {} {}: {} holds {} values in lists of {} to {}, {} holds {} in lists of {} to {}",
                              check.kind, Quoted(check.feature), Quoted(first), FormatCount(a.values),
                              FormatCount(a.least), FormatCount(a.most), Quoted(second), FormatCount(b.values),
                              FormatCount(b.least), FormatCount(b.most)),
       .observed = FormatCount(a.values),
       .bound = FormatCount(b.values),
       .detail = std::move(detail),
       .tfx = check.prefix + "LENGTH_MISMATCH"});
}

}  // namespace

Anomaly NotCounted(std::string column, std::string_view rule, std::string_view why, std::string tfx) {
  return {.column = std::move(column),
          .rule = Rule::kNotCounted,
          .severity = Severity::kWarning,
          .message = fmt::format("the rule '{}' was not checked: {}", rule, why),
          .observed = "not checked",
          .bound = std::string(rule),
          .detail = std::string(rule),
          .tfx = std::move(tfx)};
}

void AddEvidence(const RowCount* count, Anomaly& anomaly) {
  if (count == nullptr || count->broken == 0) return;
  if (!anomaly.broken.has_value() || !anomaly.broken_is_exact) {
    anomaly.broken = count->broken;
    anomaly.broken_is_exact = count->exact;
  }
  anomaly.rows = count->rows;
  if (anomaly.samples.empty()) anomaly.samples = count->samples;
}

void CheckSchema(const Schema& schema, Report& report) {
  for (Problem& problem : ProblemsIn(schema)) {
    report.anomalies.push_back({.column = std::move(problem.column),
                                .rule = problem.rule,
                                .message = "the schema: " + problem.message,
                                .observed = "a schema that cannot hold",
                                .bound = "none",
                                .tfx = std::move(problem.tfx)});
  }
}

void CheckRows(const Schema& schema, const ProfileSummary& summary, const Controls& controls, Report& report) {
  if (summary.rows == 0) {
    report.anomalies.push_back({.rule = Rule::kRows,
                                .message = "the data has no rows",
                                .observed = "0",
                                .bound = "at least 1",
                                .tfx = "NO_DATA_IN_SPAN"});
  }
  const auto rows = static_cast<double>(summary.rows);
  CheckOneRows(schema,
               {.field = &DatasetRules::rows,
                .observed = rows,
                .what = fmt::format("the data has {} rows", FormatCount(summary.rows)),
                .few = Rule::kFewRows,
                .many = Rule::kManyRows,
                .few_tfx = "DATASET_LOW_NUM_EXAMPLES",
                .many_tfx = "DATASET_HIGH_NUM_EXAMPLES",
                .detail = ""},
               report);
  const auto compare = [&](const profile::Profile* before, std::optional<RowsRule> DatasetRules::*field,
                           std::string_view what) {
    if (before == nullptr || before->rows() == 0) return;
    CheckOneRows(schema,
                 {.field = field,
                  .observed = rows / static_cast<double>(before->rows()),
                  .what = RatioText(summary.rows, before->rows(), what),
                  .few = Rule::kRowsFell,
                  .many = Rule::kRowsRose,
                  .few_tfx = "COMPARATOR_LOW_NUM_EXAMPLES",
                  .many_tfx = "COMPARATOR_HIGH_NUM_EXAMPLES",
                  .detail = std::string(what)},
                 report);
  };
  compare(controls.previous_span, &DatasetRules::rows_to_previous_span, "span");
  compare(controls.previous_version, &DatasetRules::rows_to_previous_version, "version");
  const std::optional<MissingRule>& rule = schema.dataset.duplicate_rows;
  if (!rule.has_value() || summary.rows == 0) return;
  if (!summary.duplicate_share.has_value()) {
    report.anomalies.push_back(NotCounted("", "duplicate_rows", "repeated rows were not counted"));
  } else if (*summary.duplicate_share > rule->max_share) {
    DatasetRules proposed = schema.dataset;
    proposed.duplicate_rows->max_share = std::min(1.0, RoundedUp(*summary.duplicate_share));
    const std::string about = summary.duplicate_share_is_exact ? "" : "about ";
    AddDataset(schema,
               {.rule = Rule::kDuplicateRows,
                .severity = rule->severity,
                .message = fmt::format("{}{} of the rows repeat another one, at most {} may", about,
                                       FormatShare(*summary.duplicate_share), FormatShare(rule->max_share)),
                .observed = about + FormatShare(*summary.duplicate_share),
                .bound = fmt::format("at most {}", FormatShare(rule->max_share))},
               std::move(proposed), report);
  }
}

void CheckKeys(const Schema& schema, const Controls& controls, Report& report) {
  const auto check = [&](Rule rule, const std::string& name, Severity severity, std::string_view what,
                         std::string bound, DatasetRules proposed) {
    const RowCount* count = controls.rows == nullptr ? nullptr : controls.rows->Find("", rule, name);
    if (count == nullptr || !count->problem.empty()) {
      Anomaly anomaly = NotCounted("", fmt::format("{} {}", RuleName(rule), name),
                                   count == nullptr ? "only the rows themselves tell" : count->problem);
      report.anomalies.push_back(std::move(anomaly));
    } else if (count->broken > 0) {
      Anomaly anomaly{.rule = rule,
                      .severity = severity,
                      .message = fmt::format("{}{} of {} rows {} ({}): {}", count->exact ? "" : "at least ",
                                             FormatCount(count->broken), FormatCount(controls.rows->rows), what, name,
                                             SampleText(count->samples, count->samples.size())),
                      .observed = RowsText(count->broken),
                      .bound = std::move(bound),
                      .detail = name};
      AddEvidence(count, anomaly);
      AddDataset(schema, std::move(anomaly), std::move(proposed), report);
    }
  };
  for (const Key& key : schema.dataset.keys) {
    DatasetRules proposed = schema.dataset;
    std::erase(proposed.keys, key);
    check(Rule::kKey, fmt::format("{}", fmt::join(key.columns, ", ")), key.severity,
          "have the key of an earlier row, or none", "every key once", std::move(proposed));
  }
  for (const ForeignKey& key : schema.dataset.foreign_keys) {
    DatasetRules proposed = schema.dataset;
    std::erase(proposed.foreign_keys, key);
    check(Rule::kForeignKey, NameOf(key, schema.dataset.foreign_keys), key.severity,
          fmt::format("refer to nothing in '{}'", key.dataset), fmt::format("in '{}'", key.dataset),
          std::move(proposed));
  }
}

void CheckFeatures(const Schema& schema, const ProfileSummary& summary, const Controls& controls, Report& report) {
  for (const SparseFeature& feature : schema.sparse_features) {
    const FeatureCheck check{feature.name, "sparse feature", feature.severity, "SPARSE_FEATURE_"};
    const Part value = PartOf(summary, feature.value_column);
    int64_t most = 0;
    for (const std::string& name : feature.index_columns) most = std::max(most, PartOf(summary, name).present);
    AddPartMissing(check, Rule::kSparseValue, feature.value_column, feature.index_columns.front(), most - value.present,
                   feature.name, "SPARSE_FEATURE_MISSING_VALUE", controls, report);
    for (const std::string& name : feature.index_columns) {
      const Part index = PartOf(summary, name);
      const std::string detail = DetailOf(feature, name);
      AddPartMissing(check, Rule::kSparseIndex, name, feature.value_column, value.present - index.present, detail,
                     "SPARSE_FEATURE_MISSING_INDEX", controls, report);
      AddLengthsDiffer(check, Rule::kSparseLength, name, index, feature.value_column, value, detail, controls, report);
    }
  }
  for (const WeightedFeature& feature : schema.weighted_features) {
    const FeatureCheck check{feature.name, "weighted feature", feature.severity, "WEIGHTED_FEATURE_"};
    const Part value = PartOf(summary, feature.column);
    const Part weight = PartOf(summary, feature.weight_column);
    AddPartMissing(check, Rule::kWeightedValue, feature.column, feature.weight_column, weight.present - value.present,
                   feature.name, "WEIGHTED_FEATURE_MISSING_VALUE", controls, report);
    AddPartMissing(check, Rule::kWeightedWeight, feature.weight_column, feature.column, value.present - weight.present,
                   feature.name, "WEIGHTED_FEATURE_MISSING_WEIGHT", controls, report);
    AddLengthsDiffer(check, Rule::kWeightedLength, feature.column, value, feature.weight_column, weight, feature.name,
                     controls, report);
  }
}

}  // namespace roost::schema
