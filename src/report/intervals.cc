#include "report/intervals.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "report/panel.h"

namespace roost::report {
namespace {

using evaluate::Estimate;
using evaluate::Interval;
using evaluate::Tendency;

constexpr std::string_view kSvg = "<svg class=iv viewBox=\"0 0 100 16\" preserveAspectRatio=none aria-hidden=true>";

std::string UprightLine(const Extent& extent, double at, std::string_view style) {
  return fmt::format("<path class={} d=\"M{} 0v16\"/>", style, Coordinate(extent.At(at)));
}

// The interval at height `y`, and a tick at the value.
std::string EstimateLine(const Extent& extent, const Estimate& estimate, int y, std::string_view style,
                         double confidence) {
  if (!estimate.value.has_value()) return "";
  std::string html;
  if (const std::optional<Interval> interval = estimate.At(confidence); interval.has_value()) {
    html = fmt::format("<path class={} d=\"M{} {}H{}\"/>", style, Coordinate(extent.At(interval->low)), y,
                       Coordinate(extent.At(interval->high)));
  }
  return html +
         fmt::format("<path class=\"{} tick\" d=\"M{} {}v6\"/>", style, Coordinate(extent.At(*estimate.value)), y - 3);
}

std::string_view StyleOf(Tendency tendency) {
  switch (tendency) {
    case Tendency::kBetter: return "better";
    case Tendency::kWorse: return "worse";
    case Tendency::kUnclear: break;
  }
  return "now";
}

}  // namespace

void Extent::Add(const std::optional<double>& value) {
  if (!value.has_value() || !std::isfinite(*value)) return;
  const bool is_first = is_empty();
  low_ = is_first ? *value : std::min(low_, *value);
  high_ = is_first ? *value : std::max(high_, *value);
}

void Extent::Add(const Estimate& estimate, double confidence) {
  Add(estimate.value);
  if (const std::optional<Interval> interval = estimate.At(confidence); interval.has_value()) {
    Add(interval->low);
    Add(interval->high);
  }
}

double Extent::At(double value) const {
  constexpr double kMargin = 2;  // so that ticks at the ends are seen whole
  if (!(high_ > low_)) return 50;
  return kMargin + (100 - 2 * kMargin) * std::clamp((value - low_) / (high_ - low_), 0.0, 1.0);
}

std::string EstimatesDrawing(const Extent& extent, const std::vector<Estimate>& estimates,
                             const std::vector<std::optional<double>>& baselines, double confidence) {
  constexpr int kHeights[] = {4, 12};
  constexpr std::string_view kStyles[] = {"now", "other"};
  std::string lines;
  for (size_t i = 0; i < baselines.size(); ++i) {
    if (baselines[i].has_value())
      lines += UprightLine(extent, *baselines[i], i + 1 == baselines.size() ? "dummy" : "linear");
  }
  for (size_t i = 0; i < std::min<size_t>(2, estimates.size()); ++i) {
    lines += EstimateLine(extent, estimates[i], estimates.size() == 1 ? 8 : kHeights[i], kStyles[i], confidence);
  }
  return lines.empty() ? "" : fmt::format("{}{}</svg>", kSvg, lines);
}

std::string DifferenceDrawing(const Extent& extent, const Estimate& difference, Tendency tendency, double confidence) {
  const std::string line = EstimateLine(extent, difference, 8, StyleOf(tendency), confidence);
  return line.empty() ? "" : fmt::format("{}{}{}</svg>", kSvg, UprightLine(extent, 0, "zero"), line);
}

}  // namespace roost::report
