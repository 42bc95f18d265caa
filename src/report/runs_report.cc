#include "report/runs_report.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include <fmt/format.h>

#include "base/format.h"
#include "report/chart.h"
#include "report/evaluation_charts.h"
#include "report/evaluation_report.h"
#include "report/html.h"
#include "report/page_budget.h"
#include "report/panel.h"

namespace roost::report {
namespace {

constexpr size_t kNameCharacters = 80;
constexpr size_t kValueCharacters = 120;
constexpr size_t kMainMetrics = 2;  // of a line in the table of runs

using Texts = std::map<std::string, std::string>;
using Row = std::vector<std::string>;

std::string TextOrDash(std::string_view text, size_t characters = kValueCharacters) {
  return text.empty() ? "–" : Foreign(text, characters);
}

// In a table long texts have several lines, so that it stays narrow.
std::string Wrapped(std::string_view html) { return fmt::format("<div class=long>{}</div>", html); }

std::string ValueHtml(std::string_view text) {
  constexpr size_t kOneLine = 40;
  return text.size() > kOneLine ? Wrapped(TextOrDash(text)) : TextOrDash(text);
}

std::string RunName(const RunText& run) { return fmt::format("run {}", run.number); }

class Facts {
 public:
  void Add(std::string_view name, std::string_view figure_html) {
    html_ += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, figure_html);
  }
  void AddText(std::string_view name, std::string_view text) {
    if (!text.empty()) Add(name, Foreign(text, kNameCharacters));
  }
  std::string Header(std::string_view kind, const ReportOptions& options) const {
    return PageHeader(kind, options) + fmt::format("<dl class=facts>{}</dl></header>\n", html_);
  }

 private:
  std::string html_;
};

// The state in words; what asks for a person stands out.
std::string StateHtml(std::string_view state) {
  const bool is_bad = state == "refused" || state == "failed";
  return is_bad ? fmt::format("<b class=worse>{}</b>", Escape(state)) : Escape(state);
}

std::string VerdictHtml(std::string_view verdict) {
  if (verdict == "blessed") return "<b class=better>blessed</b>";
  return verdict == "refused" ? StateHtml(verdict) : TextOrDash(verdict);
}

std::string TableOf(std::string_view title, const Row& headings, const std::vector<Row>& rows,
                    std::string_view more = "") {
  const std::vector<std::string_view> views(headings.begin(), headings.end());
  return Table(title, views, rows, more);
}

const RunMetricText* FindMetric(const RunText& run, std::string_view name) {
  const auto found = std::find_if(run.metrics.begin(), run.metrics.end(),
                                  [name](const RunMetricText& metric) { return metric.name == name; });
  return found == run.metrics.end() ? nullptr : &*found;
}

// Names of the metrics of all runs, each once, in the order of the runs.
std::vector<std::string> MetricNames(std::span<const RunText> runs) {
  std::vector<std::string> names;
  for (const RunText& run : runs) {
    for (const RunMetricText& metric : run.metrics) {
      if (std::find(names.begin(), names.end(), metric.name) == names.end()) names.push_back(metric.name);
    }
  }
  return names;
}

// --- one run -----------------------------------------------------------------------------------------------------

std::string StepsTable(const RunText& run, bool with_reasons) {
  std::vector<Row> rows;
  for (const RunStepText& step : run.steps) {
    std::string made = step.made.empty() ? "" : Foreign(step.made, 400);
    if (with_reasons && !step.reason.empty()) {
      made += fmt::format("{}<small>{}</small>", made.empty() ? "" : "<br>", Escape(step.reason));
    }
    rows.push_back({Escape(step.name), StateHtml(step.state), Wrapped(made), Escape(step.took)});
  }
  return TableOf("what each step did", {"step", "state", "made, and why", "took"}, rows);
}

// Lines of the program's own, with foreign texts in them: each in an element of its own, indented as it is.
std::string LinesHtml(std::string_view text) {
  constexpr size_t kMostLines = 200;
  constexpr size_t kLineCharacters = 400;
  std::string html;
  for (size_t i = 0; i < kMostLines && !text.empty(); ++i) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const size_t indent = std::min(line.find_first_not_of(' '), line.size());
    html.append(indent, ' ');
    if (indent < line.size()) html += Foreign(line.substr(indent), kLineCharacters);
    html += '\n';
  }
  return text.empty() ? html : html + "…\n";
}

