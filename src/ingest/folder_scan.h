#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/tree.h"

namespace roost::ingest {

/// The name of the folder at the top of an export in which files are written before they get their names. No scan goes
/// into it.
inline constexpr char kExportFolder[] = ".roost-export";

/// What the file system says of a file and what changes when its content does.
struct FileStat {
  uint64_t size = 0;
  uint64_t inode = 0;
  int64_t modified_ns = 0;  ///< since 1970
  int64_t changed_ns = 0;   ///< of content or status, since 1970; no program can set it

  friend bool operator==(const FileStat&, const FileStat&) = default;
};

struct ScannedEntry {
  std::string path;    ///< below the folder, names joined by '/'
  std::string source;  ///< where the file was named by itself: its path; else empty
  store::EntryType type = store::EntryType::kFile;
  FileStat stat;
  std::string target;  ///< of links
};

struct ScanOptions {
  std::vector<std::string> left_out;  ///< folders that are not looked into: the workspace
  /// What no version can hold (sockets and devices, names that are not UTF-8) is left out and no error.
  bool leave_foreign = false;
};

/// What lies in `folder`, in the order of the bytes of the paths: files, links (never followed), folders with nothing
/// in them. Errors name the path: InvalidArgument for sockets, devices and names that are not UTF-8, PermissionDenied
/// for folders that may not be read, Aborted where something goes away meanwhile, Cancelled.
/// Runs on the context's pool. Memory: about 250 bytes an entry. Cost: about 2 us an entry that the kernel knows.
absl::StatusOr<std::vector<ScannedEntry>> ScanFolder(const std::string& folder, const ScanOptions& options,
                                                     const Context& context);

/// The files at `paths`, each under its name; links are followed. InvalidArgument for a folder among them and for two
/// files of one name.
absl::StatusOr<std::vector<ScannedEntry>> ScanFiles(const std::vector<std::string>& paths);

/// An open file; closed at the end. Threads: one at a time.
class OpenedFile {
 public:
  /// Opens the regular file at `path`, which is not a link. Aborted where it is gone since it was seen.
  static absl::StatusOr<OpenedFile> Open(const std::string& path);
  ~OpenedFile();
  OpenedFile(OpenedFile&& other) noexcept;
  OpenedFile& operator=(OpenedFile&&) = delete;

  /// Reads up to `size` bytes; 0 at the end.
  absl::StatusOr<size_t> Read(char* place, size_t size);

  /// What the file is now: its stat, and whether its owner may execute it.
  absl::StatusOr<ScannedEntry> Stat() const;

 private:
  OpenedFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_;
  std::string path_;
};

}  // namespace roost::ingest
