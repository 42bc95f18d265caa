#include "cli/compare_page.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "report/evaluation_report.h"

namespace roost::cli {
namespace {

/// What the outcomes of the task are worth; those that are worth nothing are left out.
std::vector<report::AmountText> AmountsOf(const api::Measured& measured) {
  std::vector<report::AmountText> amounts;
  if (!measured.value.has_value()) return amounts;
  const config::ValueConfig& value = *measured.value;
  const std::pair<const char*, const config::AmountConfig*> declared[] = {
      {"true positive", &value.true_positive},   {"false positive", &value.false_positive},
      {"false negative", &value.false_negative}, {"true negative", &value.true_negative},
      {"cost of one too much", &value.over},     {"cost of one too little", &value.under}};
  for (const auto& [outcome, amount] : declared) {
    if (!amount->expression.empty()) {
      amounts.push_back({outcome, amount->expression});
    } else if (amount->constant != 0) {
      amounts.push_back({outcome, FormatNumber(amount->constant)});
    }
  }
  for (size_t place = 0; place < value.hits.size(); ++place) {
    amounts.push_back({fmt::format("hit at place {}", place + 1), FormatNumber(value.hits[place])});
  }
  if (!value.each.empty()) return {{"a row", value.each}};
  return amounts;
}

std::string WordsOf(const std::string& from) {
  if (from == "model.threshold") return "model.threshold of its roost.yaml";
  return from == "learned" ? "learned in training, on rows for it alone" : "the default";
}

}  // namespace

std::string ComparePage(const api::Measured& measured) {
  const std::vector<std::string> names = measured.names();
  report::MeasuredModels models{.names = names,
                                .num_versions = measured.versions.size(),
                                .confidence = measured.confidence,
                                .metrics = measured.metrics,
                                .slices = measured.slices.slices,
                                .left_out = measured.slices.left_out,
                                .figures = measured.figures,
                                .changes = measured.changes,
                                .amounts = AmountsOf(measured),
                                .break_even = measured.break_even};
  if (measured.curves.has_value()) {
    models.evaluations = measured.curves->evaluations;
    models.curves = measured.curves->curves;
    models.calibration = measured.curves->calibration;
  }
  for (const api::DecisionThreshold& threshold : measured.thresholds) {
    models.thresholds.push_back({threshold.value, WordsOf(threshold.from)});
  }
  return report::EvaluationReport(
      models, {.name = names.front(),
               .subtitle = fmt::format("{} rows of {} {}", FormatCount(measured.figures.front().rows), measured.dataset,
                                       measured.rows)});
}

}  // namespace roost::cli
