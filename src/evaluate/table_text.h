#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace roost::evaluate {

/// What the texts of all evaluations have in common.

/// Four digits after the point, or "undefined".
std::string Share(const std::optional<double>& figure);

/// Five significant digits, or "undefined": figures in a unit of the data's.
std::string Quantity(const std::optional<double>& figure);

/// A line of the table of model and dummy.
void AppendRow(std::string& text, const std::string& name, const std::string& model, const std::string& dummy);

/// "1,234 rows", and what they weigh where they have weights.
std::string RowsText(int64_t rows, const std::optional<double>& total_weight);

}  // namespace roost::evaluate
