#include "report/panel.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "base/format.h"
#include "report/figures.h"

namespace roost::report {
namespace {

constexpr double kDay = 86'400;

// Whether instants that far apart are told well enough by their days.
bool AreDays(double seconds_apart) { return seconds_apart >= 2 * kDay; }

std::string Edge(double value, bool is_time, bool days) {
  return ValueText(days ? std::floor(value / kDay) * kDay : value, is_time);
}

std::string SectionOf(std::string_view classes, std::string_view id, std::string_view title,
                      std::string_view body_html) {
  if (body_html.empty()) return "";
  return fmt::format("<section class=\"{0}\" aria-labelledby={1}><h2 id={1}>{2}</h2>\n{3}</section>\n", classes, id,
                     title, body_html);
}

}  // namespace

void FigureList::Add(std::string_view name, std::string_view figure_html) {
  rows_html_ += fmt::format("<dt>{}<dd>{}", name, figure_html);
}

void FigureList::AddCount(std::string_view name, int64_t count) { Add(name, FormatCount(count)); }

void FigureList::AddPart(std::string_view name, int64_t part, int64_t whole) {
  if (part > 0) Add(name, fmt::format("{} <i>{}</i>", FormatCount(part), FormatRoughShare(part, whole)));
}

std::string FigureList::Html() const {
  if (rows_html_.empty()) return "";
  return fmt::format("<div class=p><h4>{}</h4><dl>{}</dl></div>", title_, rows_html_);
}

std::string Panels::Html() const {
  return fmt::format("<div class=g><div class=l>{}</div><div class=r>{}</div></div>{}", bars_html, figures_html,
                     wide_html);
}

std::string BarTable(std::string_view title, const std::vector<BarRow>& rows, std::string_view more) {
  if (rows.empty()) return "";
  double greatest = 0;
  for (const BarRow& row : rows) greatest = std::max(greatest, row.share);
  std::string html = fmt::format("<div class=p><table class=v><caption>{}</caption>", title);
  for (const BarRow& row : rows) {
    html += fmt::format("<tr><th>{}<td>{}<td>{}<td style=--s:{}>", row.label_html, row.figure_html,
                        FormatRoughShare(row.share), BarWidth(greatest > 0 ? row.share / greatest : 0));
  }
  html += "</table>";
  if (!more.empty()) html += fmt::format("<small>{}</small>", more);
  return html + "</div>";
}

std::string Table(std::string_view title, const std::vector<std::string_view>& headings,
                  const std::vector<std::vector<std::string>>& rows_html, std::string_view more) {
  if (rows_html.empty()) return "";
  std::string html = fmt::format(
      "<div class=p><div class=scroll tabindex=0 role=group aria-label=\"{}\">"
      "<table class=t><caption>{}</caption><thead><tr>",
      title, title);
  for (const std::string_view heading : headings)
    html += heading.empty() ? "<td>" : fmt::format("<th scope=col>{}", heading);
  html += "<tbody>";
  for (const std::vector<std::string>& row : rows_html) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) html += (i == 0 ? "<th scope=row>" : "<td>") + row[i];
  }
  html += "</table></div>";
  if (!more.empty()) html += fmt::format("<small>{}</small>", more);
  return html + "</div>";
}

std::vector<BarRow> HistogramRows(const std::vector<profile::HistogramBar>& bars, bool is_time) {
  int64_t total = 0;
  for (const profile::HistogramBar& bar : bars) total += bar.count;
  std::vector<BarRow> rows;
  for (const profile::HistogramBar& bar : bars) {
    const bool days = is_time && AreDays(bar.high - bar.low);
    std::string label = Edge(bar.low, is_time, days);
    if (bar.high > bar.low) label += " to " + Edge(bar.high, is_time, days);
    rows.push_back({std::move(label), FormatCount(bar.count),
                    total == 0 ? 0 : static_cast<double>(bar.count) / static_cast<double>(total)});
  }
  return rows;
}

