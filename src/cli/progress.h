#pragma once

#include <functional>
#include <iosfwd>
#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "base/context.h"

namespace roost::cli {

/// Shows how far a long work is: on a terminal one line with a bar, rate and time left, redrawn ten times a second; in
/// a log one plain line every ten seconds. Threads: any.
class Progress {
 public:
  enum class Style { kTerminal, kLog, kSilent };

  /// `width` in columns. Writes to `out`, which outlives it; `now` is its clock.
  Progress(Style style, int width, std::ostream& out, std::function<absl::Time()> now = absl::Now)
      : style_(style), width_(width), out_(out), now_(std::move(now)) {}
  ~Progress() { Clear(); }

  void Update(const ProgressUpdate& update);

  /// Removes the line from the terminal, before anything else is written there.
  void Clear();

 private:
  std::string Line(const ProgressUpdate& update, absl::Duration elapsed) const;

  const Style style_;
  const int width_;
  std::ostream& out_;
  const std::function<absl::Time()> now_;
  std::mutex mutex_;
  std::string stage_;  // of the update before
  absl::Time stage_start_;
  absl::Time last_shown_ = absl::InfinitePast();
  bool shown_ = false;
};

}  // namespace roost::cli
