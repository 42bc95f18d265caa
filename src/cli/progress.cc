#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include <fmt/format.h>

#include "base/format.h"

namespace roost::cli {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(100);
constexpr absl::Duration kLogInterval = absl::Seconds(10);
constexpr int kBarCells = 20;

std::string Amount(const ProgressUpdate& update, int64_t amount) {
  if (std::string_view(update.unit) == "bytes") return FormatBytes(amount);
  return fmt::format("{} {}", FormatCount(amount), update.unit);
}

// A second's amount, without the unit that stands before it in the line.
std::string Rate(const ProgressUpdate& update, int64_t amount) {
  return std::string_view(update.unit) == "bytes" ? FormatBytes(amount) : FormatCount(amount);
}

}  // namespace

void Progress::Update(const ProgressUpdate& update) {
  if (style_ == Style::kSilent) return;
  const std::lock_guard lock(mutex_);
  const absl::Time now = now_();
  if (stage_ != update.stage) {
    stage_ = update.stage;
    stage_start_ = now;
    last_shown_ = style_ == Style::kLog ? now : absl::InfinitePast();
  }
  if (now - last_shown_ < (style_ == Style::kTerminal ? kRedraw : kLogInterval)) return;
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
  if (shown_) out_ << "\r\x1b[K" << std::flush;
  shown_ = false;
}

std::string Progress::Line(const ProgressUpdate& update, absl::Duration elapsed) const {
  const double seconds = std::max(absl::ToDoubleSeconds(elapsed), 1e-3);
  const double rate = static_cast<double>(update.done) / seconds;
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
  if (seconds > 0.2) line += fmt::format(", {}/s", Rate(update, static_cast<int64_t>(rate)));
  if (update.total > update.done && rate > 0 && seconds > 0.2) {
    line +=
        fmt::format(", {} left", FormatElapsed(absl::Seconds(static_cast<double>(update.total - update.done) / rate)));
  }
  if (style_ == Style::kTerminal && static_cast<int>(line.size()) >= width_) line.resize(std::max(width_ - 1, 0));
  return line;
}

}  // namespace roost::cli
