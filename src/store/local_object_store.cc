#include "store/local_object_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::store {
namespace {

constexpr std::string_view kTemporaryPrefix = ".put-";

/// A file descriptor that is closed at the end of its scope.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool ok() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

absl::Status WriteAll(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, fmt::format("writing {}", path));
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

/// Fills `bytes` with those of the range.
absl::Status ReadAll(int descriptor, const ByteRange& range, const std::string& path, std::string& bytes) {
  for (uint64_t done = 0; done < range.length;) {
    const ssize_t count =
        ::pread(descriptor, bytes.data() + done, range.length - done, static_cast<off_t>(range.offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, fmt::format("reading {}", path));
    if (count == 0) return absl::DataLossError(fmt::format("{} became shorter while it was read", path));
    done += static_cast<uint64_t>(count);
  }
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& folder) {
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.ok() || ::fsync(file.descriptor()) != 0) return ErrnoStatus(errno, fmt::format("syncing {}", folder));
  return absl::OkStatus();
}

std::string ParentOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

/// A new file in `folder`, readable by whom the umask allows (mkstemp's would be the owner's only). -1 with errno.
int OpenTemporary(const std::string& folder, std::string& path) {
  static std::atomic<uint64_t> counter{0};
  while (true) {
    path = fmt::format("{}/{}{}-{}", folder, kTemporaryPrefix, ::getpid(), counter++);
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    // A killed writer that had our process id may have left one.
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
}

absl::Status WriteTemporary(int descriptor, std::string_view bytes, const std::string& temporary,
                            const std::string& path) {
  TRY(WriteAll(descriptor, bytes, path));
  if (::fdatasync(descriptor) != 0) return ErrnoStatus(errno, fmt::format("syncing {}", path));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return ErrnoStatus(errno, fmt::format("writing {}", path));
  return absl::OkStatus();
}

}  // namespace

absl::Status MakeFolders(const std::string& folder) {
  struct stat status;
  if (::stat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return absl::OkStatus();
    return ErrnoStatus(ENOTDIR, folder);
  }
  const std::string parent = ParentOf(folder);
  if (parent != folder) TRY(MakeFolders(parent));
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
    return ErrnoStatus(errno, fmt::format("making the folder {}", folder));
  }
  return SyncFolder(parent);
}

absl::StatusOr<std::unique_ptr<LocalObjectStore>> LocalObjectStore::Open(std::string folder) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  TRY(MakeFolders(folder));
  return std::unique_ptr<LocalObjectStore>(new LocalObjectStore(std::move(folder)));
}

absl::StatusOr<std::string> LocalObjectStore::PathOf(std::string_view key) const {
  TRY(CheckKey(key));
  return fmt::format("{}/{}", folder_, key);
}

absl::Status LocalObjectStore::Put(std::string_view key, std::string_view bytes) {
  TRY_ASSIGN(const std::string path, PathOf(key));
  const std::string parent = ParentOf(path);
  if (::access(path.c_str(), F_OK) == 0) {
    // Another writer may have renamed it a moment ago and not yet synced the folder.
    return SyncFolder(parent);
  }
  TRY(MakeFolders(parent));
  std::string temporary;
  const File file(OpenTemporary(parent, temporary));
  if (!file.ok()) return ErrnoStatus(errno, fmt::format("writing {}", path));
  if (absl::Status written = WriteTemporary(file.descriptor(), bytes, temporary, path); !written.ok()) {
    ::unlink(temporary.c_str());
    return written;
  }
  return SyncFolder(parent);
}

absl::StatusOr<std::string> LocalObjectStore::Get(std::string_view key) {
  TRY_ASSIGN(const uint64_t size, Size(key));
  return GetRange(key, 0, size);
}

absl::StatusOr<std::string> LocalObjectStore::GetRange(std::string_view key, uint64_t offset, uint64_t length) {
  const ByteRange range{.offset = offset, .length = length};
  TRY_ASSIGN(std::vector<std::string> pieces, ReadEach(key, {&range, 1}));
  return std::move(pieces.front());
}

absl::StatusOr<std::vector<std::string>> LocalObjectStore::ReadEach(std::string_view key,
                                                                    std::span<const ByteRange> reads) {
  TRY_ASSIGN(const std::string path, PathOf(key));
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return ErrnoStatus(errno, path);
  struct stat status;
  if (::fstat(file.descriptor(), &status) != 0) return ErrnoStatus(errno, path);
  const auto size = static_cast<uint64_t>(status.st_size);
  std::vector<std::string> pieces;
  pieces.reserve(reads.size());
  for (const ByteRange& read : reads) {
    if (read.offset > size || read.length > size - read.offset) {
      return absl::DataLossError(
          fmt::format("{} has {} bytes; {} were wanted from byte {} on", path, size, read.length, read.offset));
    }
    TRY(ReadAll(file.descriptor(), read, path, pieces.emplace_back(read.length, '\0')));
  }
  return pieces;
}

absl::StatusOr<uint64_t> LocalObjectStore::Size(std::string_view key) {
  TRY_ASSIGN(const std::string path, PathOf(key));
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return ErrnoStatus(errno, path);
  if (!S_ISREG(status.st_mode)) return absl::NotFoundError(fmt::format("{} is not an object", path));
  return static_cast<uint64_t>(status.st_size);
}

absl::StatusOr<bool> LocalObjectStore::Exists(std::string_view key) {
  const absl::StatusOr<uint64_t> size = Size(key);
  if (absl::IsNotFound(size.status())) return false;
  if (!size.ok()) return size.status();
  return true;
}

absl::StatusOr<std::vector<std::string>> LocalObjectStore::List(std::string_view prefix) {
  std::string folder = folder_;
  if (!prefix.empty()) {
    TRY_ASSIGN(folder, PathOf(prefix));
  }
  std::vector<std::string> keys;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return keys;
  for (; !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().native().front() == '.') continue;
    std::error_code gone;  // a file that was deleted since is not listed
    if (entry->is_regular_file(gone)) keys.push_back(entry->path().string().substr(folder_.size() + 1));
  }
  if (error) return ErrnoStatus(error.value(), fmt::format("listing {}", folder));
  std::sort(keys.begin(), keys.end());
  return keys;
}

absl::Status LocalObjectStore::Delete(std::string_view key) {
  TRY_ASSIGN(const std::string path, PathOf(key));
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return ErrnoStatus(errno, fmt::format("deleting {}", path));
  }
  return SyncFolder(ParentOf(path));
}

absl::StatusOr<int64_t> LocalObjectStore::RemoveUnfinished(absl::Time before, bool dry_run) {
  int64_t count = 0;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(folder_, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    const std::string path = entry->path().string();
    if (!entry->path().filename().native().starts_with(kTemporaryPrefix)) continue;
    struct stat status;
    if (::stat(path.c_str(), &status) != 0 || absl::TimeFromTimespec(status.st_mtim) >= before) continue;
    if (!dry_run && ::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return ErrnoStatus(errno, fmt::format("deleting {}", path));
    }
    ++count;
  }
  if (error) return ErrnoStatus(error.value(), fmt::format("listing {}", folder_));
  return count;
}

}  // namespace roost::store