// What a person must see of the steps.
std::string StepDetails(const RunText& run) {
  std::string html;
  for (const RunStepText& step : run.steps) {
    if (step.details.empty()) continue;
    html += fmt::format(
        "<h3>What {0} found</h3><pre class=diff tabindex=0 role=group aria-label=\"what {0} found\">{1}</pre>",
        Escape(step.name), LinesHtml(step.details));
  }
  return html;
}

std::string MessageHtml(const RunText& run) {
  if (run.message.empty()) return "";
  return fmt::format("<pre class=diff tabindex=0 role=group aria-label=\"why it ended\">{}</pre>\n",
                     LinesHtml(run.message));
}

std::string MetricsOfRun(const RunText& run) {
  std::vector<Row> rows;
  for (const RunMetricText& metric : run.metrics) {
    const bool has_both = metric.value.has_value() && metric.dummy.has_value();
    rows.push_back({Foreign(metric.name, kNameCharacters), NumberOrDash(metric.value), NumberOrDash(metric.dummy),
                    has_both ? FormatNumber(*metric.value - *metric.dummy) : "–"});
  }
  return TableOf("on all rows kept back", {"metric", "model", "dummy", "difference"}, rows);
}

std::string TextsTable(std::string_view title, const Texts& texts) {
  std::vector<Row> rows;
  for (const auto& [name, value] : texts) {
    rows.push_back({Foreign(name, kNameCharacters), ValueHtml(value)});
  }
  return TableOf(title, {"name", "value"}, rows);
}

// The curves of the first two runs that have any.
std::string Curves(std::span<const RunText> runs) {
  std::vector<std::string> names;
  std::vector<evaluate::BinaryCurves> curves;
  std::string absent;
  for (const RunText& run : runs) {
    if (run.curves.has_value()) {
      names.push_back(run.model.empty() ? RunName(run) : fmt::format("{}: {}", RunName(run), run.model));
      curves.push_back(*run.curves);
    } else if (!run.curves_absent.empty()) {
      absent += fmt::format("<p class=note>Of {} no curves are drawn: {}</p>\n", RunName(run),
                            Foreign(run.curves_absent, 400));
    }
  }
  if (curves.empty()) return absent;
  const MeasuredModels measured{.names = names, .num_versions = names.size(), .curves = curves};
  return CurveCharts(measured) + absent;
}

// --- all runs ----------------------------------------------------------------------------------------------------

// "ingest done, train hit of run 2"; what nothing was done for is left out.
std::string StepsLine(const RunText& run) {
  std::string html;
  for (const RunStepText& step : run.steps) {
    if (step.state == "skipped") continue;
    html += fmt::format("{}{} {}", html.empty() ? "" : ", ", Escape(step.name), StateHtml(step.state));
  }
  return html;
}

std::string WhenHtml(std::string_view began) {
  const size_t time = began.find('T');
  if (time == std::string_view::npos) return TextOrDash(began);
  return fmt::format("{}<br><small>{}</small>", Escape(began.substr(0, time)), Escape(began.substr(time + 1)));
}

Row LineOf(const RunText& run, const std::vector<std::string>& metrics) {
  Row cells{fmt::format("{}", run.number),
            fmt::format("{}<br><small>{}</small>", StateHtml(run.state), Escape(run.took)),
            TextOrDash(run.model, kNameCharacters), VerdictHtml(run.verdict)};
  for (const std::string& name : metrics) {
    const RunMetricText* metric = FindMetric(run, name);
    cells.push_back(metric == nullptr ? "–"
                                      : fmt::format("{}<br><small>dummy {}</small>", NumberOrDash(metric->value),
                                                    NumberOrDash(metric->dummy)));
  }
  cells.push_back(TextOrDash(run.data, kNameCharacters));
  cells.push_back(WhenHtml(run.began));
  cells.push_back(fmt::format("{}<br><small>{}</small>", Foreign(run.asked, kNameCharacters),
                              run.who.empty() ? "" : "by " + Foreign(run.who, kNameCharacters)));
  return cells;
}

