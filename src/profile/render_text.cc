#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "profile/render.h"
#include "profile/utf8.h"

namespace roost::profile {
namespace {

constexpr size_t kMaxName = 24;
constexpr size_t kMaxType = 20;
constexpr size_t kMinWidth = 80;

// Figures stand to the right, texts to the left.
struct Heading {
  std::string_view text;
  bool to_the_right = false;
};

struct Table {
  std::string_view title;
  std::vector<Heading> headings;
  std::vector<std::vector<std::string>> rows;
};

// Number of characters; wide ones are counted as one.
size_t CharactersIn(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string Shortened(const std::string& text, size_t max_characters) {
  if (CharactersIn(text) <= max_characters) return text;
  std::string_view rest = text;
  std::string shortened;
  for (size_t i = 0; i + 1 < max_characters; ++i) {
    const size_t length = std::max<size_t>(1, CharacterLength(rest));
    shortened += rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return shortened + "…";
}

// What a terminal may be sent: control characters (also the C1 ones) and bytes that are not UTF-8 as "\x1b".
std::string Printable(std::string_view text) {
  std::string printable;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    const auto first = static_cast<uint8_t>(text[0]);
    const bool is_control = first < 0x20 || first == 0x7f || (first == 0xc2 && static_cast<uint8_t>(text[1]) < 0xa0);
    if (length == 0 || is_control) {
      for (const char byte : text.substr(0, std::max<size_t>(1, length))) {
        printable += fmt::format("\\x{:02x}", static_cast<uint8_t>(byte));
      }
    } else {
      printable += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(1, length));
  }
  return printable;
}

// "0 %", "0.02 %", "37 %"; never "0 %" or "100 %" for what is only nearly so.
std::string Percent(int64_t part, int64_t whole) {
  if (part == 0 || whole == 0) return "0 %";
  if (part == whole) return "100 %";
  const double percent = 100 * static_cast<double>(part) / static_cast<double>(whole);
  if (percent < 0.01) return "<0.01 %";
  if (percent > 99.9) return ">99.9 %";
  return fmt::format("{:.{}f} %", percent, percent < 0.995 ? 2 : percent < 9.95 ? 1 : 0);
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

// Whole seconds: a median is not known more closely, and the exact ends are in the JSON.
std::string Instant(double seconds) {
  return FormatUtc(absl::FromUnixSeconds(static_cast<int64_t>(std::floor(std::clamp(seconds, -1e13, 1e13)))));
}

std::vector<std::string> Leading(const ColumnSummary& column) {
  return {Shortened(Printable(column.name), kMaxName), Shortened(Printable(column.type_text), kMaxType),
          Percent(column.missing, column.rows)};
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

void AddTimeRow(const ColumnSummary& column, Table& table) {
  const NumberSummary& number = *column.number;
  std::vector<std::string> row = Leading(column);
  row.push_back(Distinct(column));
  for (const int percent : {0, 50, 100}) {
    row.push_back(number.percentiles.empty() ? "-" : Instant(number.percentiles[percent]));
  }
  row.push_back(Sparkline(number.histogram));
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
    top += fmt::format("{}{} {}", i == 0 ? "" : ", ", value, Percent(entry.count, column.rows - column.missing));
  }
  row.push_back(top.empty() ? "-" : top);
  table.rows.push_back(std::move(row));
}

std::string Padded(const std::string& text, size_t width, bool to_the_right) {
  const std::string padding(width - std::min(width, CharactersIn(text)), ' ');
  return to_the_right ? padding + text : text + padding;
}

// The name gives way first where a line would be too long, then the last column is cut.
std::string Rendered(const Table& table, size_t width) {
  if (table.rows.empty()) return "";
  std::vector<size_t> widths;
  for (size_t i = 0; i < table.headings.size(); ++i) {
    size_t widest = table.headings[i].text.size();
    for (const auto& row : table.rows) widest = std::max(widest, CharactersIn(row[i]));
    widths.push_back(widest);
  }
  size_t before_last = 2;
  for (size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + 2;
  const size_t wanted = before_last + std::min<size_t>(widths.back(), 10);
  constexpr size_t kLeastName = 8;
  if (wanted > width && widths[0] > kLeastName) {
    const size_t less = std::min(wanted - width, widths[0] - kLeastName);
    widths[0] -= less;
    before_last -= less;
  }
  const size_t last_width = width > before_last ? width - before_last : 1;
  std::string text = fmt::format("\n{}\n", table.title);
  const auto append_line = [&](const auto& cell_at) {
    std::string line;
    for (size_t i = 0; i < widths.size(); ++i) {
      const bool last = i + 1 == widths.size();
      const std::string cell = Shortened(std::string(cell_at(i)), last ? last_width : widths[i]);
      line += "  " + Padded(cell, last ? 0 : widths[i], table.headings[i].to_the_right);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  append_line([&](size_t i) { return table.headings[i].text; });
  for (const auto& row : table.rows) append_line([&](size_t i) { return std::string_view(row[i]); });
  return text;
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
  Table times{"Times", headings({{"distinct", kRight}, {"first"}, {"median"}, {"last"}, {"histogram"}}), {}};
  Table texts{"Text", headings({{"distinct", kRight}, {"top values"}}), {}};
  Table others{"Other", leading, {}};
  std::string not_finite;
  for (const ColumnSummary& column : summary.columns) {
    if (column.text) {
      AddTextRow(column, texts);
    } else if (column.number && column::IsTime(column.type)) {
      AddTimeRow(column, times);
    } else if (column.number) {
      AddNumberRow(column, numbers);
      not_finite += NotFinite(column);
    } else {
      others.rows.push_back(Leading(column));
    }
  }
  const size_t line = std::max(kMinWidth, static_cast<size_t>(std::max(0, width)));
  return fmt::format("{} rows, {} columns\n", FormatCount(summary.rows), FormatCount(summary.columns.size())) +
         Rendered(numbers, line) + not_finite + Rendered(times, line) + Rendered(texts, line) + Rendered(others, line);
}

}  // namespace roost::profile
