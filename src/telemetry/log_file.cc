#include "telemetry/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::telemetry {
namespace {

constexpr std::string_view kStderr = "-";
constexpr int kPatienceMs = 100;

absl::StatusOr<net::FileDescriptor> OpenFile(const std::string& path) {
  // Not blocking: a named pipe that nobody reads is an error then, not a wait.
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  net::FileDescriptor file(path == kStderr ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
                                           : open(path.c_str(), flags, 0640));
  if (!file.valid()) return ErrnoStatus(errno, fmt::format("opening {}", path));
  return file;
}

bool IsRegular(int fd) {
  struct stat found {};
  return fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
}

}  // namespace

absl::StatusOr<LogFile> LogFile::Open(std::string path) {
  TRY_ASSIGN(net::FileDescriptor file, OpenFile(path));
  const bool is_regular = IsRegular(file.get());
  return LogFile(std::move(path), std::move(file), is_regular);
}

absl::Status LogFile::Follow(bool always) {
  if (path_ == kStderr) return absl::OkStatus();
  struct stat at_path {
  }, mine{};
  const bool is_mine = stat(path_.c_str(), &at_path) == 0 && fstat(file_.get(), &mine) == 0 &&
                       at_path.st_dev == mine.st_dev && at_path.st_ino == mine.st_ino;
  if (is_mine && !always) return absl::OkStatus();
  TRY_ASSIGN(LogFile next, Open(path_));
  *this = std::move(next);
  return absl::OkStatus();
}

absl::StatusOr<size_t> LogFile::Write(const std::array<std::string_view, 2>& pieces) {
  std::array<iovec, 2> parts;
  for (size_t i = 0; i < parts.size(); ++i) {
    parts[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};  // it is not written to
  }
  if (!is_regular_) {
    // stderr may be a blocking pipe: what is ready takes PIPE_BUF bytes without waiting.
    pollfd ready{file_.get(), POLLOUT, 0};
    if (poll(&ready, 1, kPatienceMs) == 0) return 0;
    parts[0].iov_len = std::min<size_t>(parts[0].iov_len, PIPE_BUF);
    parts[1].iov_len = 0;
  }
  const ssize_t written = writev(file_.get(), parts.data(), static_cast<int>(parts.size()));
  if (written >= 0) return static_cast<size_t>(written);
  if (errno == EINTR || errno == EAGAIN) return 0;
  return ErrnoStatus(errno, fmt::format("writing {}", path_ == kStderr ? "stderr" : path_));
}

}  // namespace roost::telemetry
