#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace roost::report {

/// What two sides look like beside each other. The first is drawn as filled bars, the second as a line or hatched: the
/// two can be told apart without colour, and every table names both.

/// Shares of the same bars on both sides as a drawing 100 wide and 20 high, without figures; "" where all are 0.
std::string OverlayDrawing(const std::vector<double>& now, const std::vector<double>& baseline);

/// A value or range with its share on both sides.
struct PairRow {
  std::string label_html;
  double now = 0;
  double baseline = 0;
};

/// Rows with two shares and two bars each; "" without rows. The names of the sides are HTML and head their columns.
std::string PairTable(std::string_view title, const std::string& now_html, const std::string& baseline_html,
                      const std::vector<PairRow>& rows);

}  // namespace roost::report
