#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "expr/plan.h"

namespace roost::expr {
namespace {

// Reads a time from the left; every step leaves `ok` false where the text does not fit.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool done() const { return rest_.empty(); }
  bool StartsWith(char c) const { return rest_.starts_with(c); }

  bool Take(char c) {
    if (!StartsWith(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void Need(char c) { ok_ = Take(c) && ok_; }

  // Exactly `digits` digits, at most `max`.
  int64_t Digits(size_t digits, int64_t max) {
    int64_t value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') {
        ok_ = false;
        return 0;
      }
      value = value * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    if (value > max) ok_ = false;
    return value;
  }

  // One to six digits after the point, as microseconds.
  int64_t Fraction() {
    int64_t micros = Digits(1, 9);
    int64_t unit = 100'000;
    micros *= unit;
    while (ok_ && unit > 1 && !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      unit /= 10;
      micros += Digits(1, 9) * unit;
    }
    return micros;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::optional<int64_t> DaysSince1970(Reader& reader) {
  using std::chrono::day, std::chrono::month, std::chrono::year;
  const int64_t y = reader.Digits(4, 9999);
  reader.Need('-');
  const int64_t m = reader.Digits(2, 12);
  reader.Need('-');
  const int64_t d = reader.Digits(2, 31);
  const std::chrono::year_month_day date{year(static_cast<int>(y)), month(static_cast<unsigned>(m)),
                                         day(static_cast<unsigned>(d))};
  if (!reader.ok() || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

int64_t SecondsOfZone(Reader& reader) {
  if (reader.Take('Z') || reader.done()) return 0;
  const bool west = reader.Take('-');
  if (!west) reader.Need('+');
  const int64_t hours = reader.Digits(2, 14);
  reader.Need(':');
  const int64_t seconds = hours * 3600 + reader.Digits(2, 59) * 60;
  return west ? -seconds : seconds;
}

}  // namespace

std::optional<int64_t> TimeOf(std::string_view text) {
  Reader reader(text);
  const std::optional<int64_t> days = DaysSince1970(reader);
  int64_t seconds = 0;
  int64_t micros = 0;
  if (days.has_value() && !reader.done()) {
    if (!reader.Take(' ')) reader.Need('T');
    seconds = reader.Digits(2, 23) * 3600;
    reader.Need(':');
    seconds += reader.Digits(2, 59) * 60;
    if (reader.Take(':')) {
      seconds += reader.Digits(2, 59);
      if (reader.Take('.')) micros = reader.Fraction();
    }
    seconds -= SecondsOfZone(reader);
  }
  if (!days.has_value() || !reader.ok() || !reader.done()) return std::nullopt;
  return (*days * 86'400 + seconds) * 1'000'000 + micros;
}

absl::StatusOr<int64_t> ParseTime(std::string_view text) {
  const std::optional<int64_t> time = TimeOf(text);
  if (!time.has_value()) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no time: want '2001-04-01' or '2001-04-01T13:30:00Z'", text));
  }
  return *time;
}

}  // namespace roost::expr
