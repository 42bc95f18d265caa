#pragma once

#include <functional>
#include <iosfwd>
#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "base/context.h"

namespace roost::cli {

/// Shows how far a long work is: on a terminal one line with a bar, rate and time left, redrawn ten times a second; in
/// a log one plain line every ten seconds; for programs a line of JSON (docs/training.md) up to four times a second,
/// and always the last one of a stage. Threads: any.
class Progress {
 public:
  enum class Style { kTerminal, kLog, kJson, kSilent };

  /// `width` in columns. Writes to `out`, which outlives it; `now` is its clock.
  Progress(Style style, int width, std::ostream& out, std::function<absl::Time()> now = absl::Now)
      : style_(style), width_(width), out_(out), now_(std::move(now)) {}
  ~Progress() { Clear(); }

  void Update(const ProgressUpdate& update);

  /// Before anything else is written there: removes the line from the terminal, writes the line of JSON that waits.
  void Clear();

 private:
  std::string Line(const ProgressUpdate& update, absl::Duration elapsed) const;
  std::string JsonLine(const ProgressUpdate& update, absl::Duration elapsed) const;
  double RateOf(const ProgressUpdate& update, absl::Duration elapsed) const;
  void WritePending();

  const Style style_;
  const int width_;
  std::ostream& out_;
  const std::function<absl::Time()> now_;
  std::mutex mutex_;
  std::string stage_;  // of the update before
  absl::Time stage_start_;
  int64_t stage_begin_ = 0;  // `done` of the stage's first update: what is gone on with was done before
  std::string pending_;      // the last line of JSON, where it came too early
  absl::Time last_shown_ = absl::InfinitePast();
  bool shown_ = false;
};

}  // namespace roost::cli
