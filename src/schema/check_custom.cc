#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/format.h"
#include "base/status.h"
#include "expr/expression.h"
#include "profile/figures.h"
#include "schema/check_column.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

std::string FirstLine(const absl::Status& status) {
  const std::string message(status.message());
  return message.substr(0, message.find('\n'));
}

// The figures that a rule reads, beside their values, as "delay.mean is 4.2".
struct Judgement {
  bool is_false = false;
  std::string figures;
};

absl::StatusOr<Judgement> Judge(const CustomRule& rule, const profile::ProfileSummary& summary) {
  TRY_ASSIGN(const expr::Expression expression, expr::Expression::Parse(rule.check));
  std::vector<expr::Column> columns;
  std::vector<column::Value> values;
  std::vector<std::string> shown;
  const std::vector<std::string> names = expression.columns();
  const std::vector<profile::Figure> figures = profile::FiguresOf(summary, names);
  for (const std::string& name : names) {
    const auto figure = std::find_if(figures.begin(), figures.end(), [&name](const auto& f) { return f.name == name; });
    if (figure == figures.end()) {
      return absl::NotFoundError(fmt::format(
          "'{}' is no figure of the profile: want 'rows', or a column, a dot and a figure such as 'mean'", name));
    }
    columns.push_back({.name = name, .kind = expr::Kind::kNumber});
    values.push_back(figure->value.has_value() ? column::Value(*figure->value) : column::Value());
    shown.push_back(
        fmt::format("{} is {}", name, figure->value.has_value() ? FormatNumber(*figure->value, 6) : "null"));
  }
  TRY_ASSIGN(const expr::BoundExpression bound, expression.Bind(columns));
  if (bound.kind() != expr::Kind::kBoolean) return absl::InvalidArgumentError("the expression is no boolean");
  expr::RowScratch scratch;
  column::Value result;
  TRY(bound.EvaluateRow(values, scratch, result));
  const auto* holds = std::get_if<double>(&result);
  return Judgement{.is_false = holds != nullptr && *holds == 0, .figures = fmt::format("{}", fmt::join(shown, ", "))};
}

void CheckProfileRule(const CustomRule& rule, const profile::ProfileSummary& summary, Report& report) {
  const absl::StatusOr<Judgement> judgement = Judge(rule, summary);
  if (!judgement.ok()) {
    report.anomalies.push_back(NotCounted("", rule.name, FirstLine(judgement.status())));
  } else if (judgement->is_false) {
    report.anomalies.push_back({.rule = Rule::kCustom,
                                .severity = rule.severity,
                                .message = fmt::format("the rule {} is broken: {} is false, as {}", Quoted(rule.name),
                                                       rule.check, judgement->figures),
                                .observed = judgement->figures,
                                .bound = rule.check,
                                .detail = rule.name,
                                .tfx = "CUSTOM_VALIDATION"});
  }
}

}  // namespace

void CheckCustomRules(const Schema& schema, const profile::ProfileSummary& summary, const Controls& controls,
                      Report& report) {
  for (const CustomRule& rule : schema.rules) {
    if (rule.scope == Scope::kProfile) {
      CheckProfileRule(rule, summary, report);
      continue;
    }
    const RowCount* count = controls.rows == nullptr ? nullptr : controls.rows->Find("", Rule::kCustom, rule.name);
    if (count == nullptr || !count->problem.empty()) {
      report.anomalies.push_back(
          NotCounted("", rule.name, count == nullptr ? "only the rows themselves tell" : count->problem));
      continue;
    }
    const double share = ShareOf(count->broken, controls.rows->rows);
    if (count->broken == 0 || share <= rule.max_share) continue;
    Anomaly anomaly{.rule = Rule::kCustom,
                    .severity = rule.severity,
                    .message = fmt::format(
                        "the rule {} is broken in {} of {} rows ({}): {} is false{}", Quoted(rule.name),
                        FormatCount(count->broken), FormatCount(controls.rows->rows), FormatShare(share), rule.check,
                        count->samples.empty() ? "" : ", as for " + SampleText(count->samples, count->samples.size())),
                    .observed = FormatShare(share),
                    .bound = fmt::format("at most {}", FormatShare(rule.max_share)),
                    .detail = rule.name,
                    .tfx = "CUSTOM_VALIDATION"};
    AddEvidence(count, anomaly);
    report.anomalies.push_back(std::move(anomaly));
  }
}

}  // namespace roost::schema