std::string PercentilePanel(std::string_view title, const std::vector<double>& percentiles, bool is_time) {
  struct Named {
    size_t at;
    std::string_view name;
  };
  constexpr Named kShown[] = {{0, "least"}, {1, "1 %"},   {5, "5 %"},   {10, "10 %"}, {25, "25 %"},     {50, "median"},
                              {75, "75 %"}, {90, "90 %"}, {95, "95 %"}, {99, "99 %"}, {100, "greatest"}};
  if (percentiles.size() != 101) return "";
  FigureList figures(title);
  for (const Named& named : kShown) figures.Add(named.name, ValueText(percentiles[named.at], is_time));
  return figures.Html();
}

std::string AllPercentiles(std::string_view title, const std::vector<double>& percentiles, bool is_time) {
  if (percentiles.size() != 101) return "";
  std::string html = fmt::format(
      "<details class=p><summary>{}</summary><div class=scroll tabindex=0 role=group aria-label=\"{}\">"
      "<table class=\"t all\"><thead><tr><td>",
      title, title);
  for (size_t one = 0; one < 10; ++one) html += fmt::format("<th scope=col>{}", one);
  html += "<tbody>";
  for (size_t ten = 0; ten <= 100; ten += 10) {
    html += fmt::format("<tr><th scope=row>{}", ten);
    for (size_t one = ten; one < std::min<size_t>(ten + 10, percentiles.size()); ++one) {
      html += "<td>" + ValueText(percentiles[one], is_time);
    }
  }
  return html + "</table></div></details>";
}

std::string Section(std::string_view id, std::string_view title, std::string_view body_html) {
  return SectionOf("evaluation", id, title, body_html);
}

std::string TextSection(std::string_view id, std::string_view title, std::string_view body_html) {
  return SectionOf("evaluation texts", id, title, body_html);
}

std::string Folded(std::string_view summary_html, std::string_view body_html) {
  if (body_html.empty()) return "";
  return fmt::format("<details class=p><summary>{}</summary>{}</details>\n", summary_html, body_html);
}

std::string NumberOrDash(const std::optional<double>& number) {
  return number.has_value() ? FormatNumber(*number) : "–";
}

std::string Coordinate(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string MoreText(size_t total, size_t shown, std::string_view what) {
  if (total <= shown) return "";
  const size_t more = total - shown;
  return fmt::format("and {} more {}{}", FormatCount(static_cast<int64_t>(more)), what, more == 1 ? "" : "s");
}

std::string Sparkline(const std::vector<profile::HistogramBar>& bars) {
  constexpr double kHeight = 20;
  int64_t highest = 0;
  for (const profile::HistogramBar& bar : bars) highest = std::max(highest, bar.count);
  if (highest == 0) return "";
  const double width = 100 / static_cast<double>(bars.size());
  const double ink = width - (bars.size() > 1 ? 1 : 0);
  std::string path;
  for (size_t i = 0; i < bars.size(); ++i) {
    if (bars[i].count == 0) continue;
    // Any count at all shows.
    const double height = std::max(0.8, kHeight * static_cast<double>(bars[i].count) / static_cast<double>(highest));
    path += fmt::format("M{} 20v-{}h{}v{}z", Coordinate(static_cast<double>(i) * width), Coordinate(height),
                        Coordinate(ink), Coordinate(height));
  }
  return fmt::format("<svg viewBox=\"0 0 100 20\" preserveAspectRatio=none aria-hidden=true><path d=\"{}\"/></svg>",
                     path);
}

std::string ShareLine(const std::vector<double>& shares) {
  constexpr double kGap = 0.8;
  std::string path;
  double at = 0;
  for (const double share : shares) {
    const double width = std::min(100 * share, 100 - at);
    if (width > kGap)
      path += fmt::format("M{} 7h{}v8h-{}z", Coordinate(at), Coordinate(width - kGap), Coordinate(width - kGap));
    at += width;
  }
  if (path.empty()) return "";
  return fmt::format("<svg viewBox=\"0 0 100 20\" preserveAspectRatio=none aria-hidden=true><path d=\"{}\"/></svg>",
                     path);
}

}  // namespace roost::report