std::vector<std::string> MainMetrics(std::span<const RunText> runs) {
  std::vector<std::string> names = MetricNames(runs);
  if (names.size() > kMainMetrics) names.resize(kMainMetrics);
  return names;
}

std::string RunsTable(std::span<const RunText> runs) {
  const std::vector<std::string> metrics = MainMetrics(runs);
  std::vector<Row> rows;
  for (const RunText& run : runs) rows.push_back(LineOf(run, metrics));
  Row headings{"run", "came to", "model", "gate"};
  for (const std::string& name : metrics) headings.push_back(Foreign(name, kNameCharacters));
  for (const char* heading : {"data", "began", "asked for"}) headings.emplace_back(heading);
  return TableOf("the newest first", headings, rows);
}

ChartAxis AxisAround(std::string_view name, const std::vector<ChartLine>& lines, double ChartPoint::*coordinate) {
  double low = lines.front().points.front().*coordinate;
  double high = low;
  for (const ChartLine& line : lines) {
    for (const ChartPoint& point : line.points) {
      low = std::min(low, point.*coordinate);
      high = std::max(high, point.*coordinate);
    }
  }
  const double room = high > low ? (high - low) / 20 : 0.5;
  return {.name = name, .low = low - room, .high = high + room};
}

// A metric from run to run, the oldest first; "" where fewer than two runs have it.
std::string MetricChart(std::span<const RunText> runs, const std::string& name) {
  ChartLine models{.style = "now", .has_dots = true};
  ChartLine dummies{.style = "ideal"};
  for (size_t i = runs.size(); i-- > 0;) {
    const RunMetricText* metric = FindMetric(runs[i], name);
    if (metric == nullptr || !metric->value.has_value()) continue;
    const auto number = static_cast<double>(runs[i].number);
    models.points.push_back({number, *metric->value});
    if (metric->dummy.has_value()) dummies.points.push_back({number, *metric->dummy});
  }
  if (models.points.size() < 2) return "";
  const auto by_run = [](const ChartPoint& a, const ChartPoint& b) { return a.x < b.x; };
  std::sort(models.points.begin(), models.points.end(), by_run);
  std::sort(dummies.points.begin(), dummies.points.end(), by_run);
  std::vector<ChartLine> lines{models};
  if (!dummies.points.empty()) lines.insert(lines.begin(), dummies);
  Chart chart{.caption_html = Foreign(name, kNameCharacters),
              .label = "a metric by run",
              .x = AxisAround("run", lines, &ChartPoint::x),
              .y = AxisAround("", lines, &ChartPoint::y),
              .lines = lines};
  return ChartFigure(chart);
}

std::string MetricCharts(std::span<const RunText> runs) {
  constexpr size_t kMost = 12;
  const std::vector<std::string> names = MetricNames(runs);
  std::string figures;
  for (size_t i = 0; i < std::min(kMost, names.size()); ++i) figures += MetricChart(runs, names[i]);
  if (figures.empty()) return "";
  return fmt::format(
      "<p class=legend><span class=stroke></span> solid: the run's model &emsp;<span class=\"stroke dotted\"></span> "
      "dotted: the dummy on the same rows</p><div class=charts>{}</div>\n",
      figures);
}

