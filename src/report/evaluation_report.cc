#include "report/evaluation_report.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "base/format.h"
#include "report/evaluation_charts.h"
#include "report/evaluation_tables.h"
#include "report/html.h"
#include "report/page_budget.h"
#include "report/panel.h"

namespace roost::report {
namespace {

using evaluate::Estimate;
using evaluate::Tendency;

// How many of some differences to the second model are clearly so.
int64_t CountTendency(const MeasuredModels& measured, Tendency tendency, bool of_slices) {
  const auto is_so = [&](const evaluate::SliceFigures& figures, size_t metric) {
    const Estimate& difference = figures.differences.front()[metric];
    return TendencyOf(*measured.metrics[metric], difference, measured.confidence) == tendency;
  };
  int64_t count = 0;
  if (of_slices) {
    for (const evaluate::SliceFigures& figures : measured.figures.subspan(1)) count += is_so(figures, 0) ? 1 : 0;
    return count;
  }
  for (size_t metric = 0; metric < measured.metrics.size(); ++metric) {
    count += is_so(measured.figures.front(), metric) ? 1 : 0;
  }
  return count;
}

std::string Header(const MeasuredModels& measured, const ReportOptions& options) {
  std::string facts;
  const auto add = [&facts](std::string_view name, const std::string& figure) {
    facts += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, figure);
  };
  const auto add_count = [&](std::string_view name, Tendency tendency, bool of_slices) {
    add(name, FormatCount(CountTendency(measured, tendency, of_slices)));
  };
  add("rows", FormatCount(measured.figures.front().rows));
  add("compared with", VersionHtml(measured, 1));
  add_count("metrics better", Tendency::kBetter, false);
  add_count("metrics worse", Tendency::kWorse, false);
  if (measured.slices.size() > 1) {
    add_count("slices better", Tendency::kBetter, true);
    add_count("slices worse", Tendency::kWorse, true);
  }
  return PageHeader("Evaluation", options) + fmt::format("<dl class=facts>{}</dl></header>\n", facts);
}

std::string ConfidenceNote(const MeasuredModels& measured) {
  return fmt::format(
      "<p class=note>Below each figure stands where the true one is with {}; the difference is measured on the same "
      "rows. A word stands only where chance does not explain it.</p>\n",
      FormatShare(measured.confidence));
}

std::string AllRows(const MeasuredModels& measured) {
  std::string html = ConfidenceNote(measured) + LinesLegend(measured) + MetricsTable(measured);
  for (size_t other = 2; other < measured.names.size(); ++other) {
    html += Folded("differences to " + VersionHtml(measured, other), DifferencesTable(measured, other));
  }
  return html + TaskTable(measured);
}

std::string Thresholds(const MeasuredModels& measured) {
  FigureList figures("decision threshold");
  for (size_t i = 0; i < measured.thresholds.size(); ++i) {
    const ThresholdText& threshold = measured.thresholds[i];
    figures.Add(VersionHtml(measured, i),
                fmt::format("{} <small>{}</small>", FormatNumber(threshold.value), Escape(threshold.source)));
  }
  if (measured.break_even.has_value()) figures.Add("where acting breaks even", FormatNumber(*measured.break_even));
  for (size_t i = 0; i < measured.curves.size(); ++i) {
    const std::optional<evaluate::OperatingPoint>& best = measured.curves[i].best;
    if (!best.has_value()) continue;
    figures.Add("best for these rows, " + VersionHtml(measured, i),
                fmt::format("{} <small>{} a row</small>", FormatNumber(best->threshold),
                            FormatNumber(best->value.value_or(0))));
  }
  return figures.Html();
}

// What the predictions of each model come to, where the metric is measured.
std::string Worth(const MeasuredModels& measured) {
  const auto metric = std::find_if(measured.metrics.begin(), measured.metrics.end(),
                                   [](const evaluate::NamedMetric* named) { return named->name == "value"; });
  if (metric == measured.metrics.end()) return "";
  const auto place = static_cast<size_t>(metric - measured.metrics.begin());
  const evaluate::SliceFigures& whole = measured.figures.front();
  FigureList figures("value of all rows");
  for (size_t model = 0; model < measured.names.size(); ++model) {
    const std::optional<double>& value = whole.models[model][place].value;
    if (!value.has_value()) continue;
    figures.Add(VersionHtml(measured, model),
                fmt::format("{} <small>{} a row</small>", FormatNumber(*value * whole.weight), FormatNumber(*value)));
  }
  return figures.Html();
}

std::string Decisions(const MeasuredModels& measured) {
  FigureList amounts("what is worth what");
  for (const AmountText& amount : measured.amounts) amounts.Add(Escape(amount.outcome), Escape(amount.amount));
  const std::string panels = Thresholds(measured) + amounts.Html() + Worth(measured);
  if (panels.empty()) return "";
  return fmt::format("<h3>Thresholds and what they are worth</h3><div class=panels>{}</div>{}", panels,
                     LiftTable(measured));
}

// The first metric is open; all have the rows that fit into the page.
std::string Slices(const MeasuredModels& measured, const std::vector<std::string>& tables) {
  if (measured.slices.size() < 2) return "";
  std::string html = LinesLegend(measured);
  for (size_t metric = 0; metric < tables.size(); ++metric) {
    html += metric == 0 ? tables[metric] : Folded(measured.metrics[metric]->name, tables[metric]);
  }
  const std::string more = MoreText(measured.metrics.size(), tables.size(), "metric");
  return html + (more.empty() ? "" : fmt::format("<p class=note>{}: roost compare --json</p>\n", more));
}

// What the first version makes otherwise than each other one.
std::string Changes(const MeasuredModels& measured, size_t most) {
  if (measured.changes.empty()) return "";
  std::string html;
  if (measured.changes.front().front().flips.has_value()) {
    html = fmt::format(
        "<p class=note>Decisions on the same rows. Gained: {} decided wrong, and {} decides right; lost: the other way "
        "round.</p>\n",
        VersionHtml(measured, 1), VersionHtml(measured, 0));
  }
  for (size_t other = 1; other <= measured.changes.size(); ++other) {
    const std::string table = ChangesTable(measured, other, most);
    html += other == 1 ? table : Folded("from " + VersionHtml(measured, other), table);
  }
  return html;
}

std::string LeftOut(const MeasuredModels& measured) {
  constexpr size_t kMost = 200;
  constexpr size_t kCharacters = 60;
  std::string html;
  for (size_t i = 0; i < std::min(kMost, measured.left_out.size()); ++i) {
    const evaluate::LeftOutSlice& slice = measured.left_out[i];
    html += fmt::format("{}{} <small>{}{}</small>", i == 0 ? "" : ", ", Foreign(slice.name, kCharacters),
                        FormatCount(slice.rows), slice.too_few_rows ? "" : ", too many values");
  }
  if (html.empty()) return "";
  const std::string more = MoreText(measured.left_out.size(), kMost, "slice");
  return Folded(fmt::format("{} left out: too few rows, or too many values",
                            FormatCount(static_cast<int64_t>(measured.left_out.size()))),
                fmt::format("<p class=names>{}{}{}</p>", html, more.empty() ? "" : " ", more));
}

}  // namespace

std::string EvaluationReport(const MeasuredModels& measured, const ReportOptions& options) {
  constexpr size_t kMost[] = {1000, 100, 20};  // slices of a table, by level
  constexpr size_t kMostCharts = 24;
  constexpr size_t kMostChanges = 200;
  const std::string head = Header(measured, options) + Section("all", "All rows", AllRows(measured)) +
                           Section("decisions", "Decisions", Decisions(measured));
  const std::string tail = Section("changes", "What changed", Changes(measured, kMostChanges)) +
                           Section("calibration", "Calibration",
                                   CalibrationCharts(measured) + CalibrationBySliceCharts(measured, kMostCharts)) +
                           Section("curves", "Curves", CurveCharts(measured));
  const std::string left_out = LeftOut(measured);
  const size_t fixed = Page(options.name, head + tail + left_out).size();
  const std::vector<std::string> tables =
      DetailsWithin(DetailBudget(fixed), measured.metrics.size(), std::size(kMost),
                    [&](size_t metric, size_t level) { return SlicesTable(measured, metric, kMost[level]); });
  return Page("Evaluation of " + options.name,
              head + Section("slices", "By slice", Slices(measured, tables) + left_out) + tail);
}

}  // namespace roost::report
