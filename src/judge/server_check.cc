#include "judge/server_check.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"

namespace roost::judge {
namespace {

constexpr absl::Duration kRowFloor = absl::Microseconds(5);
constexpr int64_t kMemoryFloor = int64_t{64} << 20;

double Micros(absl::Duration duration) { return absl::ToDoubleMicroseconds(duration); }

std::string RowText(absl::Duration row) { return FormatNumber(Micros(row), 3) + " µs"; }

void CheckLimits(const ServerLimits& limits, ServerCheck& check) {
  const ServerFigures& version = *check.version;
  if (limits.max_row_us > 0 && Micros(version.row) > limits.max_row_us) {
    check.broken.push_back(fmt::format("a row costs {} of processor time; max_row_us allows {} µs",
                                       RowText(version.row), FormatNumber(limits.max_row_us)));
  }
  if (!check.champion.has_value()) return;
  const ServerFigures& champion = *check.champion;
  if (version.row > champion.row * limits.max_row_ratio && version.row > champion.row + kRowFloor) {
    check.broken.push_back(
        fmt::format("a row costs {} of processor time, the champion's {}; max_row_ratio allows {} times",
                    RowText(version.row), RowText(champion.row), FormatNumber(limits.max_row_ratio)));
  }
  const auto allowed = static_cast<double>(champion.memory_bytes) * limits.max_memory_ratio;
  if (static_cast<double>(version.memory_bytes) > allowed &&
      version.memory_bytes > champion.memory_bytes + kMemoryFloor) {
    check.broken.push_back(fmt::format("it takes {} of memory, the champion {}; max_memory_ratio allows {} times",
                                       FormatBytes(version.memory_bytes), FormatBytes(champion.memory_bytes),
                                       FormatNumber(limits.max_memory_ratio)));
  }
}

Json FiguresJson(const std::optional<ServerFigures>& figures) {
  if (!figures.has_value()) return nullptr;
  return {{"load_ms", absl::ToDoubleMilliseconds(figures->load)},
          {"row_us", Micros(figures->row)},
          {"memory_bytes", figures->memory_bytes}};
}

std::string FiguresText(const ServerFigures& figures) {
  return fmt::format("loaded in {} ms, a row in {}, {} of memory",
                     FormatNumber(absl::ToDoubleMilliseconds(figures.load), 3), RowText(figures.row),
                     FormatBytes(figures.memory_bytes));
}

}  // namespace

std::string ServerCheck::ToText() const {
  std::string text = version.has_value() ? FiguresText(*version) : "";
  for (const std::string& sentence : broken) text += (text.empty() ? "" : "; ") + sentence;
  if (champion.has_value()) text += fmt::format("; the champion: {}", FiguresText(*champion));
  if (!champion_failure.empty()) text += fmt::format("; the champion cannot be tried: {}", champion_failure);
  return text;
}

Json ServerCheck::ToJson() const {
  return {{"passed", passed()},
          {"version", FiguresJson(version)},
          {"champion", FiguresJson(champion)},
          {"champion_failure", champion_failure.empty() ? Json(nullptr) : Json(champion_failure)},
          {"broken", broken}};
}

ServerCheck CheckServer(const absl::StatusOr<ServerFigures>& version,
                        const std::optional<absl::StatusOr<ServerFigures>>& champion, const ServerLimits& limits) {
  ServerCheck check;
  if (champion.has_value() && champion->ok()) check.champion = **champion;
  if (champion.has_value() && !champion->ok()) check.champion_failure = std::string(champion->status().message());
  if (!version.ok()) {
    check.broken.push_back(fmt::format("it cannot be served: {}", std::string(version.status().message())));
    return check;
  }
  check.version = *version;
  CheckLimits(limits, check);
  return check;
}

}  // namespace roost::judge
