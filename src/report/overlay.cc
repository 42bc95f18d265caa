#include "report/overlay.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/format.h"
#include "report/figures.h"
#include "report/panel.h"

namespace roost::report {

std::string OverlayDrawing(const std::vector<double>& now, const std::vector<double>& baseline) {
  constexpr double kHeight = 20;
  double highest = 0;
  for (const double share : now) highest = std::max(highest, share);
  for (const double share : baseline) highest = std::max(highest, share);
  if (highest <= 0) return "";
  const double width = 100 / static_cast<double>(now.size());
  std::string bars;
  std::string line = "M0 20";
  for (size_t i = 0; i < now.size(); ++i) {
    const std::string left = Coordinate(static_cast<double>(i) * width);
    if (now[i] > 0) {
      const std::string height = Coordinate(std::max(0.5, kHeight * now[i] / highest));
      bars += fmt::format("M{} 20v-{}h{}v{}z", left, height, Coordinate(width), height);
    }
    line +=
        fmt::format("V{}h{}", Coordinate(kHeight - std::max(0.0, kHeight * baseline[i] / highest)), Coordinate(width));
  }
  return fmt::format(
      "<svg class=over viewBox=\"0 -1 100 22\" preserveAspectRatio=none aria-hidden=true><path d=\"{}\"/>"
      "<path class=line d=\"{}V20\"/></svg>",
      bars, line);
}

std::string PairTable(std::string_view title, const std::string& now_html, const std::string& baseline_html,
                      const std::vector<PairRow>& rows) {
  if (rows.empty()) return "";
  double greatest = 0;
  for (const PairRow& row : rows) greatest = std::max({greatest, row.now, row.baseline});
  if (greatest <= 0) greatest = 1;
  std::string html = fmt::format(
      "<div class=p><table class=\"v pair\"><caption>{}</caption><thead><tr><td><th scope=col>{}"
      "<th scope=col>{}<td><tbody>",
      title, now_html, baseline_html);
  for (const PairRow& row : rows) {
    html +=
        fmt::format("<tr><th>{}<td>{}<td>{}<td style=--s:{};--b:{}>", row.label_html, FormatRoughShare(row.now),
                    FormatRoughShare(row.baseline), BarWidth(row.now / greatest), BarWidth(row.baseline / greatest));
  }
  return html + "</table></div>";
}

}  // namespace roost::report
