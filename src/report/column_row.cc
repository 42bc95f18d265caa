#include "report/column_row.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/format.h"
#include "column/column_view.h"
#include "report/figures.h"
#include "report/html.h"
#include "report/panel.h"

namespace roost::report {
namespace {

using profile::ColumnSummary;

constexpr size_t kTypeCharacters = 32;
constexpr size_t kShownFindings = 3;

void Collect(const std::vector<ColumnSummary>& columns, size_t depth, std::vector<ColumnEntry>& entries) {
  for (const ColumnSummary& column : columns) {
    ColumnEntry entry{.column = &column, .position = entries.size(), .depth = depth, .findings = FindingsOf(column)};
    entry.score = ScoreOf(entry.findings);
    entries.push_back(std::move(entry));
    Collect(column.children, depth + 1, entries);
  }
}

std::string Findings(const std::vector<Finding>& findings) {
  std::string html = "<span class=w>";
  for (size_t i = 0; i < std::min(findings.size(), kShownFindings); ++i) {
    if (i > 0) html += ", ";
    const std::string_view label = Label(findings[i].what);
    html += findings[i].weight >= kStrong ? fmt::format("<b>{}</b>", label) : std::string(label);
  }
  if (findings.size() > kShownFindings) html += fmt::format(", {} more", findings.size() - kShownFindings);
  return html + "</span>";
}

std::string Missing(const ColumnSummary& column) {
  if (column.missing == 0) return "<span class=m>0 %</span>";
  const double share = static_cast<double>(column.missing) / static_cast<double>(column.rows);
  return fmt::format("<span class=m style=--s:{}>{}</span>", BarWidth(share),
                     FormatRoughShare(column.missing, column.rows));
}

std::string Distinct(const ColumnSummary& column) {
  if (!column.number && !column.text) return "<span class=n>–</span>";
  return fmt::format("<span class=n>{}{}</span>", column.distinct_is_exact ? "" : "~",
                     FormatCount(static_cast<int64_t>(std::llround(column.distinct))));
}

// Least, median and greatest value with the histogram.
std::string NumberCells(const ColumnSummary& column) {
  const profile::NumberSummary& number = *column.number;
  const bool is_time = column::IsTime(column.type);
  const bool days = is_time && number.min && *number.max - *number.min > 172'800;
  const auto text = [&](double value) {
    return ValueText(days ? std::floor(value / 86'400) * 86'400 : value, is_time);
  };
  if (!number.min || number.percentiles.size() != 101) return "<span class=t></span>";
  return fmt::format("<span class=a>{}</span><span class=b>{}</span><span class=c>{}</span>{}", text(*number.min),
                     text(number.percentiles[50]), text(*number.max), Sparkline(number.histogram));
}

// The most frequent values with their shares.
std::string TextCells(const ColumnSummary& column) {
  constexpr size_t kValues = 3;
  constexpr size_t kPieces = 8;
  constexpr size_t kCharacters = 24;
  const int64_t present = column.rows - column.missing;
  std::string html = "<span class=t>";
  std::vector<double> shares;
  for (const profile::ValueCount& value : column.text->top) {
    if (shares.size() == kPieces || present == 0) break;
    if (shares.size() < kValues) {
      html += fmt::format("{}{} <i>{}</i>", shares.empty() ? "" : ", ", BriefForeign(value.value, kCharacters),
                          FormatRoughShare(std::min(value.count, present), present));
    }
    shares.push_back(static_cast<double>(value.count) / static_cast<double>(present));
  }
  return html + "</span>" + ShareLine(shares);
}

std::string ListCells(const profile::ListSummary& list) {
  return fmt::format("<span class=t>{} to {} values, {} on average</span>", FormatCount(list.min_length),
                     FormatCount(list.max_length), NumberText(list.mean_length)) +
         Sparkline(list.histogram);
}

std::string Cells(const ColumnSummary& column) {
  if (column.text) return TextCells(column);
  if (column.number) return NumberCells(column);
  if (column.list) return ListCells(*column.list);
  if (column.children.empty()) return "<span class=t></span>";
  return fmt::format("<span class=t>{} column{}</span>", FormatCount(static_cast<int64_t>(column.children.size())),
                     column.children.size() == 1 ? "" : "s");
}

}  // namespace

std::vector<ColumnEntry> EntriesOf(const profile::ProfileSummary& summary) {
  std::vector<ColumnEntry> entries;
  Collect(summary.columns, 0, entries);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const ColumnEntry& a, const ColumnEntry& b) { return a.score > b.score; });
  return entries;
}

std::string RowHeadings() {
  return "<div class=\"row head\" aria-hidden=true><span>column</span><span class=w>worth a look</span>"
         "<span class=m>missing</span><span class=n>distinct</span><span class=a>least</span>"
         "<span class=b>median</span><span class=c>greatest</span><span>shape</span></div>";
}

std::string ColumnRow(const ColumnEntry& entry, std::string_view details_html) {
  const ColumnSummary& column = *entry.column;
  const std::string line =
      fmt::format("<h3>{}<small>{}</small></h3>{}{}{}{}", BriefForeign(column.name, kNameCharacters),
                  BriefForeign(column.type_text, kTypeCharacters), Findings(entry.findings), Missing(column),
                  Distinct(column), Cells(column));
  if (details_html.empty()) {
    return fmt::format("<div class=row id=c{} style=--o:{}>{}</div>\n", entry.position, entry.position, line);
  }
  return fmt::format("<details style=--o:{}><summary class=row>{}</summary><div class=x id=c{}>{}</div></details>\n",
                     entry.position, line, entry.position, details_html);
}

}  // namespace roost::report
