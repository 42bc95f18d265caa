#include "report/chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/format.h"
#include "report/panel.h"

namespace roost::report {
namespace {

// Where the drawing is, in units of a CSS pixel at its natural size.
struct Layout {
  double width, height;
  double left, right, top, bottom;  // what the axes and their figures take
  int ticks;
};

constexpr Layout kLarge{.width = 340, .height = 250, .left = 52, .right = 12, .top = 8, .bottom = 42, .ticks = 5};
constexpr Layout kSmall{.width = 200, .height = 150, .left = 38, .right = 10, .top = 8, .bottom = 22, .ticks = 3};

// One point is no line, but a dot.
bool IsSeen(const ChartLine& line) { return line.points.size() > (line.has_dots ? 0 : 1); }

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart), layout_(chart.is_small ? kSmall : kLarge) {}

  std::string Html() const {
    std::string html = fmt::format("<svg role=img aria-label=\"{}\" viewBox=\"0 0 {} {}\">", chart_.label,
                                   layout_.width, layout_.height);
    html += Axes();
    if (chart_.upright.has_value()) {
      html += fmt::format("<path class=mark d=\"M{} {}V{}\"/>", X(*chart_.upright), Coordinate(layout_.top),
                          Coordinate(Bottom()));
    }
    for (const ChartLine& line : chart_.lines) html += Line(line);
    return html + "</svg>";
  }

 private:
  double Bottom() const { return layout_.height - layout_.bottom; }
  double Right() const { return layout_.width - layout_.right; }

  static double ShareOf(const ChartAxis& axis, double value) {
    return axis.high > axis.low ? std::clamp((value - axis.low) / (axis.high - axis.low), 0.0, 1.0) : 0.5;
  }
  std::string X(double value) const {
    return Coordinate(layout_.left + ShareOf(chart_.x, value) * (Right() - layout_.left));
  }
  std::string Y(double value) const {
    return Coordinate(Bottom() - ShareOf(chart_.y, value) * (Bottom() - layout_.top));
  }

  std::string Axes() const {
    const std::string left = Coordinate(layout_.left), bottom = Coordinate(Bottom()), right = Coordinate(Right());
    std::string html =
        fmt::format("<path class=axes d=\"M{} {}V{}H{}\"/>", left, Coordinate(layout_.top), bottom, right);
    for (const double tick : RoundNumbers(chart_.x.low, chart_.x.high, layout_.ticks)) {
      html += fmt::format("<text x={} y={} text-anchor=middle>{}</text>", X(tick), Coordinate(Bottom() + 14),
                          FormatNumber(tick, 3));
    }
    for (const double tick : RoundNumbers(chart_.y.low, chart_.y.high, layout_.ticks)) {
      html += fmt::format("<path class=grid d=\"M{} {}H{}\"/><text x={} y={} text-anchor=end dy=4>{}</text>", left,
                          Y(tick), right, Coordinate(layout_.left - 6), Y(tick), FormatNumber(tick, 3));
    }
    if (chart_.is_small) return html;
    const double middle = (layout_.top + Bottom()) / 2;
    return html + fmt::format(
                      "<text x={} y={} text-anchor=middle>{}</text>"
                      "<text transform=\"translate(11 {}) rotate(-90)\" text-anchor=middle>{}</text>",
                      Coordinate((layout_.left + Right()) / 2), Coordinate(layout_.height - 6), chart_.x.name,
                      Coordinate(middle), chart_.y.name);
  }

  std::string Line(const ChartLine& line) const {
    if (!IsSeen(line)) return "";
    std::string path, dots;
    for (const ChartPoint& point : line.points) {
      path += fmt::format("{}{} {}", path.empty() ? "M" : "L", X(point.x), Y(point.y));
      if (line.has_dots) {
        dots += fmt::format("<circle class={} cx={} cy={} r=\"{}\"/>", line.style, X(point.x), Y(point.y),
                            chart_.is_small ? 2 : 3);
      }
    }
    return fmt::format("<path class={} d=\"{}\"/>{}", line.style, path, dots);
  }

  const Chart& chart_;
  const Layout& layout_;
};

}  // namespace

std::vector<double> RoundNumbers(double low, double high, int count) {
  if (!(high > low) || !std::isfinite(high - low)) return {};
  const double least = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(least)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> numbers;
  const double tolerance = 1e-9 * step;
  for (double i = std::ceil((low - tolerance) / step); i * step <= high + tolerance; ++i) {
    numbers.push_back(i * step + 0.0);  // -0 becomes 0
  }
  return numbers;
}

std::string ChartFigure(const Chart& chart) {
  const bool has_line = std::any_of(chart.lines.begin(), chart.lines.end(),
                                    [](const ChartLine& line) { return IsSeen(line) && line.style != "ideal"; });
  if (!has_line) return "";
  return fmt::format("<figure class=\"chart{}\"><figcaption>{}</figcaption>{}</figure>\n",
                     chart.is_small ? " small" : "", chart.caption_html, Drawing(chart).Html());
}

}  // namespace roost::report
