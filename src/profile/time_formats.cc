#include "profile/time_formats.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <optional>
#include <span>

#include "profile/characters.h"

namespace roost::profile {
namespace {

constexpr std::string_view kFormats[] = {
    // ISO 8601 and its kin
    "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M:%S.%f%z", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M%z", "%Y%m%dT%H%M%S",
    "%Y%m%dT%H%M%S%z", "%Y-%m",
    // year first, otherwise
    "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y.%m.%d",
    // day or month first; where every text fits both, it is the month
    "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%y", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%y", "%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S",
    "%d/%m/%y", "%m-%d-%Y", "%d-%m-%Y",
    // months by name: RFC 2822, RFC 9110, ctime, web server logs
    "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%B %d, %Y", "%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %Z",
    "%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S %z",
    // times of day
    "%H:%M:%S", "%H:%M", "%I:%M %p",
    // numbers
    "%Y%m%d", "%Y%m%d%H%M%S", "unix seconds", "unix milliseconds", "unix microseconds", "unix nanoseconds"};
static_assert(std::size(kFormats) == kTimeFormats && kTimeFormats <= 64);
constexpr size_t kFirstOfNumbers = kTimeFormats - 6;

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> kDays = {"monday", "tuesday",  "wednesday", "thursday",
                                                   "friday", "saturday", "sunday"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsDate(int year, int month, int day) {
  constexpr std::array<int, 12> kLengths = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= kLengths[static_cast<size_t>(month - 1)] && (month != 2 || day <= 28 || leap);
}

// Reads a text from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }

  bool Literal(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  // `least` to `most` digits, as many as there are; a number between `low` and `high`.
  std::optional<int> Number(size_t least, size_t most, int low, int high) {
    int value = 0;
    size_t digits = 0;
    for (; digits < most && digits < text_.size() && IsDigit(text_[digits]); ++digits) {
      value = value * 10 + (text_[digits] - '0');
    }
    if (digits < least || value < low || value > high) return std::nullopt;
    text_.remove_prefix(digits);
    return value;
  }

  // The position of the name that comes next, whole or as its first three letters.
  std::optional<int> Name(std::span<const std::string_view> names, bool whole) {
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string_view name = whole ? names[i] : names[i].substr(0, 3);
      if (!EqualsInAnyCase(text_.substr(0, name.size()), name)) continue;
      text_.remove_prefix(name.size());
      return static_cast<int>(i);
    }
    return std::nullopt;
  }

  // Z, +02, +0200, +02:00.
  bool Offset() {
    if (Literal('Z')) return true;
    if (!Literal('+') && !Literal('-')) return false;
    if (!Number(2, 2, 0, 23)) return false;
    if (Literal(':')) return Number(2, 2, 0, 59).has_value();
    return done() || Number(2, 2, 0, 59).has_value();
  }

 private:
  std::string_view text_;
};

// What the parts of a text said.
struct Parts {
  int year = 2000;  // a leap year, where none is said
  int month = 1;
  int day = 1;
};

// Reads what `directive` (the letter behind %) stands for. `full`: a number has all of its digits.
bool ReadPart(char directive, bool full, Scanner& scanner, Parts& parts) {
  const size_t least = full ? 2 : 1;
  const auto keep = [](std::optional<int> value, int& part) {
    part = value.value_or(part);
    return value.has_value();
  };
  constexpr std::string_view kHalves[] = {"am", "pm"};
  constexpr std::string_view kZones[] = {"gmt", "utc"};
  switch (directive) {
    case 'Y': return keep(scanner.Number(4, 4, 1, 9999), parts.year);
    case 'y': {
      const bool read = keep(scanner.Number(2, 2, 0, 99), parts.year);
      if (read) parts.year += parts.year < 69 ? 2000 : 1900;  // as POSIX has it
      return read;
    }
    case 'm': return keep(scanner.Number(least, 2, 1, 12), parts.month);
    case 'd': return keep(scanner.Number(least, 2, 1, 31), parts.day);
    case 'H': return scanner.Number(least, 2, 0, 23).has_value();
    case 'I': return scanner.Number(least, 2, 1, 12).has_value();
    case 'M': return scanner.Number(2, 2, 0, 59).has_value();
    case 'S': return scanner.Number(2, 2, 0, 60).has_value();  // 60: a leap second
    case 'f': return scanner.Number(1, 9, 0, 999'999'999).has_value();
    case 'z': return scanner.Offset();
    case 'Z': return scanner.Name(kZones, /*whole=*/true).has_value();
    case 'p': return scanner.Name(kHalves, /*whole=*/true).has_value();
    case 'a': return scanner.Name(kDays, /*whole=*/false).has_value();
    case 'b':
    case 'B': {
      const bool read = keep(scanner.Name(kMonths, directive == 'B'), parts.month);
      parts.month += read ? 1 : 0;
      return read;
    }
    default: return false;  // kFormats has no others
  }
}

bool Fits(std::string_view format, std::string_view text) {
  Scanner scanner(text);
  Parts parts;
  bool touches = false;  // the part before, without a separator
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      if (!scanner.Literal(format[i])) return false;
      touches = false;
      continue;
    }
    ++i;
    const bool full = touches || (i + 1 < format.size() && format[i + 1] == '%');
    if (!ReadPart(format[i], full, scanner, parts)) return false;
    touches = true;
  }
  return scanner.done() && IsDate(parts.year, parts.month, parts.day);
}

// 1900 to 2099.
bool IsCompactYear(std::string_view digits) { return digits.starts_with("19") || digits.starts_with("20"); }

// 0 to 3 for seconds to nanoseconds since 1970, where `digits` lies between 1990 and 2035 as such.
std::optional<size_t> UnixUnitOf(std::string_view digits) {
  constexpr uint64_t kFirst = 631'152'000;  // 1990-01-01
  constexpr uint64_t kEnd = 2'051'222'400;  // 2035-01-01
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc()) return std::nullopt;
  for (size_t unit = 0; unit < 4; ++unit, value /= 1000) {
    if (value >= kFirst && value < kEnd) return unit;
  }
  return std::nullopt;
}

}  // namespace

std::string_view TimeFormat(size_t index) { return kFormats[index]; }

uint64_t TimeFormatsOf(std::string_view text) {
  constexpr size_t kLongest = 40;
  if (text.empty() || text.size() > kLongest) return 0;
  const auto digits = std::count_if(text.begin(), text.end(), IsDigit);
  if (digits == 0) return 0;
  uint64_t fits = 0;
  if (static_cast<size_t>(digits) == text.size()) {
    for (size_t i = kFirstOfNumbers; i < kFirstOfNumbers + 2; ++i) {
      if (IsCompactYear(text) && Fits(kFormats[i], text)) fits |= uint64_t{1} << i;
    }
    if (const auto unit = UnixUnitOf(text)) fits |= uint64_t{1} << (kFirstOfNumbers + 2 + *unit);
    return fits;
  }
  const bool begins_with_name = !IsDigit(text[0]);
  for (size_t i = 0; i < kFirstOfNumbers; ++i) {
    const char first = kFormats[i][1];
    if (begins_with_name != (first == 'a' || first == 'b' || first == 'B')) continue;
    if (Fits(kFormats[i], text)) fits |= uint64_t{1} << i;
  }
  return fits;
}

}  // namespace roost::profile
