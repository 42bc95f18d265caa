#include "pipeline/trainer_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost::pipeline {
namespace {

void WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

absl::StatusOr<TrainerLog> TrainerLog::Create(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0) return ErrnoStatus(errno, fmt::format("making the log {}", path));
  return TrainerLog(file);
}

TrainerLog::~TrainerLog() {
  if (file_ >= 0) close(file_);
}

TrainerLog::TrainerLog(TrainerLog&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      in_file_(other.in_file_),
      total_(other.total_),
      tail_(std::move(other.tail_)) {}

void TrainerLog::Append(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, kHeadBytes - in_file_);
  WriteAll(file_, head);
  in_file_ += head.size();
  total_ += bytes.size();
  tail_ += bytes.size() > kTailBytes ? bytes.substr(bytes.size() - kTailBytes) : bytes;
  // Cut at twice the size, so that each byte is moved once.
  if (tail_.size() > 2 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
}

void TrainerLog::Finish() {
  const uint64_t rest = total_ - in_file_;
  if (rest == 0) return;
  const size_t kept = std::min<uint64_t>({rest, kTailBytes, tail_.size()});
  if (rest > kept) WriteAll(file_, fmt::format("\n... {} bytes are left out here ...\n", FormatCount(rest - kept)));
  WriteAll(file_, std::string_view(tail_).substr(tail_.size() - kept));
  in_file_ = total_;
}

std::string TrainerLog::Tail(size_t max_bytes, size_t max_lines) const {
  std::string_view text = tail_;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  // Not more than is wanted is escaped: an escaped byte takes 4.
  if (text.size() > max_bytes) {
    text.remove_prefix(text.size() - max_bytes);
    if (const size_t feed = text.find('\n'); feed != std::string_view::npos) text.remove_prefix(feed + 1);
  }
  std::string printable = PrintableLines(text);
  size_t begin = printable.size();
  for (size_t lines = 0; begin > 0 && lines < max_lines; ++lines) {
    const size_t feed = printable.rfind('\n', begin - 1);
    const size_t start = feed == std::string::npos ? 0 : feed;
    if (printable.size() - start > max_bytes && lines > 0) break;
    begin = start;
  }
  if (begin < printable.size() && printable[begin] == '\n') ++begin;
  printable.erase(0, begin);
  if (printable.size() > max_bytes) printable.erase(0, printable.size() - max_bytes);
  return printable;
}

}  // namespace roost::pipeline