std::string StepsOfRuns(std::span<const RunText> runs, size_t fixed) {
  const std::vector<std::string> details = DetailsWithin(
      DetailBudget(fixed), runs.size(), 2,
      [&runs](size_t run, size_t level) { return MessageHtml(runs[run]) + StepsTable(runs[run], level == 0); });
  std::string html;
  for (size_t i = 0; i < details.size(); ++i) {
    const std::string steps = StepsLine(runs[i]);
    html += Folded(fmt::format("{}: {}{}", RunName(runs[i]), Escape(runs[i].state),
                               steps.empty() ? "" : fmt::format(" <small>{}</small>", steps)),
                   details[i]);
  }
  const std::string more = MoreText(runs.size(), details.size(), "run");
  return html + (more.empty() ? "" : fmt::format("<p class=note>{}: roost run show</p>", more));
}

int64_t CountOfState(std::span<const RunText> runs, std::string_view state) {
  return std::count_if(runs.begin(), runs.end(), [state](const RunText& run) { return run.state == state; });
}

// --- runs beside each other --------------------------------------------------------------------------------------

Row HeadingsOf(std::span<const RunText> runs, std::string_view first) {
  Row headings{std::string(first)};
  for (const RunText& run : runs) headings.push_back(RunName(run));
  return headings;
}

std::string OverviewTable(std::span<const RunText> runs) {
  std::vector<Row> rows;
  const auto add = [&](std::string_view name, const std::function<std::string(const RunText&)>& cell) {
    Row row{std::string(name)};
    for (const RunText& run : runs) row.push_back(cell(run));
    rows.push_back(std::move(row));
  };
  add("asked for", [](const RunText& run) { return TextOrDash(run.asked, kNameCharacters); });
  add("came to", [](const RunText& run) { return StateHtml(run.state); });
  add("began", [](const RunText& run) { return TextOrDash(run.began); });
  add("took", [](const RunText& run) { return TextOrDash(run.took); });
  add("who", [](const RunText& run) { return TextOrDash(run.who, kNameCharacters); });
  add("data", [](const RunText& run) { return TextOrDash(run.data, kNameCharacters); });
  add("model", [](const RunText& run) { return TextOrDash(run.model, kNameCharacters); });
  add("gate", [](const RunText& run) { return VerdictHtml(run.verdict); });
  return TableOf("what was asked for, and what came of it", HeadingsOf(runs, "run"), rows);
}

// What differs and what does not, as two lists of lines.
struct Compared {
  std::vector<Row> different, same;
};

Compared CompareTexts(std::span<const RunText> runs, Texts RunText::*texts) {
  Texts all;
  for (const RunText& run : runs) all.insert((run.*texts).begin(), (run.*texts).end());
  Compared compared;
  for (const auto& [name, any] : all) {
    Row row{Foreign(name, kNameCharacters)};
    bool is_same = true;
    for (const RunText& run : runs) {
      const auto found = (run.*texts).find(name);
      is_same = is_same && found != (run.*texts).end() && found->second == any;
      row.push_back(found == (run.*texts).end() ? "–" : ValueHtml(found->second));
    }
    (is_same ? compared.same : compared.different).push_back(std::move(row));
  }
  return compared;
}

// "0.4492" and, below it, how much more that is than in the first run.
std::string MetricCell(const RunMetricText* metric, const RunMetricText* first) {
  if (metric == nullptr || !metric->value.has_value()) return "–";
  if (metric == first || first == nullptr || !first->value.has_value()) return FormatNumber(*metric->value);
  const double difference = *metric->value - *first->value;
  return fmt::format("{}<br><small>{}{}</small>", FormatNumber(*metric->value), difference > 0 ? "+" : "",
                     FormatNumber(difference));
}

Compared CompareMetrics(std::span<const RunText> runs) {
  Compared compared;
  for (const std::string& name : MetricNames(runs)) {
    Row row{Foreign(name, kNameCharacters)};
    const RunMetricText* first = FindMetric(runs.front(), name);
    bool is_same = first != nullptr;
    for (const RunText& run : runs) {
      const RunMetricText* metric = FindMetric(run, name);
      is_same = is_same && metric != nullptr && metric->value == first->value;
      row.push_back(MetricCell(metric, first));
    }
    (is_same ? compared.same : compared.different).push_back(std::move(row));
  }
  return compared;
}

