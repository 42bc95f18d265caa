#include "table/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/io/buffered.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/io_util.h>
#include <fmt/format.h>

#include "table/arrow_status.h"

namespace roost::table {
namespace {

constexpr int64_t kBufferBytes = 1 << 20;

/// Writes to a descriptor, which it does not own, and counts: a pipe has no position of its own.
class DescriptorStream final : public arrow::io::OutputStream {
 public:
  DescriptorStream(int file, std::string path) : file_(file), path_(std::move(path)) {}
  ~DescriptorStream() override = default;

  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, int64_t length) override {
    const char* bytes = static_cast<const char*>(data);
    while (length > 0) {
      const ssize_t written = ::write(file_, bytes, static_cast<size_t>(length));
      if (written < 0) {
        if (errno == EINTR) continue;
        return arrow::internal::IOErrorFromErrno(errno, "cannot write '", path_, "'");
      }
      bytes += written;
      length -= written;
      position_ += written;
    }
    return arrow::Status::OK();
  }

  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

 private:
  int file_;
  std::string path_;
  int64_t position_ = 0;
  bool closed_ = false;
};

/// A file of a name that nobody else has, in the folder of `path`.
absl::StatusOr<int> CreateBeside(const std::string& path, std::string& temporary) {
  const std::filesystem::path target(path);
  for (int attempt = 0;; ++attempt) {
    temporary = (target.parent_path() / fmt::format(".{}.{}-{}.tmp", target.filename().string(), ::getpid(), attempt));
    const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0) return file;
    if (errno != EEXIST || attempt == 1000) return ErrnoStatus(errno, fmt::format("cannot write '{}'", path));
  }
}

absl::Status ExistsAlready(const std::string& path) {
  return absl::AlreadyExistsError(fmt::format("'{}' exists already", path));
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus(errno, fmt::format("cannot open '{}'", folder));
  const int result = ::fsync(file);
  const int sync_error = errno;
  ::close(file);
  // Some network file systems cannot sync a folder, and say EINVAL.
  if (result != 0 && sync_error != EINVAL) return ErrnoStatus(sync_error, fmt::format("cannot sync '{}'", folder));
  return absl::OkStatus();
}

/// Moves without ever replacing a file.
absl::Status MoveToFreeName(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return absl::OkStatus();
  if (errno == EEXIST) return ExistsAlready(to);
  if (errno != EINVAL && errno != ENOSYS) return ErrnoStatus(errno, fmt::format("cannot write '{}'", to));
  // A file system without RENAME_NOREPLACE: a hard link does not replace either.
  if (::link(from.c_str(), to.c_str()) != 0) {
    return errno == EEXIST ? ExistsAlready(to) : ErrnoStatus(errno, fmt::format("cannot write '{}'", to));
  }
  ::unlink(from.c_str());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<OutputFile> OutputFile::Open(const std::string& path, Overwrite overwrite) {
  OutputFile output;
  output.path_ = path;
  output.overwrite_ = overwrite;
  struct stat info;
  if (path == "-") {
    output.file_ = ::dup(STDOUT_FILENO);
    output.path_ = "standard output";
    if (output.file_ < 0) return ErrnoStatus(errno, "cannot write to standard output");
  } else if (const bool exists = ::stat(path.c_str(), &info) == 0; exists && !S_ISREG(info.st_mode)) {
    if (S_ISDIR(info.st_mode)) return absl::InvalidArgumentError(fmt::format("'{}' is a folder, not a file", path));
    output.file_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (output.file_ < 0) return ErrnoStatus(errno, fmt::format("cannot write '{}'", path));
  } else {
    if (exists && overwrite == Overwrite::kNo) return ExistsAlready(path);
    std::error_code error;
    // Through a symbolic link the file is replaced, not the link.
    if (exists) output.path_ = std::filesystem::canonical(path, error).string();
    if (error) output.path_ = path;
    TRY_ASSIGN(output.file_, CreateBeside(output.path_, output.temporary_));
  }
  auto raw = std::make_shared<DescriptorStream>(output.file_, output.path_);
  TRY_ARROW_ASSIGN(output.stream_,
                   arrow::io::BufferedOutputStream::Create(kBufferBytes, arrow::default_memory_pool(), raw));
  return output;
}

OutputFile::OutputFile(OutputFile&& other) noexcept { *this = std::move(other); }

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  if (this == &other) return *this;
  Discard();
  path_ = std::move(other.path_);
  temporary_ = std::exchange(other.temporary_, "");
  overwrite_ = other.overwrite_;
  file_ = std::exchange(other.file_, -1);
  stream_ = std::move(other.stream_);
  return *this;
}

OutputFile::~OutputFile() { Discard(); }

void OutputFile::Discard() {
  // Without Abort a buffered stream would flush when it is destroyed, and complain on stderr where it cannot.
  if (stream_ != nullptr) (void)stream_->Abort();
  stream_.reset();
  if (file_ >= 0) ::close(std::exchange(file_, -1));
  if (!temporary_.empty()) ::unlink(std::exchange(temporary_, "").c_str());
}

absl::Status OutputFile::Commit() {
  TRY_ARROW(stream_->Flush());
  if (temporary_.empty()) return absl::OkStatus();
  if (::fsync(file_) != 0) return ErrnoStatus(errno, fmt::format("cannot write '{}'", path_));
  if (overwrite_ == Overwrite::kNo) {
    TRY(MoveToFreeName(temporary_, path_));
  } else if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return ErrnoStatus(errno, fmt::format("cannot write '{}'", path_));
  }
  temporary_.clear();
  return SyncFolderOf(path_);
}

}  // namespace roost::table
