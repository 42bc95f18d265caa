#include "report/compare_report.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/format.h"
#include "report/column_pair.h"
#include "report/figures.h"
#include "report/html.h"
#include "report/page_budget.h"
#include "report/pair_details.h"
#include "report/panel.h"

namespace roost::report {
namespace {

using profile::ColumnSummary;

constexpr size_t kNameCharacters = 80;
constexpr size_t kTypeCharacters = 32;
// From this divergence on the words say that values changed.
constexpr double kChanged = 0.01;
// Differences of shares of missing values below this are not put into words.
constexpr double kMissingStep = 0.01;

// "values much changed, more missing": what a reader should look at.
std::string Words(const ColumnPair& pair) {
  std::string html;
  const auto add = [&html](std::string_view words, bool strong) {
    html += fmt::format("{}{}{}{}", html.empty() ? "" : ", ", strong ? "<b>" : "", words, strong ? "</b>" : "");
  };
  if (pair.type_changed()) {
    add(fmt::format("type was {}", BriefForeign(pair.baseline->type_text, kTypeCharacters)), true);
  }
  const std::optional<double> divergence = pair.divergence();
  if (divergence && *divergence >= kChanged) {
    add(*divergence >= kMuchChanged ? "values much changed" : "values changed", *divergence >= kMuchChanged);
  }
  const double missing = MissingShare(*pair.now) - MissingShare(*pair.baseline);
  if (std::abs(missing) >= kMissingStep) {
    add(missing > 0 ? "more missing" : "fewer missing", std::abs(missing) >= kMuchChanged);
  }
  return html;
}

std::string Row(const ColumnPair& pair, std::string_view details_html) {
  const std::optional<double> divergence = pair.divergence();
  const double width = std::min(1.0, divergence.value_or(0));
  const std::string drift = divergence
                                ? fmt::format("<span class=m style=--s:{}>{:.3f}</span>", BarWidth(width), *divergence)
                                : std::string("<span class=m>–</span>");
  const std::string line = fmt::format(
      "<h3>{}<small>{}</small></h3><span class=w>{}</span>{}<span class=n>{}</span><span class=o>{}</span>"
      "<span class=a>{}</span><span class=c>{}</span>{}",
      BriefForeign(pair.now->name, kNameCharacters), BriefForeign(pair.now->type_text, kTypeCharacters), Words(pair),
      drift, FormatRoughShare(pair.now->missing, pair.now->rows),
      FormatRoughShare(pair.baseline->missing, pair.baseline->rows), Typical(*pair.now, 16),
      Typical(*pair.baseline, 16), PairDrawing(pair));
  if (details_html.empty()) {
    return fmt::format("<div class=\"row pairs\" id=c{} style=--o:{}>{}</div>\n", pair.position, pair.position, line);
  }
  return fmt::format(
      "<details style=--o:{}><summary class=\"row pairs\">{}</summary><div class=x id=c{}>{}</div></details>\n",
      pair.position, line, pair.position, details_html);
}

std::string OnlyIn(std::string_view name_html, const std::vector<const ColumnSummary*>& columns) {
  constexpr size_t kColumns = 400;
  if (columns.empty()) return "";
  std::string html = fmt::format("<h3>Only in {} <i>{}</i></h3><p class=names>", name_html,
                                 FormatCount(static_cast<int64_t>(columns.size())));
  for (size_t i = 0; i < std::min(columns.size(), kColumns); ++i) {
    html += fmt::format("{}{} <small>{}</small>", i == 0 ? "" : ", ", Foreign(columns[i]->name, kNameCharacters),
                        Foreign(columns[i]->type_text, kTypeCharacters));
  }
  const std::string more = MoreText(columns.size(), kColumns, "column");
  return html + (more.empty() ? "" : " " + more) + "</p>\n";
}

std::string Header(const Side& now, const Side& baseline, const MatchedColumns& matched, const ReportOptions& options) {
  const auto much = std::count_if(matched.pairs.begin(), matched.pairs.end(),
                                  [](const ColumnPair& pair) { return pair.drift >= kMuchChanged; });
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

std::string PairsSection(const std::vector<ColumnPair>& pairs, const std::vector<std::string>& details,
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
  const MatchedColumns matched = MatchColumns(now, baseline, comparisons);
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