std::string ComparedTables(std::span<const RunText> runs, const Compared& compared, std::string_view what,
                           std::string_view nothing) {
  const Row headings = HeadingsOf(runs, what);
  std::string html = TableOf("what differs", headings, compared.different);
  if (html.empty() && compared.same.empty()) return fmt::format("<p class=note>{}</p>\n", nothing);
  if (html.empty()) html = "<p class=note>Nothing differs.</p>\n";
  return html + Folded(fmt::format("{} the same in all of them", FormatCount(std::ssize(compared.same))),
                       TableOf("what is the same", headings, compared.same));
}

}  // namespace

std::string RunsReport(std::span<const RunText> runs, const ReportOptions& options) {
  Facts facts;
  facts.Add("runs", FormatCount(std::ssize(runs)));
  for (const std::string_view state : {"done", "waits", "refused", "failed", "stopped", "not finished"}) {
    const int64_t count = CountOfState(runs, state);
    if (count > 0) facts.Add(state, FormatCount(count));
  }
  std::string body = facts.Header("Runs", options) + TextSection("runs", "Runs", RunsTable(runs)) +
                     Section("metrics", "Metrics from run to run", MetricCharts(runs));
  body += TextSection("steps", "Steps", StepsOfRuns(runs, Page(options.name, body).size()));
  return Page(options.name, body);
}

std::string RunReport(const RunText& run, const ReportOptions& options) {
  Facts facts;
  facts.Add("came to", StateHtml(run.state));
  facts.AddText("took", run.took);
  facts.AddText("data", run.data);
  facts.AddText("model", run.model);
  if (!run.verdict.empty()) facts.Add("gate", VerdictHtml(run.verdict));
  return Page(options.name,
              facts.Header("Run", options) +
                  TextSection("steps", "Steps", MessageHtml(run) + StepsTable(run, true) + StepDetails(run)) +
                  Section("metrics", "Metrics", MetricsOfRun(run)) + Section("curves", "Curves", Curves({&run, 1})) +
                  TextSection("inputs", "Inputs", TextsTable("what the steps took", run.inputs)) +
                  TextSection("parameters", "Parameters", TextsTable("keys of roost.yaml", run.parameters)));
}

std::string RunComparisonReport(std::span<const RunText> runs, const ReportOptions& options) {
  const Compared parameters = CompareTexts(runs, &RunText::parameters);
  const Compared inputs = CompareTexts(runs, &RunText::inputs);
  const Compared metrics = CompareMetrics(runs);
  Facts facts;
  facts.Add("runs", FormatCount(std::ssize(runs)));
  facts.Add("parameters that differ", FormatCount(std::ssize(parameters.different)));
  facts.Add("inputs that differ", FormatCount(std::ssize(inputs.different)));
  facts.Add("metrics that differ", FormatCount(std::ssize(metrics.different)));
  const std::string metrics_note =
      "<p class=note>On all rows that each run kept back; small: how much more than in the first run. Whether chance "
      "explains a difference is told by roost compare.</p>\n";
  std::vector<RunText> newest_first(runs.begin(), runs.end());
  std::sort(newest_first.begin(), newest_first.end(),
            [](const RunText& a, const RunText& b) { return a.number > b.number; });
  return Page(options.name,
              facts.Header("Runs beside each other", options) + TextSection("overview", "Runs", OverviewTable(runs)) +
                  TextSection("parameters", "Parameters",
                              ComparedTables(runs, parameters, "key of roost.yaml", "These runs read no key.")) +
                  TextSection("inputs", "Inputs", ComparedTables(runs, inputs, "input", "These runs took nothing.")) +
                  Section("metrics", "Metrics",
                          (metrics.different.empty() ? "" : metrics_note) +
                              ComparedTables(runs, metrics, "metric", "These runs measured nothing.") +
                              (runs.size() > 2 ? MetricCharts(newest_first) : "")) +
                  Section("curves", "Curves", Curves(runs)));
}

}  // namespace roost::report
