#include "report/evaluation_tables.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "report/html.h"
#include "report/intervals.h"
#include "report/panel.h"

namespace roost::report {
namespace {

using evaluate::Estimate;
using evaluate::Interval;
using evaluate::Tendency;

constexpr size_t kSliceCharacters = 60;
constexpr size_t kClassCharacters = 40;

// The value, and below it where the true one is.
std::string EstimateCell(const Estimate& estimate, double confidence) {
  const std::optional<Interval> interval = estimate.At(confidence);
  if (!interval.has_value()) return NumberOrDash(estimate.value);
  return fmt::format("{}<br><small>{} to {}</small>", NumberOrDash(estimate.value), FormatNumber(interval->low),
                     FormatNumber(interval->high));
}

std::string TendencyWord(Tendency tendency) {
  switch (tendency) {
    case Tendency::kBetter: return "<b class=better>better</b>";
    case Tendency::kWorse: return "<b class=worse>worse</b>";
    case Tendency::kUnclear: break;
  }
  return "";
}

// What lines of one axis show: those of one metric in all slices, or of one metric alone.
struct Axes {
  Extent values;
  Extent differences;
};

void AddTo(const MeasuredModels& measured, const evaluate::SliceFigures& figures, size_t metric, size_t other,
           Axes& axes) {
  for (size_t model = 0; model < std::min<size_t>(2, measured.num_versions); ++model) {
    axes.values.Add(figures.models[model][metric], measured.confidence);
  }
  for (size_t model = measured.num_versions; model < measured.names.size(); ++model) {
    axes.values.Add(figures.models[model][metric].value);
  }
  axes.differences.Add(0.0);
  axes.differences.Add(figures.differences[other - 1][metric], measured.confidence);
}

// The difference of the first model to `other`: figures, drawing, word.
void AddDifferenceCells(const MeasuredModels& measured, const evaluate::SliceFigures& figures, size_t metric,
                        size_t other, const Axes& axes, std::vector<std::string>& cells) {
  const Estimate& difference = figures.differences[other - 1][metric];
  const Tendency tendency = TendencyOf(*measured.metrics[metric], difference, measured.confidence);
  cells.push_back(EstimateCell(difference, measured.confidence));
  cells.push_back(DifferenceDrawing(axes.differences, difference, tendency, measured.confidence));
  cells.push_back(TendencyWord(tendency));
}

// The values of all models, their drawing, and the difference to the second.
void AddModelCells(const MeasuredModels& measured, const evaluate::SliceFigures& figures, size_t metric,
                   const Axes& axes, std::vector<std::string>& cells) {
  std::vector<Estimate> versions;
  std::vector<std::optional<double>> baselines;
  for (size_t model = 0; model < measured.names.size(); ++model) {
    const Estimate& estimate = figures.models[model][metric];
    if (model < measured.num_versions) {
      cells.push_back(EstimateCell(estimate, measured.confidence));
      if (versions.size() < 2) versions.push_back(estimate);
    } else {
      cells.push_back(NumberOrDash(estimate.value));
      baselines.push_back(estimate.value);
    }
  }
  cells.push_back(EstimatesDrawing(axes.values, versions, baselines, measured.confidence));
  AddDifferenceCells(measured, figures, metric, 1, axes, cells);
}

// Headings of such a table. The strings outlive the views.
std::vector<std::string> ModelHeadings(const MeasuredModels& measured, std::vector<std::string> first) {
  for (size_t model = 0; model < measured.names.size(); ++model) first.push_back(VersionHtml(measured, model));
  first.insert(first.end(), {"intervals", "difference to " + VersionHtml(measured, 1), "around 0", "verdict"});
  return first;
}

std::string TableOf(std::string_view title, const std::vector<std::string>& headings,
                    const std::vector<std::vector<std::string>>& rows, std::string_view more = "") {
  const std::vector<std::string_view> views(headings.begin(), headings.end());
  return Table(title, views, rows, more);
}

// Lost to the left, gained to the right of the middle; `greatest` is the longest of both.
std::string FlipsDrawing(const evaluate::SliceChanges& changes, double greatest) {
  if (!(greatest > 0) || changes.rows == 0) return "";
  const auto length = [&](int64_t count) {
    return Coordinate(48 * (static_cast<double>(count) / static_cast<double>(changes.rows)) / greatest);
  };
  return fmt::format(
      "<svg class=iv viewBox=\"0 0 100 16\" preserveAspectRatio=none aria-hidden=true>"
      "<path class=zero d=\"M50 0v16\"/><path class=\"worse bar\" d=\"M50 8h-{}\"/>"
      "<path class=\"better bar\" d=\"M50 8h{}\"/></svg>",
      length(changes.flips->lost), length(changes.flips->gained));
}

std::string CountAndShare(int64_t count, int64_t rows) {
  return fmt::format("{} <small>{}</small>", FormatCount(count), FormatRoughShare(count, rows));
}

double GreatestShare(const std::vector<evaluate::SliceChanges>& changes) {
  double greatest = 0;
  for (const evaluate::SliceChanges& slice : changes) {
    if (!slice.flips.has_value() || slice.rows == 0) continue;
    const int64_t longer = std::max(slice.flips->gained, slice.flips->lost);
    greatest = std::max(greatest, static_cast<double>(longer) / static_cast<double>(slice.rows));
  }
  return greatest;
}

// The figures of the versions, at most two, and the dummy's.
template <typename Of, typename Figures>
std::vector<const Figures*> FiguresOf(const MeasuredModels& measured, Figures Of::*model, Figures Of::*dummy) {
  std::vector<const Figures*> figures;
  for (size_t i = 0; i < std::min<size_t>(2, measured.evaluations.size()); ++i) {
    figures.push_back(&(std::get<Of>(measured.evaluations[i]).*model));
  }
  figures.push_back(&(std::get<Of>(measured.evaluations.front()).*dummy));
  return figures;
}

std::vector<std::string> DrawnNames(const MeasuredModels& measured, std::vector<std::string> first) {
  for (size_t model = 0; model < std::min<size_t>(2, measured.num_versions); ++model) {
    first.push_back(VersionHtml(measured, model));
  }
  first.emplace_back("dummy");
  return first;
}

std::string ClassesTable(const MeasuredModels& measured, const evaluate::ClassesEvaluation& first) {
  constexpr size_t kMost = 100;
  const auto figures = FiguresOf(measured, &evaluate::ClassesEvaluation::model, &evaluate::ClassesEvaluation::dummy);
  std::vector<std::vector<std::string>> rows;
  for (size_t c = 0; c < std::min(kMost, first.model.classes.size()); ++c) {
    const std::string name = c < first.names.size() ? first.names[c] : fmt::format("{}", c);
    const evaluate::ClassFigures& of_class = first.model.classes[c];
    std::vector<std::string> cells{Foreign(name, kClassCharacters), FormatCount(of_class.rows),
                                   NumberOrDash(of_class.precision), NumberOrDash(of_class.recall)};
    for (const evaluate::ClassesFigures* model : figures) cells.push_back(FormatNumber(model->classes[c].f1));
    rows.push_back(std::move(cells));
  }
  const std::string name = VersionHtml(measured, 0);
  std::vector<std::string> headings{"class", "rows", "precision of " + name, "recall of " + name};
  for (const std::string& model : DrawnNames(measured, {})) headings.push_back("F1 of " + model);
  return TableOf("each class against all others", headings, rows, MoreText(first.model.classes.size(), kMost, "class"));
}

std::string ErrorsTable(const MeasuredModels& measured) {
  const auto figures = FiguresOf(measured, &evaluate::NumbersEvaluation::model, &evaluate::NumbersEvaluation::dummy);
  std::vector<std::vector<std::string>> rows;
  for (size_t q = 0; q < figures.front()->error_quantiles.size(); ++q) {
    std::vector<std::string> cells{FormatShare(figures.front()->error_quantiles[q].share)};
    for (const evaluate::NumberFigures* model : figures) {
      cells.push_back(FormatNumber(model->error_quantiles[q].error));
    }
    rows.push_back(std::move(cells));
  }
  return TableOf("errors, predicted minus true, that this share of the rows does not exceed",
                 DrawnNames(measured, {"share"}), rows);
}

}  // namespace

std::string VersionHtml(const MeasuredModels& measured, size_t model) {
  constexpr size_t kCharacters = 32;
  return BriefForeign(measured.names[model], kCharacters);
}

std::string LinesLegend(const MeasuredModels& measured) {
  const bool has_other = measured.num_versions > 1;
  std::string html = fmt::format("<p class=legend><span class=stroke></span> {}solid: {}", has_other ? "above, " : "",
                                 VersionHtml(measured, 0));
  if (has_other) {
    html += fmt::format(" &emsp;<span class=\"stroke other\"></span> below, dashed: {}", VersionHtml(measured, 1));
  }
  if (measured.names.size() - measured.num_versions > 1) {
    html += fmt::format(" &emsp;<span class=\"stroke linear\"></span> upright, dashed: {}",
                        VersionHtml(measured, measured.num_versions));
  }
  return html + " &emsp;<span class=\"stroke dotted\"></span> upright, dotted: dummy</p>";
}

std::string MetricsTable(const MeasuredModels& measured) {
  const evaluate::SliceFigures& whole = measured.figures.front();
  std::vector<std::vector<std::string>> rows;
  for (size_t metric = 0; metric < measured.metrics.size(); ++metric) {
    Axes axes;
    AddTo(measured, whole, metric, 1, axes);
    std::vector<std::string> cells{fmt::format("{}<br><small>{}</small>", measured.metrics[metric]->name,
                                               Escape(measured.metrics[metric]->meaning))};
    AddModelCells(measured, whole, metric, axes, cells);
    rows.push_back(std::move(cells));
  }
  return TableOf("all rows", ModelHeadings(measured, {"metric"}), rows);
}

std::string DifferencesTable(const MeasuredModels& measured, size_t other) {
  const evaluate::SliceFigures& whole = measured.figures.front();
  std::vector<std::vector<std::string>> rows;
  for (size_t metric = 0; metric < measured.metrics.size(); ++metric) {
    Axes axes;
    AddTo(measured, whole, metric, other, axes);
    std::vector<std::string> cells{std::string(measured.metrics[metric]->name),
                                   NumberOrDash(whole.models.front()[metric].value),
                                   NumberOrDash(whole.models[other][metric].value)};
    AddDifferenceCells(measured, whole, metric, other, axes, cells);
    rows.push_back(std::move(cells));
  }
  return TableOf(
      "differences on all rows",
      {"metric", VersionHtml(measured, 0), VersionHtml(measured, other), "difference", "around 0", "verdict"}, rows);
}

std::string SlicesTable(const MeasuredModels& measured, size_t metric, size_t most) {
  const size_t shown = std::min(most, measured.slices.size());
  Axes axes;
  for (size_t slice = 0; slice < shown; ++slice) AddTo(measured, measured.figures[slice], metric, 1, axes);
  std::vector<std::vector<std::string>> rows;
  for (size_t slice = 0; slice < shown; ++slice) {
    std::vector<std::string> cells{Foreign(measured.slices[slice].name, kSliceCharacters),
                                   FormatCount(measured.figures[slice].rows)};
    AddModelCells(measured, measured.figures[slice], metric, axes, cells);
    rows.push_back(std::move(cells));
  }
  return TableOf(fmt::format("{} by slice", measured.metrics[metric]->name), ModelHeadings(measured, {"slice", "rows"}),
                 rows, MoreText(measured.slices.size(), shown, "slice"));
}

std::string ChangesTable(const MeasuredModels& measured, size_t other, size_t most) {
  const std::vector<evaluate::SliceChanges>& changes = measured.changes[other - 1];
  const size_t shown = std::min(most, changes.size());
  const bool decides = changes.front().flips.has_value();
  const double greatest = GreatestShare(changes);
  std::vector<std::vector<std::string>> rows;
  for (size_t s = 0; s < shown; ++s) {
    const evaluate::SliceChanges& slice = changes[s];
    std::vector<std::string> cells{Foreign(measured.slices[s].name, kSliceCharacters), FormatCount(slice.rows)};
    if (decides) {
      cells.insert(cells.end(), {CountAndShare(slice.flips->changed(), slice.rows), FormatCount(slice.flips->lost),
                                 FlipsDrawing(slice, greatest), FormatCount(slice.flips->gained)});
    }
    for (const evaluate::DifferenceQuantile& quantile : slice.differences) {
      cells.push_back(FormatNumber(quantile.difference));
    }
    rows.push_back(std::move(cells));
  }
  std::vector<std::string> headings{"slice", "rows"};
  if (decides) headings.insert(headings.end(), {"changed", "lost", "share of the rows", "gained"});
  for (const evaluate::DifferenceQuantile& quantile : changes.front().differences) {
    headings.push_back(quantile.share == 1 ? "greatest difference"
                                           : FormatShare(quantile.share) + " differ by at most");
  }
  return TableOf(decides ? "decisions and scores" : "scores", headings, rows, MoreText(changes.size(), shown, "slice"));
}

std::string TaskTable(const MeasuredModels& measured) {
  if (measured.evaluations.empty()) return "";
  if (const auto* classes = std::get_if<evaluate::ClassesEvaluation>(&measured.evaluations.front())) {
    return ClassesTable(measured, *classes);
  }
  return std::holds_alternative<evaluate::NumbersEvaluation>(measured.evaluations.front()) ? ErrorsTable(measured) : "";
}

}  // namespace roost::report
