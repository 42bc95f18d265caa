#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "profile/summary.h"

namespace roost::schema {

/// The figure of a profile that a custom rule of the scope "profile" names: "rows", "duplicate_share", or that of a
/// column, as "delay.mean" (written `delay.mean` with backticks in an expression). Known: whether there is such a
/// figure for such a column; then `value` is it, or empty where the data has none. Times are in seconds since 1970.
struct Figure {
  bool known = false;
  std::optional<double> value;
};
Figure FigureOf(const profile::ProfileSummary& summary, std::string_view name);

/// The figures that a column has: "missing", "distinct", "mean", "p50", ...
std::vector<std::string_view> FigureNames();

}  // namespace roost::schema
