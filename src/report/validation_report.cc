#include "report/validation_report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "report/html.h"
#include "report/page_budget.h"
#include "report/panel.h"

namespace roost::report {
namespace {

using schema::Anomaly;
using schema::Severity;

constexpr size_t kNameCharacters = 80;
constexpr size_t kSampleCharacters = 60;

// "column: rule" or, of all rows, the rule.
std::string Heading(const Anomaly& anomaly) {
  const std::string rule = fmt::format("<code>{}</code>", schema::RuleName(anomaly.rule));
  return anomaly.column.empty() ? rule : Foreign(anomaly.column, kNameCharacters) + " " + rule;
}

std::string Samples(const Anomaly& anomaly) {
  std::vector<std::vector<std::string>> rows;
  for (const profile::ValueCount& sample : anomaly.samples) {
    rows.push_back({Foreign(sample.value, kSampleCharacters), FormatCount(sample.count)});
  }
  return Table("values that broke it", {"value", "rows"}, rows);
}

std::string Facts(const Anomaly& anomaly) {
  FigureList figures("what was compared");
  if (!anomaly.observed.empty()) figures.Add("observed", Escape(anomaly.observed));
  if (!anomaly.bound.empty()) figures.Add("bound", Escape(anomaly.bound));
  if (!anomaly.rows.empty()) {
    std::string rows;
    for (const int64_t row : anomaly.rows) rows += (rows.empty() ? "" : ", ") + FormatCount(row);
    figures.Add(anomaly.rows.size() == 1 ? "in row" : "in rows", rows);
  }
  return figures.Html();
}

// A line of a difference; the sign stands in the text and is not told by colour alone.
std::string EditLine(char sign, std::string_view line) {
  const std::string_view element = sign == '-' ? "del" : "ins";
  return fmt::format("<{0}>{1} {2}</{0}>\n", element, sign, Escape(line));
}

std::string EditBlock(std::string_view label, std::string_view lines_html) {
  return fmt::format("<pre class=diff tabindex=0 role=group aria-label=\"{}\">{}</pre>", label, lines_html);
}

// The first lines are seen at once, the others up to `most` are folded.
std::string Edit(const schema::Edit& edit, size_t most) {
  constexpr size_t kSeen = 12;
  std::string seen, folded;
  size_t num_lines = 0;
  const auto add = [&](char sign, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
      if (num_lines < most) (num_lines < kSeen ? seen : folded) += EditLine(sign, line);
      ++num_lines;
    }
  };
  add('-', edit.removed);
  add('+', edit.added);
  if (num_lines == 0) return "";
  std::string html = "<div class=\"p edit\"><h4>proposed edit of the schema</h4>" + EditBlock("proposed edit", seen);
  if (!folded.empty()) {
    html +=
        fmt::format("<details><summary>{}</summary>{}</details>", MoreText(std::min(num_lines, most), kSeen, "line"),
                    EditBlock("the rest of the proposed edit", folded));
  }
  const std::string more = MoreText(num_lines, most, "line");
  return html + (more.empty() ? "" : fmt::format("<small>{} that are not shown</small>", more)) + "</div>";
}

std::string Article(const Anomaly& anomaly, size_t number, std::string_view facets_html) {
  const bool is_error = anomaly.severity == Severity::kError;
  return fmt::format(
      "<article class=\"anomaly {0}\" id=a{1} aria-labelledby=h{1}><p class=severity>{0}</p><h3 id=h{1}>{2}</h3>"
      "<p class=message>{3}</p>{4}</article>\n",
      is_error ? "error" : "warning", number, Heading(anomaly), Escape(anomaly.message),
      facets_html.empty() ? "" : fmt::format("<div class=facets>{}</div>", facets_html));
}

std::string Facets(const Anomaly& anomaly, size_t level) {
  constexpr size_t kLines[] = {200, 30, 8};
  return Facts(anomaly) + Samples(anomaly) + Edit(anomaly.edit, kLines[level]);
}

std::string Header(const schema::Report& report, const ReportOptions& options) {
  std::string facts;
  const auto add = [&facts](std::string_view name, int64_t count) {
    facts += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, FormatCount(count));
  };
  add("rows", report.rows);
  add("errors", report.Count(Severity::kError));
  add("warnings", report.Count(Severity::kWarning));
  return PageHeader("Validation", options) + fmt::format("<dl class=facts>{}</dl></header>\n", facts);
}

std::string Section(const schema::Report& report, Severity severity, const std::vector<std::string>& facets) {
  std::string articles;
  for (size_t i = 0; i < report.anomalies.size(); ++i) {
    const Anomaly& anomaly = report.anomalies[i];
    if (anomaly.severity == severity) articles += Article(anomaly, i + 1, i < facets.size() ? facets[i] : "");
  }
  if (articles.empty()) return "";
  const std::string_view name = severity == Severity::kError ? "Errors" : "Warnings";
  return fmt::format("<section aria-labelledby={0}><h2 id={0}>{0}</h2>\n{1}</section>\n", name, articles);
}

}  // namespace

std::string ValidationReport(const schema::Report& report, const ReportOptions& options) {
  constexpr size_t kLevels = 3;
  const auto body = [&](const std::vector<std::string>& facets) {
    return Header(report, options) + Section(report, Severity::kError, facets) +
           Section(report, Severity::kWarning, facets) +
           (report.anomalies.empty() ? "<p class=calm>The data is as its schema says.</p>\n" : "");
  };
  const size_t fixed = Page(options.name, body({})).size();
  return Page("Validation of " + options.name,
              body(DetailsWithin(DetailBudget(fixed), report.anomalies.size(), kLevels,
                                 [&](size_t i, size_t level) { return Facets(report.anomalies[i], level); })));
}

}  // namespace roost::report
