#include "report/pair_details.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "column/column_view.h"
#include "report/common_bars.h"
#include "report/figures.h"
#include "report/html.h"
#include "report/overlay.h"
#include "report/panel.h"

namespace roost::report {
namespace {

using profile::ColumnSummary;
using profile::Measure;

constexpr int kBars = 20;

// Shares of the values that weigh most in the difference; without a comparison of the most frequent ones now.
std::vector<PairRow> ValueShares(const ColumnPair& pair, size_t most) {
  constexpr size_t kCharacters = 48;
  std::vector<PairRow> rows;
  if (pair.comparison) {
    for (const profile::Contributor& one : pair.comparison->contributors) {
      if (rows.size() == most) break;
      rows.push_back({Foreign(one.value, kCharacters), one.share, one.baseline_share});
    }
    return rows;
  }
  if (!pair.now->text || !pair.baseline->text) return rows;
  const auto share_in = [](const ColumnSummary& column, std::string_view value) {
    const auto& top = column.text->top;
    const auto at = std::find_if(top.begin(), top.end(), [value](const auto& entry) { return entry.value == value; });
    const auto present = static_cast<double>(column.rows - column.missing);
    return at == top.end() || present == 0 ? 0 : static_cast<double>(at->count) / present;
  };
  for (const profile::ValueCount& value : pair.now->text->top) {
    if (rows.size() == most) break;
    rows.push_back(
        {Foreign(value.value, kCharacters), share_in(*pair.now, value.value), share_in(*pair.baseline, value.value)});
  }
  return rows;
}

std::string Figure(const ColumnPair& pair, const std::string& legend) {
  const std::string drawing = PairDrawing(pair);
  if (drawing.empty() || !pair.have_common_bars()) return "";
  const std::vector<double> edges = CommonEdges(*pair.now->number, *pair.baseline->number, kBars);
  const bool is_time = column::IsTime(pair.now->type);
  return fmt::format(
      "<figure class=p>{}<div "
      "class=axis><span>{}</span><span>{}</span></div><figcaption>{}</figcaption></figure>",
      drawing, ValueText(edges.front(), is_time), ValueText(edges.back(), is_time), legend);
}

std::string Distances(const ColumnPair& pair) {
  if (!pair.comparison) return "";
  const auto name_of = [](Measure measure) -> std::string {
    switch (measure) {
      case Measure::kLInfinity: return "greatest difference of a share";
      case Measure::kJensenShannon: return "Jensen–Shannon divergence";
      case Measure::kNormalizedAbsoluteDifference: return "normalised absolute difference";
      case Measure::kPopulationStability: return "population stability index";
      case Measure::kWasserstein: return "Wasserstein, in standard deviations";
      case Measure::kKolmogorovSmirnov: return "Kolmogorov–Smirnov";
      case Measure::kChiSquare: return "Cramér’s V (chi-square)";
    }
    return "";
  };
  FigureList figures("distances");
  for (const profile::Distance& distance : pair.comparison->distances) {
    std::string figure = FormatNumber(distance.value);
    if (distance.p_value)
      figure += *distance.p_value > 0 ? fmt::format(" <i>p = {}</i>", FormatNumber(*distance.p_value, 3))
                                      : " <i>p below 1e-300</i>";
    figures.Add(name_of(distance.measure), figure);
  }
  return figures.Html();
}

std::string Percentile(const profile::NumberSummary& number, size_t q, bool is_time) {
  return number.percentiles.size() == 101 ? ValueText(number.percentiles[q], is_time) : "–";
}

// The usual figures side by side.
std::string BothFigures(const ColumnPair& pair, const std::string& now_html, const std::string& baseline_html) {
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](std::string_view name, const auto& figure_of) {
    rows.push_back({std::string(name), figure_of(*pair.now), figure_of(*pair.baseline)});
  };
  add("rows", [](const ColumnSummary& column) { return FormatCount(column.rows); });
  add("missing", [](const ColumnSummary& column) {
    return fmt::format("{} <i>{}</i>", FormatCount(column.missing), FormatRoughShare(column.missing, column.rows));
  });
  if (pair.now->number || pair.now->text) {
    add("distinct", [](const ColumnSummary& column) {
      return (column.distinct_is_exact ? "" : "about ") +
             FormatCount(static_cast<int64_t>(std::llround(column.distinct)));
    });
  }
  if (pair.have_common_bars()) {
    const bool is_time = column::IsTime(pair.now->type);
    const auto figure = [is_time](const std::optional<double>& value) {
      return value ? ValueText(*value, is_time) : std::string("–");
    };
    add("least", [&](const ColumnSummary& column) { return figure(column.number->min); });
    for (const auto& [name, q] : {std::pair("5 %", 5), std::pair("25 %", 25), std::pair("median", 50),
                                  std::pair("75 %", 75), std::pair("95 %", 95)}) {
      add(name, [&, at = static_cast<size_t>(q)](const ColumnSummary& column) {
        return Percentile(*column.number, at, is_time);
      });
    }
    add("greatest", [&](const ColumnSummary& column) { return figure(column.number->max); });
    add("mean", [&](const ColumnSummary& column) { return figure(column.number->mean); });
    add("standard deviation", [&](const ColumnSummary& column) {
      const auto& deviation = column.number->standard_deviation;
      return !deviation ? std::string("–") : is_time ? SpanText(*deviation) : NumberText(*deviation);
    });
  } else {
    add("typical", [](const ColumnSummary& column) { return Typical(column, 40); });
  }
  return Table("figures", {"", now_html, baseline_html}, rows);
}

}  // namespace

