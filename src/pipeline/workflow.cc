#include "pipeline/workflow.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/format.h"
#include "base/split.h"
#include "base/status.h"
#include "base/utf8.h"
#include "pipeline/workflow_checks.h"

namespace roost::pipeline {
namespace {

struct CronField {
  std::string_view name;
  int least;
  int greatest;
  std::vector<std::string_view> words;  // of the values from `least` on
};

const std::array<CronField, 5>& CronFields() {
  static const std::array<CronField, 5> kFields{
      CronField{"minute", 0, 59, {}}, CronField{"hour", 0, 23, {}}, CronField{"day of the month", 1, 31, {}},
      CronField{"month", 1, 12, {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
      CronField{"day of the week", 0, 6, {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}}};
  return kFields;
}

std::optional<int> ParseNumber(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<int> ParseValue(std::string_view text, const CronField& field) {
  const auto word = std::find(field.words.begin(), field.words.end(), text);
  if (word != field.words.end()) return field.least + static_cast<int>(word - field.words.begin());
  const std::optional<int> number = ParseNumber(text);
  return number.has_value() && *number >= field.least && *number <= field.greatest ? number : std::nullopt;
}

// "*", "*/5", "3", "1-5", "1-30/2".
bool IsCronPart(std::string_view part, const CronField& field) {
  const std::vector<std::string_view> step = SplitAt(part, '/');
  if (step.size() > 2) return false;
  if (step.size() == 2) {
    const std::optional<int> every = ParseNumber(step[1]);
    if (!every.has_value() || *every < 1 || *every > field.greatest) return false;
  }
  if (step[0] == "*") return true;
  const std::vector<std::string_view> range = SplitAt(step[0], '-');
  const std::optional<int> first = ParseValue(range[0], field);
  if (range.size() == 1) return first.has_value() && step.size() == 1;  // engines differ in "5/10"
  if (range.size() != 2 || !first.has_value()) return false;
  const std::optional<int> last = ParseValue(range[1], field);
  return last.has_value() && *first <= *last;
}

}  // namespace

absl::Status CheckArgument(std::string_view what, std::string_view value) {
  const auto refuse = [&](std::string_view why) {
    return absl::InvalidArgumentError(fmt::format("{} '{}' {}", what, Printable(value), why));
  };
  if (value.empty()) return absl::InvalidArgumentError(fmt::format("the {} is empty", what));
  if (!IsUtf8(value)) return refuse("is not UTF-8");
  if (WithoutControls(std::string(value)) != value) return refuse("has control characters");
  return value[0] == '-' ? refuse("begins with '-', which would be an option") : absl::OkStatus();
}

absl::Status CheckFolder(std::string_view value) {
  TRY(CheckArgument("folder", value));
  if (value[0] == '/') return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("folder '{}': want an absolute path", Printable(value)));
}

absl::Status CheckSchedule(std::string_view text) {
  constexpr std::array<std::string_view, 5> kNames{"@hourly", "@daily", "@weekly", "@monthly", "@yearly"};
  if (std::find(kNames.begin(), kNames.end(), text) != kNames.end()) return absl::OkStatus();
  constexpr const char* kExample = "for example '0 3 * * *': every day at 3 o'clock, in UTC";
  const std::vector<std::string_view> fields = SplitAt(text, ' ');
  if (fields.size() != CronFields().size()) {
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("'{}' is no schedule: want five fields of cron (minute, hour, day of the month, "
                                    "month, day of the week), a space between them, or one of {}",
                                    Printable(text), fmt::join(kNames, ", "))),
                    kExample);
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    const CronField& field = CronFields()[i];
    for (const std::string_view part : SplitAt(fields[i], ',')) {
      if (IsCronPart(part, field)) continue;
      return WithHint(absl::InvalidArgumentError(
                          fmt::format("schedule '{}': '{}' is no {}: want numbers from {} to {}, with "
                                      "'*', ',', '-' and '/'",
                                      Printable(text), Printable(part), field.name, field.least, field.greatest)),
                      kExample);
    }
  }
  return absl::OkStatus();
}

}  // namespace roost::pipeline
