#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "base/utf8.h"
#include "profile/render.h"

namespace roost::profile {
namespace {

constexpr size_t kMaxName = 24;
constexpr size_t kMaxType = 20;
constexpr size_t kMinWidth = 80;

// Figures stand to the right, texts to the left.
struct Heading {
  std::string_view text;
  bool to_the_right = false;
  bool may_be_cut = false;
};

struct Table {
  std::string_view title;
  std::vector<Heading> headings;
  std::vector<std::vector<std::string>> rows;
};

// Number of characters; wide ones are counted as one.
std::string Shortened(const std::string& text, size_t max_characters) {
  if (DisplayWidth(text) <= max_characters) return text;
  std::string_view rest = text;
  std::string shortened;
  for (size_t i = 0; i + 1 < max_characters; ++i) {
    const size_t length = std::max<size_t>(1, CharacterLength(rest));
    shortened += rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return shortened + "…";
}

// A block for each bar, as high as its share of the highest; any count at all shows.
std::string Sparkline(const std::vector<HistogramBar>& bars) {
  constexpr std::string_view kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  int64_t highest = 1;
  for (const HistogramBar& bar : bars) highest = std::max(highest, bar.count);
  std::string line;
  for (const HistogramBar& bar : bars) {
    const double share = static_cast<double>(bar.count) / static_cast<double>(highest);
    line += bar.count == 0 ? " " : kBlocks[std::min<size_t>(7, static_cast<size_t>(share * 8))];
  }
  return line;
}

std::string Distinct(const ColumnSummary& column) {
  const std::string count = FormatCount(static_cast<int64_t>(std::llround(column.distinct)));
  return column.distinct_is_exact ? count : "~" + count;
}

std::string Figure(const std::optional<double>& value) { return value ? FormatNumber(*value) : "-"; }

// "2001-05-01", or "2001-05-01T13:45Z" where some of `seconds` are not midnight. The exact ends are in the JSON.
std::vector<std::string> Instants(std::span<const double> seconds) {
  constexpr double kDay = 86'400;
  const bool days = std::all_of(seconds.begin(), seconds.end(), [](double at) { return std::fmod(at, kDay) == 0; });
  std::vector<std::string> texts;
  for (const double at : seconds) {
    const auto minute = static_cast<int64_t>(std::floor(std::clamp(at, -1e13, 1e13) / 60));
    std::string text = FormatUtc(absl::FromUnixSeconds(minute * 60));
    text.resize(text.rfind(days ? "T00:00:00Z" : ":00Z"));
    texts.push_back(days ? text : text + "Z");
  }
  return texts;
}

std::vector<std::string> Leading(const ColumnSummary& column) {
  return {Shortened(Printable(column.name), kMaxName), Shortened(Printable(column.type_text), kMaxType),
          FormatRoughShare(column.missing, column.rows)};
}

void AddNumberRow(const ColumnSummary& column, Table& table) {
  const NumberSummary& number = *column.number;
  std::vector<std::string> row = Leading(column);
  const auto median = number.percentiles.empty() ? std::nullopt : std::optional(number.percentiles[50]);
  row.push_back(Distinct(column));
  for (const auto& figure : {number.min, median, number.max, number.mean, number.standard_deviation}) {
    row.push_back(Figure(figure));
  }
  row.push_back(Sparkline(number.histogram));
  table.rows.push_back(std::move(row));
}

// NaN and infinities get a line of their own: they are rare, and worth a look.
std::string NotFinite(const ColumnSummary& column) {
  const NumberSummary& number = *column.number;
  std::string counts;
  const auto append = [&counts](int64_t count, std::string_view what) {
    if (count > 0) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", FormatCount(count), what);
  };
  append(number.nan, "NaN");
  append(number.positive_infinity, "+infinity");
  append(number.negative_infinity, "-infinity");
  return counts.empty() ? "" : fmt::format("  {}: {}\n", Shortened(Printable(column.name), kMaxName), counts);
}

// Zone and unit are left out of the type, and the number of distinct values, to leave room for the instants.
void AddTimeRow(const ColumnSummary& column, Table& table) {
  const std::vector<double>& percentiles = column.number->percentiles;
  std::vector<std::string> row = Leading(column);
  row[1] = column::TypeName(column.type);
  std::vector<std::string> instants(3, "-");
  if (!percentiles.empty()) instants = Instants(std::vector{percentiles[0], percentiles[50], percentiles[100]});
  row.insert(row.end(), instants.begin(), instants.end());
  row.push_back(Sparkline(column.number->histogram));
  table.rows.push_back(std::move(row));
}

void AddListRow(const ColumnSummary& column, Table& table) {
  const ListSummary& list = *column.list;
  std::vector<std::string> row = Leading(column);
  row.push_back(FormatRoughShare(list.empty, column.rows - column.missing));
  row.push_back(FormatCount(list.min_length));
  row.push_back(FormatNumber(list.mean_length));
  row.push_back(FormatCount(list.max_length));
  row.push_back(Sparkline(list.histogram));
  table.rows.push_back(std::move(row));
}

void AddTextRow(const ColumnSummary& column, Table& table) {
  std::vector<std::string> row = Leading(column);
  row.push_back(Distinct(column));
  std::string top;
  constexpr size_t kShown = 8;  // more than fit a line
  for (size_t i = 0; i < std::min(column.text->top.size(), kShown); ++i) {
    const ValueCount& entry = column.text->top[i];
    const std::string value = entry.value.empty() ? "''" : Shortened(Printable(entry.value), kMaxName);
    top +=
        fmt::format("{}{} {}", i == 0 ? "" : ", ", value, FormatRoughShare(entry.count, column.rows - column.missing));
  }
  row.push_back(top.empty() ? "-" : top);
  table.rows.push_back(std::move(row));
}

std::string Padded(const std::string& text, size_t width, bool to_the_right) {
  const std::string padding(width - std::min(width, DisplayWidth(text)), ' ');
  return to_the_right ? padding + text : text + padding;
}

// The widths of the columns that fit a line. Names give way first, then texts that may be cut, then whole columns from
// the right.
std::vector<size_t> Fit(const Table& table, size_t width) {
  constexpr size_t kLeastName = 8;
  constexpr size_t kLeastText = 12;
  constexpr size_t kLeastColumns = 3;
  std::vector<size_t> widths;
  for (size_t i = 0; i < table.headings.size(); ++i) {
    size_t widest = table.headings[i].text.size();
    for (const auto& row : table.rows) widest = std::max(widest, DisplayWidth(row[i]));
    widths.push_back(widest);
  }
  const auto shrink = [&](size_t column, size_t least) {
    size_t total = 0;
    for (const size_t one : widths) total += 2 + one;
    if (total > width && widths[column] > least) widths[column] -= std::min(total - width, widths[column] - least);
    return total <= width;
  };
  while (true) {
    if (table.headings[widths.size() - 1].may_be_cut && shrink(widths.size() - 1, kLeastText)) break;
    if (shrink(0, kLeastName) || shrink(0, kLeastName)) break;
    if (widths.size() == kLeastColumns) break;
    widths.pop_back();
  }
  return widths;
}

std::string Rendered(const Table& table, size_t width) {
  if (table.rows.empty()) return "";
  const std::vector<size_t> widths = Fit(table, width);
  std::string text = fmt::format("\n{}\n", table.title);
  const auto append_line = [&](const auto& cell_at) {
    std::string line;
    for (size_t i = 0; i < widths.size(); ++i) {
      const std::string cell = Shortened(std::string(cell_at(i)), widths[i]);
      line += "  " + Padded(cell, widths[i], table.headings[i].to_the_right);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  append_line([&](size_t i) { return table.headings[i].text; });
  for (const auto& row : table.rows) append_line([&](size_t i) { return std::string_view(row[i]); });
  return text;
}

// "4,000 rows, 5 columns, 0.2 % of the rows are copies of others".
std::string FirstLine(const ProfileSummary& summary) {
  std::string line =
      fmt::format("{} {}, {} {}", FormatCount(summary.rows), summary.rows == 1 ? "row" : "rows",
                  FormatCount(summary.columns.size()), summary.columns.size() == 1 ? "column" : "columns");
  if (summary.weight) line += fmt::format(", weight {}", FormatNumber(*summary.weight));
  if (summary.duplicate_share.value_or(0) > 0) {
    const auto copies = static_cast<int64_t>(*summary.duplicate_share * 1e6);
    line += fmt::format(", {}{} of the rows are copies of others", summary.duplicate_share_is_exact ? "" : "about ",
                        FormatRoughShare(std::max<int64_t>(1, copies), 1'000'000));
  }
  return line + "\n";
}

}  // namespace

std::string ToText(const ProfileSummary& summary, int width) {
  const std::vector<Heading> leading{{"column"}, {"type"}, {"missing", true}};
  const auto headings = [&leading](std::vector<Heading> more) {
    more.insert(more.begin(), leading.begin(), leading.end());
    return more;
  };
  constexpr bool kRight = true;
  Table numbers{"Numbers",
                headings({{"distinct", kRight},
                          {"min", kRight},
                          {"median", kRight},
                          {"max", kRight},
                          {"mean", kRight},
                          {"sd", kRight},
                          {"histogram"}}),
                {}};
  Table times{"Times", headings({{"first"}, {"median"}, {"last"}, {"histogram"}}), {}};
  Table texts{"Text", headings({{"distinct", kRight}, {"top values", false, true}}), {}};
  Table lists{"Lists",
              headings({{"empty", kRight}, {"shortest", kRight}, {"mean", kRight}, {"longest", kRight}, {"histogram"}}),
              {}};
  Table others{"Other", leading, {}};
  std::string not_finite;
  const auto add_column = [&](const auto& add, const ColumnSummary& column) -> void {
    if (column.text) {
      AddTextRow(column, texts);
    } else if (column.number && column::IsTime(column.type)) {
      AddTimeRow(column, times);
    } else if (column.number) {
      AddNumberRow(column, numbers);
      not_finite += NotFinite(column);
    } else if (column.list) {
      AddListRow(column, lists);
    } else {
      others.rows.push_back(Leading(column));
    }
    for (const ColumnSummary& child : column.children) add(add, child);
  };
  for (const ColumnSummary& column : summary.columns) add_column(add_column, column);
  const size_t line = std::max(kMinWidth, static_cast<size_t>(std::max(0, width)));
  return FirstLine(summary) + Rendered(numbers, line) + not_finite + Rendered(times, line) + Rendered(texts, line) +
         Rendered(lists, line) + Rendered(others, line);
}

}  // namespace roost::profile
