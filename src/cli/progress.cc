#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/json.h"

namespace roost::cli {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(100);
constexpr absl::Duration kLogInterval = absl::Seconds(10);
constexpr absl::Duration kJsonInterval = absl::Milliseconds(250);
constexpr int kBarCells = 20;

std::string Amount(const ProgressUpdate& update, int64_t amount) {
  if (std::string_view(update.unit) == "bytes") return FormatBytes(amount);
  return fmt::format("{} {}", FormatCount(amount), update.unit);
}

// A second's amount, without the unit that stands before it in the line.
std::string Rate(const ProgressUpdate& update, double rate) {
  const int64_t amount = std::llround(rate);
  return std::string_view(update.unit) == "bytes" ? FormatBytes(amount) : FormatCount(amount);
}

absl::Duration IntervalOf(Progress::Style style) {
  switch (style) {
    case Progress::Style::kTerminal: return kRedraw;
    case Progress::Style::kJson: return kJsonInterval;
    default: return kLogInterval;
  }
}

// None while too little is done to tell.
std::optional<double> SecondsLeft(const ProgressUpdate& update, double rate, absl::Duration elapsed) {
  if (update.total <= update.done || !(rate > 0) || elapsed <= absl::Milliseconds(200)) return std::nullopt;
  return static_cast<double>(update.total - update.done) / rate;
}

}  // namespace

void Progress::Update(const ProgressUpdate& update) {
  if (style_ == Style::kSilent) return;
  const std::lock_guard lock(mutex_);
  const absl::Time now = now_();
  if (stage_ != update.stage) {
    WritePending();
    stage_ = update.stage;
    stage_start_ = now;
    stage_begin_ = update.done;
    last_shown_ = style_ == Style::kLog ? now : absl::InfinitePast();
  }
  const bool is_early = now - last_shown_ < IntervalOf(style_);
  if (style_ == Style::kJson) {
    pending_ = JsonLine(update, now - stage_start_);
    if (is_early) return;
    last_shown_ = now;
    WritePending();
    return;
  }
  if (is_early) return;
  last_shown_ = now;
  const std::string line = Line(update, now - stage_start_);
  if (style_ == Style::kLog) {
    out_ << line << std::endl;
    return;
  }
  out_ << "\r\x1b[K" << line << std::flush;
  shown_ = true;
}

void Progress::Clear() {
  const std::lock_guard lock(mutex_);
  WritePending();
  if (shown_) out_ << "\r\x1b[K" << std::flush;
  shown_ = false;
}

void Progress::WritePending() {
  if (!pending_.empty()) out_ << pending_ << std::endl;
  pending_.clear();
}

double Progress::RateOf(const ProgressUpdate& update, absl::Duration elapsed) const {
  return static_cast<double>(update.done - stage_begin_) / std::max(absl::ToDoubleSeconds(elapsed), 1e-3);
}

std::string Progress::JsonLine(const ProgressUpdate& update, absl::Duration elapsed) const {
  Json json{{"message_type", "progress"}, {"stage", update.stage}, {"unit", update.unit}, {"done", update.done}};
  if (update.total > 0) json["total"] = update.total;
  if (!std::isnan(update.loss)) json["loss"] = update.loss;
  const std::optional<double> left = SecondsLeft(update, RateOf(update, elapsed), elapsed);
  if (left.has_value()) json["seconds_left"] = std::round(*left * 10) / 10;
  return ToLine(json);
}

std::string Progress::Line(const ProgressUpdate& update, absl::Duration elapsed) const {
  const double rate = RateOf(update, elapsed);
  std::string line = fmt::format("{}: {}", update.stage, Amount(update, update.done));
  if (update.total > 0) {
    const double share = std::min(1.0, static_cast<double>(update.done) / static_cast<double>(update.total));
    if (style_ == Style::kTerminal) {
      const int full = static_cast<int>(share * kBarCells);
      line = fmt::format("{} [{}{}] {:3.0f} %, {} of {}", update.stage, std::string(full, '#'),
                         std::string(kBarCells - full, '.'), share * 100, FormatCount(update.done),
                         Amount(update, update.total));
    } else {
      line = fmt::format("{}: {:.0f} %, {} of {}", update.stage, share * 100, FormatCount(update.done),
                         Amount(update, update.total));
    }
  }
  if (!std::isnan(update.loss)) line += fmt::format(", loss {}", FormatNumber(update.loss));
  if (elapsed > absl::Milliseconds(200)) line += fmt::format(", {}/s", Rate(update, rate));
  const std::optional<double> left = SecondsLeft(update, rate, elapsed);
  if (left.has_value()) line += fmt::format(", {} left", FormatElapsed(absl::Seconds(*left)));
  if (style_ == Style::kTerminal && static_cast<int>(line.size()) >= width_) line.resize(std::max(width_ - 1, 0));
  return line;
}

}  // namespace roost::cli
