#include "evaluate/table_text.h"

#include <fmt/format.h>

#include "base/format.h"

namespace roost::evaluate {

std::string Share(const std::optional<double>& figure) {
  return figure.has_value() ? fmt::format("{:.4f}", *figure) : "undefined";
}

std::string Quantity(const std::optional<double>& figure) {
  return figure.has_value() ? FormatNumber(*figure, 5) : "undefined";
}

void AppendRow(std::string& text, const std::string& name, const std::string& model, const std::string& dummy) {
  text += fmt::format("{:<18}  {:>11}  {:>11}\n", name, model, dummy);
}

std::string RowsText(int64_t rows, const std::optional<double>& total_weight) {
  std::string text = FormatCount(rows) + (rows == 1 ? " row" : " rows");
  if (total_weight.has_value()) text += fmt::format(" of weight {}", FormatNumber(*total_weight, 6));
  return text;
}

}  // namespace roost::evaluate
