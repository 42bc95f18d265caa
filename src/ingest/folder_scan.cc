#include "ingest/folder_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"
#include "base/thread_pool.h"

namespace roost::ingest {
namespace {

using store::EntryType;
using store::QuotePath;

constexpr size_t kNamesInPiece = 512;
using FileId = std::pair<dev_t, ino_t>;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

/// A folder on the way down: what lies in it, by name.
struct Folder {
  std::string path;  // below the root; empty for the root
  std::vector<std::string> names;
};

/// Some of the names of a folder, to be looked at by one thread.
struct Piece {
  size_t folder = 0;
  size_t first = 0;
  size_t end = 0;
  std::vector<ScannedEntry> entries;
  std::vector<std::string> folders;
  size_t left_out = 0;
};

int64_t Nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

FileStat StatOf(const struct stat& status) {
  return {.size = static_cast<uint64_t>(status.st_size),
          .inode = status.st_ino,
          .modified_ns = Nanoseconds(status.st_mtim),
          .changed_ns = Nanoseconds(status.st_ctim)};
}

EntryType FileTypeOf(const struct stat& status) {
  return (status.st_mode & S_IXUSR) != 0 ? EntryType::kExecutable : EntryType::kFile;
}

std::string Join(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : fmt::format("{}/{}", folder, name);
}

absl::Status Gone(const std::string& path) {
  return WithHint(absl::AbortedError(fmt::format("'{}' went away while its folder was read", QuotePath(path))),
                  "Nothing was added; run the command again when nothing changes the folder.");
}

/// The status for the errno of looking at `path`, which was there a moment ago.
absl::Status Fault(int error, const std::string& path) {
  if (error == ENOENT || error == ENOTDIR) return Gone(path);
  return ErrnoStatus(error, fmt::format("reading '{}'", QuotePath(path)));
}

std::string_view KindOf(mode_t mode) {
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISFIFO(mode)) return "a named pipe";
  return "a device";
}

absl::StatusOr<std::string> ReadLink(int folder, const std::string& name, const std::string& path) {
  std::string target(store::kMaxPathBytes + 1, '\0');
  const ssize_t size = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  if (size < 0) return Fault(errno, path);
  if (static_cast<size_t>(size) > store::kMaxPathBytes) {
    return absl::InvalidArgumentError(fmt::format("the link '{}' names a path that is too long", QuotePath(path)));
  }
  target.resize(static_cast<size_t>(size));
  return target;
}

/// The scan of one folder and of all below it, one level after another.
class Scan {
 public:
  Scan(std::string root, const ScanOptions& options, const Context& context)
      : root_(std::move(root)), options_(options), context_(context) {}

  absl::StatusOr<std::vector<ScannedEntry>> Run() {
    for (const std::string& path : options_.left_out) {
      struct stat status;
      if (::stat(path.c_str(), &status) == 0) left_out_.emplace(status.st_dev, status.st_ino);
    }
    level_.push_back({});
    while (!level_.empty()) TRY(ScanLevel());
    std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return std::move(entries_);
  }

 private:
  std::string PathOf(const std::string& path) const { return path.empty() ? root_ : fmt::format("{}/{}", root_, path); }

  absl::StatusOr<int> OpenFolder(const Folder& folder) const {
    const std::string path = PathOf(folder.path);
    // The folder that the user named may be a link; none below it is followed.
    const int no_follow = folder.path.empty() ? 0 : O_NOFOLLOW;
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | no_follow);
    if (descriptor < 0) return Fault(errno, path);
    return descriptor;
  }

  absl::Status ReadNames(Folder& folder) const {
    TRY(context_.CheckCancelled());
    TRY_ASSIGN(const int descriptor, OpenFolder(folder));
    const std::unique_ptr<DIR, CloseFolder> stream(::fdopendir(descriptor));
    if (stream == nullptr) {
      const int error = errno;
      ::close(descriptor);
      return Fault(error, PathOf(folder.path));
    }
    while (true) {
      errno = 0;
      const dirent* item = ::readdir(stream.get());
      if (item == nullptr) break;
      const std::string_view name = item->d_name;
      if (name == "." || name == ".." || (folder.path.empty() && name == kExportFolder)) continue;
      folder.names.emplace_back(name);
    }
    return errno == 0 ? absl::OkStatus() : Fault(errno, PathOf(folder.path));
  }

