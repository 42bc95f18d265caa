#include "report/evaluation_charts.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "report/chart.h"
#include "report/evaluation_tables.h"
#include "report/html.h"
#include "report/panel.h"

namespace roost::report {
namespace {

using evaluate::BinaryCurves;
using evaluate::CalibrationBin;
using evaluate::OperatingPoint;

constexpr std::string_view kStyles[] = {"now", "other"};

size_t NumDrawn(const MeasuredModels& measured) { return std::min<size_t>(2, measured.num_versions); }

std::string ChartsLegend(const MeasuredModels& measured, std::string_view dotted) {
  const std::string other =
      measured.num_versions > 1
          ? fmt::format(" &emsp;<span class=\"stroke other\"></span> dashed: {}", VersionHtml(measured, 1))
          : "";
  return fmt::format(
      "<p class=legend><span class=stroke></span> solid: {}{} &emsp;<span class=\"stroke dotted\"></span> dotted: "
      "{}</p>",
      VersionHtml(measured, 0), other, dotted);
}

std::vector<ChartPoint> CalibrationPoints(const std::vector<CalibrationBin>& bins) {
  std::vector<ChartPoint> points;
  for (const CalibrationBin& bin : bins) points.push_back({bin.mean_score, bin.positive_rate});
  return points;
}

// What both axes of calibration drawings have to show, rounded up.
double GreatestOf(const MeasuredModels& measured, size_t num_slices) {
  double greatest = 0;
  for (size_t version = 0; version < NumDrawn(measured); ++version) {
    for (size_t slice = 0; slice < num_slices; ++slice) {
      for (const CalibrationBin& bin : measured.calibration[version][slice]) {
        greatest = std::max({greatest, bin.mean_score, bin.positive_rate});
      }
    }
  }
  for (const double end : {0.1, 0.2, 0.4, 0.6, 0.8}) {
    if (greatest <= end) return end;
  }
  return 1;
}

Chart CalibrationChart(const MeasuredModels& measured, size_t slice, double greatest) {
  Chart chart{.label = "calibration: mean score against the share of positive rows",
              .x = {.name = "mean score", .high = greatest},
              .y = {.name = "share of positive rows", .high = greatest}};
  chart.lines.push_back({"ideal", {{0, 0}, {greatest, greatest}}});
  for (size_t version = NumDrawn(measured); version-- > 0;) {
    chart.lines.push_back({kStyles[version], CalibrationPoints(measured.calibration[version][slice]), true});
  }
  return chart;
}

std::string CalibrationTable(const MeasuredModels& measured) {
  std::vector<std::vector<std::string>> rows;
  for (const CalibrationBin& bin : measured.calibration.front().front()) {
    rows.push_back({fmt::format("{} to {}", FormatNumber(bin.lowest_score), FormatNumber(bin.highest_score)),
                    FormatCount(bin.rows), FormatNumber(bin.mean_score), FormatNumber(bin.positive_rate),
                    FormatNumber(bin.mean_score - bin.positive_rate)});
  }
  return Table("scores of the first version", {"scores", "rows", "mean score", "share of positive rows", "too high by"},
               rows);
}

// A curve through the points of each version, from `first` on where it is set.
template <typename PointOf>
std::vector<ChartLine> LinesOf(const MeasuredModels& measured, std::optional<ChartPoint> first,
                               const PointOf& point_of) {
  std::vector<ChartLine> lines;
  for (size_t version = NumDrawn(measured); version-- > 0;) {
    ChartLine line{.style = kStyles[version]};
    if (first.has_value()) line.points.push_back(*first);
    for (const OperatingPoint& point : measured.curves[version].points) {
      if (const std::optional<ChartPoint> at = point_of(point); at.has_value()) line.points.push_back(*at);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::optional<ChartPoint> Both(const std::optional<double>& x, const std::optional<double>& y) {
  if (!x.has_value() || !y.has_value()) return std::nullopt;
  return ChartPoint{*x, *y};
}

std::string CurveFigure(Chart chart, std::vector<ChartLine> lines) {
  chart.lines.insert(chart.lines.end(), lines.begin(), lines.end());
  return ChartFigure(chart);
}

// The axis of a value that may be anything.
ChartAxis AxisOf(std::string_view name, const std::vector<ChartLine>& lines, double ChartPoint::*coordinate,
                 double low) {
  ChartAxis axis{.name = name, .low = low, .high = low};
  for (const ChartLine& line : lines) {
    for (const ChartPoint& point : line.points) {
      axis.low = std::min(axis.low, point.*coordinate);
      axis.high = std::max(axis.high, point.*coordinate);
    }
  }
  if (axis.high == axis.low) axis.high = axis.low + 1;
  return axis;
}

std::string ValueFigure(const MeasuredModels& measured) {
  if (measured.amounts.empty()) return "";
  const std::vector<ChartLine> lines =
      LinesOf(measured, std::nullopt, [](const OperatingPoint& point) { return Both(point.threshold, point.value); });
  Chart chart{.caption_html = "Value a row by decision threshold",
              .label = "value a row by decision threshold",
              .x = AxisOf("threshold", lines, &ChartPoint::x, 0),
              .y = AxisOf("value a row", lines, &ChartPoint::y, 0)};
  if (!measured.thresholds.empty() && measured.thresholds.front().value <= chart.x.high) {
    chart.upright = measured.thresholds.front().value;
    chart.caption_html += fmt::format("; upright: the threshold of {}", VersionHtml(measured, 0));
  }
  return CurveFigure(std::move(chart), lines);
}

}  // namespace

std::string CalibrationCharts(const MeasuredModels& measured) {
  if (measured.calibration.empty()) return "";
  Chart chart = CalibrationChart(measured, 0, GreatestOf(measured, 1));
  chart.caption_html = "All rows, in ten parts by their scores";
  return ChartsLegend(measured, "what is predicted happens") +
         fmt::format("<div class=charts>{}{}</div>\n", ChartFigure(chart), CalibrationTable(measured));
}

std::string CalibrationBySliceCharts(const MeasuredModels& measured, size_t most) {
  if (measured.calibration.empty() || measured.slices.size() < 2) return "";
  const size_t shown = std::min(most + 1, measured.slices.size());
  const double greatest = GreatestOf(measured, shown);
  std::string figures;
  for (size_t slice = 1; slice < shown; ++slice) {
    Chart chart = CalibrationChart(measured, slice, greatest);
    constexpr size_t kCharacters = 32;
    chart.caption_html =
        fmt::format("{} <small>{} rows</small>", BriefForeign(measured.slices[slice].name, kCharacters),
                    FormatCount(measured.figures[slice].rows));
    chart.is_small = true;
    figures += ChartFigure(chart);
  }
  if (figures.empty()) return "";
  const std::string more = MoreText(measured.slices.size(), shown, "slice");
  return fmt::format("<h3>By slice</h3><div class=\"charts many\">{}</div>{}\n", figures,
                     more.empty() ? "" : fmt::format("<p class=note>{}: roost compare --json</p>", more));
}

std::string CurveCharts(const MeasuredModels& measured) {
  if (measured.curves.empty() || measured.curves.front().points.empty()) return "";
  const double base_rate = measured.curves.front().points.back().precision.value_or(0);
  const ChartLine diagonal{.style = "ideal", .points = {{0, 0}, {1, 1}}};
  const ChartLine level{.style = "ideal", .points = {{0, base_rate}, {1, base_rate}}};
  std::string figures;
  figures += CurveFigure({.caption_html = "ROC: what is found, and at what false alarms",
                          .label = "ROC curve: recall against the false positive rate",
                          .x = {.name = "false positive rate"},
                          .y = {.name = "recall"},
                          .lines = {diagonal}},
                         LinesOf(measured, ChartPoint{0, 0}, [](const OperatingPoint& point) {
                           return Both(point.false_positive_rate, point.recall);
                         }));
  figures += CurveFigure(
      {.caption_html = "Precision and recall",
       .label = "precision against recall",
       .x = {.name = "recall"},
       .y = {.name = "precision"},
       .lines = {level}},
      LinesOf(measured, std::nullopt, [](const OperatingPoint& point) { return Both(point.recall, point.precision); }));
  figures += CurveFigure({.caption_html = "Gains: what is found among the rows of the highest scores",
                          .label = "gains: recall against the share of the rows acted on",
                          .x = {.name = "share of the rows acted on"},
                          .y = {.name = "recall"},
                          .lines = {diagonal}},
                         LinesOf(measured, ChartPoint{0, 0},
                                 [](const OperatingPoint& point) { return Both(point.acted_share, point.recall); }));
  figures += ValueFigure(measured);
  return ChartsLegend(measured, "scores that know nothing") + fmt::format("<div class=charts>{}</div>\n", figures);
}

std::string LiftTable(const MeasuredModels& measured) {
  if (measured.curves.empty()) return "";
  const auto number = [](const std::optional<double>& value) { return value ? FormatNumber(*value, 3) : "–"; };
  std::vector<std::string> headings{"rows of the highest scores"};
  for (size_t version = 0; version < NumDrawn(measured); ++version) {
    const std::string name = VersionHtml(measured, version);
    headings.insert(headings.end(), {"found by " + name, "lift"});
    if (!measured.amounts.empty()) headings.push_back("worth in all");
  }
  std::vector<std::vector<std::string>> rows;
  for (size_t part = 0; part < measured.curves.front().lift.size(); ++part) {
    std::vector<std::string> cells{FormatShare(measured.curves.front().lift[part].share)};
    for (size_t version = 0; version < NumDrawn(measured); ++version) {
      const evaluate::LiftPoint& point = measured.curves[version].lift[part];
      cells.push_back(point.gain.has_value() ? FormatRoughShare(*point.gain) : "–");
      cells.push_back(number(point.lift));
      if (!measured.amounts.empty()) cells.push_back(FormatNumber(point.value));
    }
    rows.push_back(std::move(cells));
  }
  const std::vector<std::string_view> views(headings.begin(), headings.end());
  return Table("if only these rows are acted on", views, rows);
}

}  // namespace roost::report
