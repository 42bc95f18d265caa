#include "report/compare_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "base/format.h"
#include "report/common_bars.h"
#include "report/figures.h"
#include "report/html.h"
#include "report/overlay.h"
#include "report/page_budget.h"
#include "report/panel.h"

namespace roost::report {
namespace {

using profile::ColumnSummary;
using profile::Comparison;
using profile::Measure;

constexpr size_t kNameCharacters = 80;
constexpr int kBars = 20;
// From this Jensen-Shannon divergence on the words say that values changed much, from the lesser one that they changed.
constexpr double kMuch = 0.1;
constexpr double kSome = 0.01;
// Differences of shares of missing values below this are not put into words.
constexpr double kMissingStep = 0.01;

// A column of both sides.
struct Pair {
  const ColumnSummary* now = nullptr;
  const ColumnSummary* baseline = nullptr;
  const Comparison* comparison = nullptr;  // may be null
  size_t position = 0;                     // in the order of the data now
  double drift = 0;
};

double MissingShare(const ColumnSummary& column) {
  return column.rows > 0 ? static_cast<double>(column.missing) / static_cast<double>(column.rows) : 0;
}

std::optional<double> Divergence(const Pair& pair) {
  if (!pair.comparison) return std::nullopt;
  for (const profile::Distance& distance : pair.comparison->distances) {
    if (distance.measure == Measure::kJensenShannon) return distance.value;
  }
  return std::nullopt;
}

bool TypeChanged(const Pair& pair) { return pair.now->type_text != pair.baseline->type_text; }

double DriftOf(const Pair& pair) {
  const double missing = std::abs(MissingShare(*pair.now) - MissingShare(*pair.baseline));
  return std::max({TypeChanged(pair) ? 1.0 : 0.0, Divergence(pair).value_or(0), missing});
}

void Flatten(const std::vector<ColumnSummary>& columns, std::vector<const ColumnSummary*>& all) {
  for (const ColumnSummary& column : columns) {
    all.push_back(&column);
    Flatten(column.children, all);
  }
}

struct Matched {
  std::vector<Pair> pairs;  // the most changed first
  std::vector<const ColumnSummary*> only_now, only_baseline;
};

Matched Match(const Side& now, const Side& baseline, const std::vector<ColumnComparison>& comparisons) {
  std::vector<const ColumnSummary*> columns, others;
  Flatten(now.summary.columns, columns);
  Flatten(baseline.summary.columns, others);
  absl::flat_hash_map<std::string_view, const ColumnSummary*> names_now, names_baseline;
  absl::flat_hash_map<std::string_view, const Comparison*> compared;
  for (const ColumnSummary* column : columns) names_now.emplace(column->name, column);
  for (const ColumnSummary* column : others) names_baseline.emplace(column->name, column);
  for (const ColumnComparison& one : comparisons) compared.emplace(one.column, &one.comparison);
  Matched matched;
  for (const ColumnSummary* column : columns) {
    const auto other = names_baseline.find(column->name);
    if (other == names_baseline.end()) {
      matched.only_now.push_back(column);
      continue;
    }
    const auto comparison = compared.find(column->name);
    Pair pair{column, other->second, comparison == compared.end() ? nullptr : comparison->second, matched.pairs.size()};
    pair.drift = DriftOf(pair);
    matched.pairs.push_back(pair);
  }
  for (const ColumnSummary* column : others) {
    if (!names_now.contains(column->name)) matched.only_baseline.push_back(column);
  }
  std::stable_sort(matched.pairs.begin(), matched.pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.drift > b.drift; });
  return matched;
}

// "values much changed, more missing": what a reader should look at.
std::string Words(const Pair& pair) {
  std::string html;
  const auto add = [&html](std::string_view words, bool strong) {
    html += fmt::format("{}{}{}{}", html.empty() ? "" : ", ", strong ? "<b>" : "", words, strong ? "</b>" : "");
  };
  if (TypeChanged(pair)) {
    add(fmt::format("type was {}", BriefForeign(pair.baseline->type_text, 32)), true);
  }
  const std::optional<double> divergence = Divergence(pair);
  if (divergence && *divergence >= kSome) {
    add(*divergence >= kMuch ? "values much changed" : "values changed", *divergence >= kMuch);
  }
  const double missing = MissingShare(*pair.now) - MissingShare(*pair.baseline);
  if (std::abs(missing) >= kMissingStep) {
    add(missing > 0 ? "more missing" : "fewer missing", std::abs(missing) >= kMuch);
  }
  return html;
}

// The mean of numbers and times, the most frequent value of the rest.
std::string Typical(const ColumnSummary& column, size_t characters) {
  if (column.text && !column.text->top.empty()) {
    const profile::ValueCount& first = column.text->top[0];
    return BriefForeign(first.value, characters) +
           fmt::format(" <i>{}</i>", ShareText(first.count, column.rows - column.missing));
  }
  if (column.number && column.number->mean) return ValueText(*column.number->mean, column::IsTime(column.type));
  return column.list ? NumberText(column.list->mean_length) + " values" : "–";
}

bool AreNumbers(const Pair& pair) {
  const auto is_numeric = [](const ColumnSummary& column) {
    return column.number.has_value() && column.type != column::Type::kBool;
  };
  return is_numeric(*pair.now) && is_numeric(*pair.baseline) &&
         column::IsTime(pair.now->type) == column::IsTime(pair.baseline->type);
}

// Shares of the values that weigh most in the difference; without a comparison of the most frequent ones now.
std::vector<PairRow> ValueShares(const Pair& pair, size_t most) {
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

std::string Drawing(const Pair& pair) {
  if (AreNumbers(pair)) {
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

std::string Row(const Pair& pair, std::string_view details_html) {
  const std::optional<double> divergence = Divergence(pair);
  const double width = std::min(1.0, divergence.value_or(0));
  const std::string drift = divergence
                                ? fmt::format("<span class=m style=--s:{}>{:.3f}</span>", BarWidth(width), *divergence)
                                : std::string("<span class=m>–</span>");
  const std::string line = fmt::format(
      "<h3>{}<small>{}</small></h3><span class=w>{}</span>{}<span class=n>{}</span><span class=o>{}</span>"
      "<span class=a>{}</span><span class=c>{}</span>{}",
      BriefForeign(pair.now->name, kNameCharacters), BriefForeign(pair.now->type_text, 32), Words(pair), drift,
      ShareText(pair.now->missing, pair.now->rows), ShareText(pair.baseline->missing, pair.baseline->rows),
      Typical(*pair.now, 16), Typical(*pair.baseline, 16), Drawing(pair));
  if (details_html.empty()) {
    return fmt::format("<div class=\"row pairs\" id=c{} style=--o:{}>{}</div>\n", pair.position, pair.position, line);
  }
  return fmt::format(
      "<details style=--o:{}><summary class=\"row pairs\">{}</summary><div class=x id=c{}>{}</div></details>\n",
      pair.position, line, pair.position, details_html);
}

// What the two kinds of marks mean, in words.
std::string Legend(const std::string& now_html, const std::string& baseline_html) {
  return fmt::format(
      "<p class=legend><span class=key></span> filled: {} &emsp;<span class=\"key other\"></span> line or hatched: "
      "{}</p>",
      now_html, baseline_html);
}

std::string Figure(const Pair& pair, const std::string& legend) {
  const std::string drawing = Drawing(pair);
  if (drawing.empty() || !AreNumbers(pair)) return "";
  const std::vector<double> edges = CommonEdges(*pair.now->number, *pair.baseline->number, kBars);
  const bool is_time = column::IsTime(pair.now->type);
  return fmt::format(
      "<figure class=p>{}<div "
      "class=axis><span>{}</span><span>{}</span></div><figcaption>{}</figcaption></figure>",
      drawing, ValueText(edges.front(), is_time), ValueText(edges.back(), is_time), legend);
}

std::string Distances(const Pair& pair) {
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
std::string BothFigures(const Pair& pair, const std::string& now_html, const std::string& baseline_html) {
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](std::string_view name, const auto& figure_of) {
    rows.push_back({std::string(name), figure_of(*pair.now), figure_of(*pair.baseline)});
  };
  add("rows", [](const ColumnSummary& column) { return FormatCount(column.rows); });
  add("missing", [](const ColumnSummary& column) {
    return fmt::format("{} <i>{}</i>", FormatCount(column.missing), ShareText(column.missing, column.rows));
  });
  if (pair.now->number || pair.now->text) {
    add("distinct", [](const ColumnSummary& column) {
      return (column.distinct_is_exact ? "" : "about ") +
             FormatCount(static_cast<int64_t>(std::llround(column.distinct)));
    });
  }
  if (AreNumbers(pair)) {
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

std::string PairDetails(const Pair& pair, const std::string& now_html, const std::string& baseline_html, bool full) {
  const std::string legend = Legend(now_html, baseline_html);
  Panels panels{.bars_html = Figure(pair, legend)};
  if (full && AreNumbers(pair)) {
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

std::string OnlyIn(std::string_view name_html, const std::vector<const ColumnSummary*>& columns) {
  constexpr size_t kColumns = 400;
  if (columns.empty()) return "";
  std::string html = fmt::format("<h3>Only in {} <i>{}</i></h3><p class=names>", name_html,
                                 FormatCount(static_cast<int64_t>(columns.size())));
  for (size_t i = 0; i < std::min(columns.size(), kColumns); ++i) {
    html += fmt::format("{}{} <small>{}</small>", i == 0 ? "" : ", ", Foreign(columns[i]->name, kNameCharacters),
                        Foreign(columns[i]->type_text, 32));
  }
  const std::string more = MoreText(columns.size(), kColumns, "column");
  return html + (more.empty() ? "" : " " + more) + "</p>\n";
}

std::string Header(const Side& now, const Side& baseline, const Matched& matched, const ReportOptions& options) {
  const auto much =
      std::count_if(matched.pairs.begin(), matched.pairs.end(), [](const Pair& pair) { return pair.drift >= kMuch; });
  std::string facts;
  const auto add = [&facts](const std::string& name, const std::string& figure) {
    facts += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, figure);
  };
  add("rows in " + Foreign(now.name, 40), FormatCount(now.summary.rows));
  add("rows in " + Foreign(baseline.name, 40), FormatCount(baseline.summary.rows));
  add("columns in both", FormatCount(static_cast<int64_t>(matched.pairs.size())));
  add("much changed", FormatCount(much));
  return PageHeader("Comparison", options) + fmt::format("<dl class=facts>{}</dl></header>\n", facts);
}

std::string PairsSection(const std::vector<Pair>& pairs, const std::vector<std::string>& details,
                         const std::string& now_html, const std::string& baseline_html) {
  if (pairs.empty()) return "<p class=calm>The two have no column in common.</p>\n";
  std::string html =
      "<section class=columns aria-labelledby=columns><h2 id=columns>Columns of both</h2>\n"
      "<form class=order><fieldset><legend>order</legend>"
      "<label><input type=radio name=order value=suspicious checked> most changed first</label> "
      "<label><input type=radio name=order value=data> as in the data</label></fieldset></form>\n" +
      Legend(now_html, baseline_html);
  if (details.size() < pairs.size()) {
    html += fmt::format("<p class=note>The {} most changed columns can be unfolded; the others have a line each.</p>\n",
                        FormatCount(static_cast<int64_t>(details.size())));
  }
  html += fmt::format(
      "<div class=\"row pairs head\" aria-hidden=true><span>column</span><span class=w>what changed</span>"
      "<span class=m>drift</span><span class=n>missing in {0}</span><span class=o>missing in {1}</span>"
      "<span class=a>mean or most frequent in {0}</span><span class=c>in {1}</span><span>both</span></div>"
      "<div class=\"rows{2}\">\n",
      now_html, baseline_html, pairs.size() > kManyRows ? " many" : "");
  for (size_t i = 0; i < pairs.size(); ++i) html += Row(pairs[i], i < details.size() ? details[i] : "");
  return html +
         "</div><p class=note>Drift is the Jensen–Shannon divergence of the values, from 0 (the same) to 1 "
         "(nothing in common).</p></section>\n";
}

}  // namespace

std::string CompareReport(const Side& now, const Side& baseline, const std::vector<ColumnComparison>& comparisons,
                          const ReportOptions& options) {
  constexpr size_t kCharacters = 24;
  constexpr size_t kLevels = 2;
  const Matched matched = Match(now, baseline, comparisons);
  const std::string now_html = BriefForeign(now.name, kCharacters);
  const std::string baseline_html = BriefForeign(baseline.name, kCharacters);
  std::string head = Header(now, baseline, matched, options);
  const std::string only = OnlyIn(now_html, matched.only_now) + OnlyIn(baseline_html, matched.only_baseline);
  if (!only.empty()) head += "<section class=only><h2>Columns of one</h2>" + only + "</section>\n";
  const size_t fixed =
      Page(options.name, "").size() + head.size() + PairsSection(matched.pairs, {}, now_html, baseline_html).size();
  const std::vector<std::string> details = DetailsWithin(
      DetailBudget(fixed), matched.pairs.size(), kLevels,
      [&](size_t i, size_t level) { return PairDetails(matched.pairs[i], now_html, baseline_html, level == 0); });
  return Page("Comparison of " + options.name, head + PairsSection(matched.pairs, details, now_html, baseline_html));
}

}  // namespace roost::report