std::string Typical(const ColumnSummary& column, size_t characters) {
  if (column.text && !column.text->top.empty()) {
    const profile::ValueCount& first = column.text->top[0];
    return BriefForeign(first.value, characters) +
           fmt::format(" <i>{}</i>", FormatRoughShare(first.count, column.rows - column.missing));
  }
  if (column.number && column.number->mean) return ValueText(*column.number->mean, column::IsTime(column.type));
  return column.list ? NumberText(column.list->mean_length) + " values" : "–";
}

std::string Legend(const std::string& now_html, const std::string& baseline_html) {
  return fmt::format(
      "<p class=legend><span class=key></span> filled: {} &emsp;<span class=\"key other\"></span> line or hatched: "
      "{}</p>",
      now_html, baseline_html);
}

std::string PairDrawing(const ColumnPair& pair) {
  if (pair.have_common_bars()) {
    const std::vector<double> edges = CommonEdges(*pair.now->number, *pair.baseline->number, kBars);
    return OverlayDrawing(SharesOfBars(*pair.now->number, edges), SharesOfBars(*pair.baseline->number, edges));
  }
  std::vector<double> now, baseline;
  for (const PairRow& row : ValueShares(pair, 10)) {
    now.push_back(row.now);
    baseline.push_back(row.baseline);
  }
  return now.empty() ? "" : OverlayDrawing(now, baseline);
}

std::string PairDetails(const ColumnPair& pair, const std::string& now_html, const std::string& baseline_html,
                        bool full) {
  const std::string legend = Legend(now_html, baseline_html);
  Panels panels{.bars_html = Figure(pair, legend)};
  if (full && pair.have_common_bars()) {
    const bool is_time = column::IsTime(pair.now->type);
    const std::vector<double> edges = CommonEdges(*pair.now->number, *pair.baseline->number, kBars / 2);
    const std::vector<double> now = SharesOfBars(*pair.now->number, edges);
    const std::vector<double> baseline = SharesOfBars(*pair.baseline->number, edges);
    std::vector<profile::HistogramBar> bars;
    for (size_t i = 0; i + 1 < edges.size(); ++i) bars.push_back({edges[i], edges[i + 1], 0});
    const std::vector<BarRow> labels = HistogramRows(bars, is_time);
    std::vector<PairRow> rows;
    for (size_t i = 0; i < labels.size(); ++i) rows.push_back({labels[i].label_html, now[i], baseline[i]});
    panels.bars_html += PairTable("shares by range", now_html, baseline_html, rows);
  }
  panels.bars_html += PairTable(pair.comparison ? "what differs most" : "frequent values", now_html, baseline_html,
                                ValueShares(pair, full ? 10 : 4));
  panels.figures_html = BothFigures(pair, now_html, baseline_html) + Distances(pair);
  return panels.Html();
}

}  // namespace roost::report
