#include "serving/iso_time.h"

#include <chrono>

namespace roost::serving {
namespace {

/// Takes pieces from the front of a text; after the first piece that is missing everything is missing.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool done() const { return rest_.empty(); }

  /// Exactly `count` digits, as a number of at most `max`.
  int Digits(size_t count, int max) {
    int value = 0;
    if (rest_.size() < count) return Fail();
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return Fail();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value <= max ? value : Fail();
  }

  /// One of `characters`, or 0.
  char Any(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return 0;
    const char taken = rest_.front();
    rest_.remove_prefix(1);
    return taken;
  }

  void Require(std::string_view characters) {
    if (Any(characters) == 0) ok_ = false;
  }

  /// 1 to 9 digits after a decimal point, in microseconds.
  int64_t FractionMicros() {
    int64_t micros = 0;
    size_t count = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1), ++count) {
      if (count < 6) micros = micros * 10 + (rest_.front() - '0');
    }
    if (count == 0 || count > 9) return Fail();
    for (; count < 6; ++count) micros *= 10;
    return micros;
  }

 private:
  int Fail() {
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

int64_t OffsetMinutes(Scanner& scanner) {
  const char sign = scanner.Any("Zz+-");
  if (sign != '+' && sign != '-') return 0;
  int64_t minutes = scanner.Digits(2, 23) * 60;
  scanner.Any(":");
  minutes += scanner.Digits(2, 59);
  return sign == '-' ? -minutes : minutes;
}

}  // namespace

std::optional<int64_t> ParseIsoTime(std::string_view text) {
  using std::chrono::day, std::chrono::month, std::chrono::year;
  Scanner scanner(text);
  const int y = scanner.Digits(4, 9999);
  scanner.Require("-");
  const int m = scanner.Digits(2, 12);
  scanner.Require("-");
  const int d = scanner.Digits(2, 31);
  const std::chrono::year_month_day date(year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d)));
  if (!scanner.ok() || !date.ok()) return std::nullopt;
  int64_t seconds = std::chrono::sys_days(date).time_since_epoch().count() * int64_t{86'400};
  int64_t micros = 0;
  if (scanner.Any("Tt ") != 0) {
    seconds += scanner.Digits(2, 23) * 3'600;
    scanner.Require(":");
    seconds += scanner.Digits(2, 59) * 60;
    if (scanner.Any(":") != 0) {
      seconds += scanner.Digits(2, 59);
      if (scanner.Any(".,") != 0) micros = scanner.FractionMicros();
    }
    seconds -= OffsetMinutes(scanner) * 60;
  }
  if (!scanner.ok() || !scanner.done()) return std::nullopt;
  return seconds * 1'000'000 + micros;
}

}  // namespace roost::serving