  absl::Status LookAt(int folder, const std::string& path, const std::string& name, Piece& piece) const {
    struct stat status;
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return Fault(errno, PathOf(path));
    if (const absl::Status good = store::CheckTreePath(path); !good.ok()) {
      if (!options_.leave_foreign) return good;
      ++piece.left_out;
      return absl::OkStatus();
    }
    if (S_ISDIR(status.st_mode)) {
      if (left_out_.contains(FileId(status.st_dev, status.st_ino))) {
        ++piece.left_out;
      } else {
        piece.folders.push_back(path);
      }
      return absl::OkStatus();
    }
    ScannedEntry entry{.path = path, .stat = StatOf(status)};
    if (S_ISREG(status.st_mode)) {
      entry.type = FileTypeOf(status);
    } else if (S_ISLNK(status.st_mode)) {
      entry.type = EntryType::kLink;
      TRY_ASSIGN(entry.target, ReadLink(folder, name, PathOf(path)));
    } else if (options_.leave_foreign) {
      ++piece.left_out;
      return absl::OkStatus();
    } else {
      return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is {}; a version holds files, folders and links",
                                                             QuotePath(PathOf(path)), KindOf(status.st_mode))),
                      "Remove it, or add a folder without it.");
    }
    piece.entries.push_back(std::move(entry));
    return absl::OkStatus();
  }

  absl::Status LookAtPiece(Piece& piece) const {
    TRY(context_.CheckCancelled());
    const Folder& folder = level_[piece.folder];
    TRY_ASSIGN(const int descriptor, OpenFolder(folder));
    absl::Status result;
    for (size_t i = piece.first; i < piece.end && result.ok(); ++i) {
      result = LookAt(descriptor, Join(folder.path, folder.names[i]), folder.names[i], piece);
    }
    ::close(descriptor);
    return result;
  }

  absl::Status ScanLevel() {
    TRY(context_.pool->ParallelFor(level_.size(), [&](size_t i) { return ReadNames(level_[i]); }));
    std::vector<Piece> pieces;
    for (size_t i = 0; i < level_.size(); ++i) {
      Folder& folder = level_[i];
      // The order of a folder is the file system's: sorted, an error is the same one each time.
      std::sort(folder.names.begin(), folder.names.end());
      for (size_t first = 0; first < folder.names.size(); first += kNamesInPiece) {
        pieces.push_back({.folder = i, .first = first, .end = std::min(first + kNamesInPiece, folder.names.size())});
      }
    }
    TRY(context_.pool->ParallelFor(pieces.size(), [&](size_t i) { return LookAtPiece(pieces[i]); }));
    std::vector<bool> is_empty(level_.size(), true);
    std::vector<Folder> next;
    for (Piece& piece : pieces) {
      if (!piece.entries.empty() || !piece.folders.empty()) is_empty[piece.folder] = false;
      std::move(piece.entries.begin(), piece.entries.end(), std::back_inserter(entries_));
      for (std::string& path : piece.folders) next.push_back({.path = std::move(path)});
    }
    for (size_t i = 0; i < level_.size(); ++i) {
      if (is_empty[i] && !level_[i].path.empty())
        entries_.push_back({.path = level_[i].path, .type = EntryType::kFolder});
    }
    level_ = std::move(next);
    return absl::OkStatus();
  }

  std::string root_;
  const ScanOptions& options_;
  const Context& context_;
  std::set<FileId> left_out_;
  std::vector<Folder> level_;
  std::vector<ScannedEntry> entries_;
};

}  // namespace

absl::StatusOr<std::vector<ScannedEntry>> ScanFolder(const std::string& folder, const ScanOptions& options,
                                                     const Context& context) {
  struct stat status;
  if (::stat(folder.c_str(), &status) != 0) return ErrnoStatus(errno, fmt::format("reading '{}'", QuotePath(folder)));
  if (!S_ISDIR(status.st_mode)) return absl::InvalidArgumentError(fmt::format("'{}' is no folder", QuotePath(folder)));
  return Scan(folder, options, context).Run();
}

absl::StatusOr<std::vector<ScannedEntry>> ScanFiles(const std::vector<std::string>& paths) {
  std::vector<ScannedEntry> entries;
  for (const std::string& path : paths) {
    std::error_code error;
    // The file itself, so that a link which is named is followed and one that comes later is not.
    const std::string source = std::filesystem::canonical(path, error).string();
    struct stat status;
    if (error || ::stat(source.c_str(), &status) != 0) {
      return absl::NotFoundError(fmt::format("no such file: '{}'", QuotePath(path)));
    }
    if (!S_ISREG(status.st_mode)) {
      return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is no file", QuotePath(path))),
                      "A version is made of one folder, or of files.");
    }
    ScannedEntry entry{.path = std::filesystem::path(path).filename().string(), .source = source};
    entry.type = FileTypeOf(status);
    entry.stat = StatOf(status);
    TRY(store::CheckTreePath(entry.path));
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  for (size_t i = 1; i < entries.size(); ++i) {
    if (entries[i].path != entries[i - 1].path) continue;
    return absl::InvalidArgumentError(fmt::format("two files are named '{}'", entries[i].path));
  }
  return entries;
}

absl::StatusOr<OpenedFile> OpenedFile::Open(const std::string& path) {
  // O_NONBLOCK: a named pipe that took the file's place would wait for a writer.
  OpenedFile file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), path);
  if (file.descriptor_ < 0) return errno == ELOOP ? Gone(path) : Fault(errno, path);
  struct stat status;
  if (::fstat(file.descriptor_, &status) != 0) return Fault(errno, path);
  if (!S_ISREG(status.st_mode)) return Gone(path);
  return file;
}

OpenedFile::~OpenedFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

OpenedFile::OpenedFile(OpenedFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

absl::StatusOr<size_t> OpenedFile::Read(char* place, size_t size) {
  while (true) {
    const ssize_t got = ::read(descriptor_, place, size);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return Fault(errno, path_);
  }
}

absl::StatusOr<ScannedEntry> OpenedFile::Stat() const {
  struct stat status;
  if (::fstat(descriptor_, &status) != 0) return Fault(errno, path_);
  return ScannedEntry{.type = FileTypeOf(status), .stat = StatOf(status)};
}

}  // namespace roost::ingest
