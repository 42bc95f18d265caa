#pragma once

#include <cstddef>
#include <string>

#include "profile/summary.h"
#include "report/column_pair.h"

namespace roost::report {

/// What a comparison shows of a column. The names of the sides are HTML.

/// Everything about the pair as panels: drawing, shares side by side, distances, figures. `full` shows more of each.
std::string PairDetails(const ColumnPair& pair, const std::string& now_html, const std::string& baseline_html,
                        bool full);

/// Both distributions in one drawing without figures, or "".
std::string PairDrawing(const ColumnPair& pair);

/// What the two kinds of marks mean, in words.
std::string Legend(const std::string& now_html, const std::string& baseline_html);

/// The mean of numbers and times, the most frequent value of the rest with its share.
std::string Typical(const profile::ColumnSummary& column, size_t characters);

}  // namespace roost::report
