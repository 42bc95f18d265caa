#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost::pipeline {

/// The log of a program that may write without end: a file with the first and the last megabyte of it.
/// Memory: 2 MiB. Threads: one at a time.
class TrainerLog {
 public:
  static constexpr size_t kHeadBytes = 1 << 20;
  static constexpr size_t kTailBytes = 1 << 20;

  /// Makes the file at `path`, or empties it. A symbolic link there is not followed.
  static absl::StatusOr<TrainerLog> Create(const std::string& path);

  ~TrainerLog();
  TrainerLog(TrainerLog&& other) noexcept;
  TrainerLog& operator=(TrainerLog&&) = delete;

  /// The first megabyte reaches the file at once, so that a long training can be followed. What cannot be written (a
  /// full disk) is lost: a log is no reason to end a training.
  void Append(std::string_view bytes);

  /// Writes what was kept of the end, with a line that says how many bytes are missing before it.
  void Finish();

  /// The last whole lines, at most `max_bytes` and `max_lines` of them, without blank lines at the end; what a terminal
  /// may not be sent is escaped.
  std::string Tail(size_t max_bytes, size_t max_lines) const;

 private:
  explicit TrainerLog(int file) : file_(file) {}

  int file_;
  size_t in_file_ = 0;
  uint64_t total_ = 0;
  std::string tail_;  // the newest bytes: between kTailBytes and twice as many, once there were so many
};

}  // namespace roost::pipeline
