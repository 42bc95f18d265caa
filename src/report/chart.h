#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roost::report {

/// Curves over two axes with figures, as an SVG drawing that scales with its place.

struct ChartPoint {
  double x = 0;
  double y = 0;
};

struct ChartLine {
  std::string_view style;  ///< of page.css: "now" (solid), "other" (dashed), "ideal" (dotted)
  std::vector<ChartPoint> points;
  bool has_dots = false;  ///< at the points, which are few
};

/// An axis from `low` to `high`; both finite.
struct ChartAxis {
  std::string_view name;
  double low = 0;
  double high = 1;
};

struct Chart {
  std::string caption_html;
  std::string_view label;  ///< what it shows, for those who do not see it: plain text of our own
  ChartAxis x, y;
  std::vector<ChartLine> lines;
  std::optional<double> upright;  ///< an upright line at this x
  bool is_small = false;          ///< without the axes' names: one of many
};

/// The drawing with its caption; points beyond the axes lie on their ends. "" where there is nothing but ideal lines.
std::string ChartFigure(const Chart& chart);

/// Round numbers within [low, high], ascending, about `count` of them: steps of 1, 2 or 5 times a power of ten.
std::vector<double> RoundNumbers(double low, double high, int count);

}  // namespace roost::report
