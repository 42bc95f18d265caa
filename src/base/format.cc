#include "base/format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/utf8.h"

namespace roost {
namespace {

// Levenshtein (1966), with one row of the table kept.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row[b.size()];
}

}  // namespace

std::string FormatCount(int64_t count) {
  std::string digits = fmt::to_string(count);
  const size_t first = count < 0 ? 1 : 0;
  for (size_t place = digits.size(); place > first + 3;) {
    place -= 3;
    digits.insert(place, 1, ',');
  }
  return digits;
}

std::string FormatBytes(int64_t bytes) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, kUnits[unit]);
}

std::string FormatElapsed(absl::Duration duration) {
  const double seconds = absl::ToDoubleSeconds(duration);
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(std::lround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string FormatNumber(double value, int digits) { return fmt::format("{:.{}g}", value, digits); }

std::string FormatShare(double share) { return FormatNumber(100 * share, 3) + " %"; }

std::string FormatRoughShare(double share) {
  if (!(share > 0)) return "0 %";
  if (share >= 1) return "100 %";
  const double percent = 100 * share;
  if (percent < 0.01) return "≤0.01 %";
  if (percent > 99.9) return "≥99.9 %";
  return fmt::format("{:.{}f} %", percent, percent < 0.995 ? 2 : percent < 9.95 || percent > 99 ? 1 : 0);
}

std::string FormatRoughShare(int64_t part, int64_t whole) {
  if (part == 0 || whole == 0) return "0 %";
  return part == whole ? "100 %" : FormatRoughShare(static_cast<double>(part) / static_cast<double>(whole));
}

std::string FormatExact(double value) {
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), end);
}

std::string FormatUtc(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone()); }

std::string FormatUtcSeconds(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

size_t DisplayWidth(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string WithoutControls(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

std::string_view ClosestName(std::string_view name, std::span<const std::string> candidates) {
  std::string_view closest;
  size_t least = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < least) {
      least = distance;
      closest = candidate;
    }
  }
  return closest;
}

std::string Printable(std::string_view text) {
  std::string printable;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    const auto first = static_cast<uint8_t>(text[0]);
    const bool is_control =
        first < 0x20 || first == 0x7f || (first == 0xc2 && length == 2 && static_cast<uint8_t>(text[1]) < 0xa0);
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

std::string PrintableLines(std::string_view text) {
  std::string lines;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines += Printable(text.substr(0, end)) + "\n";
    text.remove_prefix(end + 1);
  }
  return lines + Printable(text);
}

}  // namespace roost
