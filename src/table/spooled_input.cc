#include "table/spooled_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::table {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

absl::StatusOr<int> MakeNameless() {
  const char* said = std::getenv("TMPDIR");
  const std::string folder = said != nullptr && *said != '\0' ? said : "/var/tmp";
  std::string name = folder + "/roost-XXXXXX";
  const int file = ::mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) return ErrnoStatus(errno, fmt::format("a temporary file in {}", folder));
  ::unlink(name.c_str());
  return file;
}

absl::Status WriteAll(int file, const char* data, size_t bytes) {
  while (bytes > 0) {
    const ssize_t written = ::write(file, data, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      return WithHint(ErrnoStatus(written < 0 ? errno : ENOSPC, "the temporary file for stdin"),
                      "What comes through a pipe is kept there; free space, or set TMPDIR to another folder.");
    }
    data += written;
    bytes -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (size_t place = 0; (place = text.find(from, place)) != std::string::npos; place += to.size()) {
    text.replace(place, from.size(), to);
  }
}

}  // namespace

SpooledInput::SpooledInput(int file, bool is_own)
    : file_(file), is_own_(is_own), path_(fmt::format("/proc/self/fd/{}", file)) {}

SpooledInput::SpooledInput(SpooledInput&& other) noexcept
    : file_(other.file_), is_own_(std::exchange(other.is_own_, false)), path_(other.path_) {}

SpooledInput::~SpooledInput() {
  if (is_own_) ::close(file_);
}

absl::StatusOr<SpooledInput> SpooledInput::Read(int input, const Context& context) {
  struct stat info {};
  if (::fstat(input, &info) != 0) return ErrnoStatus(errno, "stdin");
  if (S_ISREG(info.st_mode)) return SpooledInput(input, /*is_own=*/false);
  if (::isatty(input) == 1) {
    return WithHint(absl::InvalidArgumentError("stdin is a terminal, not rows"),
                    "Pipe a table into it: zcat trips.csv.gz | roost profile -");
  }
  TRY_ASSIGN(const int file, MakeNameless());
  SpooledInput spooled(file, /*is_own=*/true);
  std::vector<char> buffer(kBufferBytes);
  for (int64_t done = 0;;) {
    TRY(context.CheckCancelled());
    const ssize_t got = ::read(input, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "stdin");
    if (got == 0) return spooled;
    TRY(WriteAll(file, buffer.data(), static_cast<size_t>(got)));
    done += got;
    context.Report({.stage = "reading stdin", .unit = "bytes", .done = done, .total = 0});
  }
}

absl::Status SpooledInput::Renamed(const absl::Status& status) const {
  std::string message(status.message());
  ReplaceAll(message, fmt::format("'{}'", path_), "stdin");
  ReplaceAll(message, path_, "stdin");
  std::string hint = HintOf(status);
  if (hint.find(path_) != std::string::npos) hint = "Compressed text is piped through zcat, zstdcat and the like.";
  const absl::Status renamed(status.code(), message);
  return hint.empty() ? renamed : WithHint(renamed, hint);
}

}  // namespace roost::table
