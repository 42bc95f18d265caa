#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/summary.h"

namespace roost::report {

/// The pieces that the details of a column are built of. Names ending in `_html` are HTML already, all others are
/// plain text of our own.

/// How much of long lists a page shows. What is left out is counted where the list ends.
struct Detail {
  size_t values = 0;
  size_t patterns = 0;
  size_t tokens = 0;
  size_t slices = 0;
  size_t characters = 0;         ///< of a value or a name
  bool all_percentiles = false;  ///< the 101 ones too, not only the usual
};

/// Names and figures, one below the other.
class FigureList {
 public:
  explicit FigureList(std::string_view title) : title_(title) {}
  void Add(std::string_view name, std::string_view figure_html);
  void AddCount(std::string_view name, int64_t count);
  /// The count and its share; nothing where it is 0.
  void AddPart(std::string_view name, int64_t part, int64_t whole);
  /// The panel, or "" where nothing was added.
  std::string Html() const;

 private:
  std::string_view title_;
  std::string rows_html_;
};

/// Panels by their place: bars at the left, figures at the right, wide tables below both.
struct Panels {
  std::string bars_html, figures_html, wide_html;

  std::string Html() const;
};

/// A figure with a bar beside it.
struct BarRow {
  std::string label_html;
  std::string figure_html;
  double share = 0;  ///< 0 to 1, of the whole
};

/// Rows whose bars are as long as their share of the greatest; "" without rows. `more` says what is left out, or "".
std::string BarTable(std::string_view title, const std::vector<BarRow>& rows, std::string_view more = "");

/// A table with headings; cells are HTML. Columns from the second on hold figures where `figures` says so.
std::string Table(std::string_view title, const std::vector<std::string_view>& headings,
                  const std::vector<std::vector<std::string>>& rows_html, std::string_view more = "");

/// "0 to 15" for each bar; of times days where the bars are wide enough.
std::vector<BarRow> HistogramRows(const std::vector<profile::HistogramBar>& bars, bool is_time);

/// The usual percentiles by name, of 101 values; "" for an empty vector.
std::string PercentilePanel(std::string_view title, const std::vector<double>& percentiles, bool is_time);

/// All 101, folded; "" for an empty vector.
std::string AllPercentiles(std::string_view title, const std::vector<double>& percentiles, bool is_time);

/// From this number of lines on the browser lays out only those that are seen.
inline constexpr size_t kManyRows = 200;

/// "and 12 more values", or "" for none.
std::string MoreText(size_t total, size_t shown, std::string_view what);

/// A part of a page under a heading; "" where there is no body.
std::string Section(std::string_view id, std::string_view title, std::string_view body_html);

/// The same with tables of texts, which stand at the left.
std::string TextSection(std::string_view id, std::string_view title, std::string_view body_html);

/// What is seen when a line is opened; "" where there is no body.
std::string Folded(std::string_view summary_html, std::string_view body_html);

/// "0.71", or "–" where there is none.
std::string NumberOrDash(const std::optional<double>& number);

/// A coordinate of a drawing that is 100 wide: one decimal is enough.
std::string Coordinate(double value);

/// The bars as a drawing 100 wide and 20 high, without figures (they stand elsewhere); "" without bars.
std::string Sparkline(const std::vector<profile::HistogramBar>& bars);

/// Shares (0 to 1) of the leading values as pieces of one line, what is left stays empty.
std::string ShareLine(const std::vector<double>& shares);

}  // namespace roost::report
