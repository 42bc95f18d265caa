#include "cli/table_text.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/format.h"

namespace roost::cli {

std::string AlignColumns(const std::vector<std::vector<std::string>>& rows, const std::string& align) {
  std::vector<size_t> widths(align.size(), 0);
  std::vector<std::vector<std::string>> printable = rows;
  for (auto& row : printable) {
    ROOST_CHECK(row.size() == align.size(), "a row has " << row.size() << " columns");
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = Printable(WithoutControls(std::move(row[i])));
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  }
  std::string text;
  for (const auto& row : printable) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string& word = row[i];
      const std::string padding(widths[i] - DisplayWidth(word), ' ');
      if (i > 0) line += "  ";
      line += align[i] == 'r' ? padding + word : word + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string CountOf(int64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", FormatCount(count), thing, count == 1 ? "" : "s");
}

}  // namespace roost::cli
