#include "ingest/checkout.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "base/format.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "ingest/folder.h"
#include "ingest/folder_scan.h"
#include "ingest/stat_cache.h"
#include "store/tree_reader.h"

namespace roost::ingest {
namespace {

namespace fs = std::filesystem;
using store::EntryType;
using store::QuotePath;
using store::TreeEntry;

constexpr size_t kReadBytes = size_t{256} << 10;

absl::StatusOr<Digest> HashFile(const std::string& path, const Context& context) {
  TRY_ASSIGN(OpenedFile file, OpenedFile::Open(path));
  Sha256Stream sha256;
  std::string buffer(kReadBytes, '\0');
  while (true) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const size_t got, file.Read(buffer.data(), buffer.size()));
    if (got == 0) return sha256.Finish();
    sha256.Add(std::string_view(buffer).substr(0, got));
  }
}

/// What is to be done about one entry of the version.
enum class Step { kWrite, kKeep, kConflict };

/// One CheckOut. First everything is looked at, then changed.
class Checkout {
 public:
  Checkout(store::Store& store, const store::CommitInfo& version, const CheckoutOptions& options,
           const Context& context)
      : store_(store), version_(version), options_(options), context_(context) {}

  absl::StatusOr<CheckoutReport> Run() {
    const int64_t began_ns = absl::ToUnixNanos(context_.now());
    TRY_ASSIGN(const store::Tree tree, store::LoadTree(store_, version_));
    TRY_ASSIGN(entries_, store::LoadEntries(store_, tree.parts, context_));
    std::error_code error;
    fs::create_directories(options_.folder, error);
    if (error) return ErrnoStatus(error.value(), fmt::format("making the folder '{}'", options_.folder));
    // A temporary folder that is there was left by an export that was killed.
    fs::remove_all(PathOf(kExportFolder), error);
    TRY_ASSIGN(scanned_, ScanFolder(options_.folder, {.left_out = options_.left_out, .leave_foreign = true}, context_));
    StatCache cache = StatCache::Load(options_.caches, CacheKeyOf(version_.dataset, {options_.folder}));
    TRY(Compare(cache));
    TRY(RefuseConflicts());
    if (options_.remove_others) {
      TRY(RefuseForeignFolder(cache));
      TRY(RemoveOthers());
    }
    TRY(MakeFolders());
    TRY(WriteFiles());
    Remember(began_ns, cache);
    return report_;
  }

 private:
  std::string PathOf(std::string_view path) const { return fmt::format("{}/{}", options_.folder, path); }

  /// What to do about entry `i`, where `found` stands there.
  absl::StatusOr<Step> StepFor(const TreeEntry& entry, const ScannedEntry& found, const StatCache& cache) const {
    const bool both_files = entry.is_file() && (found.type == EntryType::kFile || found.type == EntryType::kExecutable);
    if (!both_files) {
      if (entry.type == found.type && entry.target == found.target) return Step::kKeep;
      bool is_sure = false;
      // An empty folder is nobody's work.
      const bool is_known = found.type == EntryType::kFolder || cache.Find(found, is_sure) != nullptr;
      if (found.type == EntryType::kLink || found.type == EntryType::kFolder) {
        return is_known || options_.replace ? Step::kWrite : Step::kConflict;
      }
    }
    bool is_sure = false;
    const TreeEntry* known = cache.Find(found, is_sure);
    if (options_.replace && !(both_files && found.stat.size == entry.content.size)) return Step::kWrite;
    Digest sha256;
    if (known != nullptr && is_sure) {
      sha256 = known->content.sha256;
    } else {
      TRY_ASSIGN(sha256, HashFile(PathOf(found.path), context_));
    }
    if (both_files && sha256 == entry.content.sha256) return entry.type == found.type ? Step::kKeep : Step::kWrite;
    const bool is_known = known != nullptr && known->content.sha256 == sha256;
    return is_known || options_.replace ? Step::kWrite : Step::kConflict;
  }

  absl::Status Compare(const StatCache& cache) {
    absl::flat_hash_map<std::string_view, size_t> place;
    for (size_t i = 0; i < scanned_.size(); ++i) place[scanned_[i].path] = i;
    steps_.assign(entries_.size(), Step::kWrite);
    const auto compare = [&](size_t i) -> absl::Status {
      const auto found = place.find(entries_[i].path);
      if (found == place.end()) return absl::OkStatus();
      TRY_ASSIGN(steps_[i], StepFor(entries_[i], scanned_[found->second], cache));
      return absl::OkStatus();
    };
    TRY(context_.pool->ParallelFor(entries_.size(), compare));
    for (const TreeEntry& entry : entries_) place.erase(entry.path);
    for (const auto& [path, i] : place) others_.insert(i);
    // Folders of the version that stand empty are not others.
    std::erase_if(others_,
                  [&](size_t i) { return scanned_[i].type == EntryType::kFolder && NeedsFolder(scanned_[i].path); });
    report_.others = options_.remove_others ? 0 : static_cast<int64_t>(others_.size());
    return absl::OkStatus();
  }

  /// Whether something of the version lies below `path`.
  bool NeedsFolder(const std::string& path) const {
    const std::string inside = path + "/";
    const auto first =
        std::lower_bound(entries_.begin(), entries_.end(), inside,
                         [](const TreeEntry& entry, const std::string& text) { return entry.path < text; });
    return first != entries_.end() && first->path.starts_with(inside);
  }

  absl::Status RefuseConflicts() const {
    int64_t count = 0;
    std::string first;
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (steps_[i] != Step::kConflict) continue;
      if (count++ == 0) first = entries_[i].path;
    }
    if (count == 0) return absl::OkStatus();
    const std::string more = count == 1 ? "" : fmt::format(" (and {} more)", FormatCount(count - 1));
    return WithHint(absl::InvalidArgumentError(fmt::format(
                        "'{}'{} was changed since it was exported or added, or never was; nothing was written",
                        QuotePath(PathOf(first)), more)),
                    "--force replaces it; another folder leaves it as it is.");
  }

  /// Whoever names the wrong folder (a home) must not lose what is in it.
  absl::Status RefuseForeignFolder(const StatCache& cache) const {
    if (options_.replace || others_.empty() || cache.tree() != Digest()) return absl::OkStatus();
    return WithHint(absl::InvalidArgumentError(fmt::format(
                        "'{}' was never exported to, and holds '{}', which is not of {}; nothing was removed",
                        options_.folder, QuotePath(scanned_[*others_.begin()].path), version_.Name())),
                    "--force removes it; an export without --delete leaves it.");
  }

  /// Removes what the version does not hold, and folders that become empty by it.
  absl::Status RemoveOthers() {
    std::set<std::string, std::greater<>> folders;  // the deepest first
    for (const size_t i : others_) {
      const std::string& path = scanned_[i].path;
      if (scanned_[i].type == EntryType::kFolder) {
        folders.insert(path);
      } else if (::unlink(PathOf(path).c_str()) != 0 && errno != ENOENT) {
        return ErrnoStatus(errno, fmt::format("removing '{}'", QuotePath(PathOf(path))));
      }
      ++report_.removed;
      for (size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0;
           slash = path.rfind('/', slash - 1)) {
        folders.insert(path.substr(0, slash));
      }
    }
    for (const std::string& path : folders) {
      // What is left in it (a socket, a folder of the version) keeps it.
      if (!NeedsFolder(path)) ::rmdir(PathOf(path).c_str());
    }
    return absl::OkStatus();
  }

  /// Makes sure that `path` below the folder is a folder and no link.
  absl::Status MakeFolder(const std::string& path, const std::set<std::pair<dev_t, ino_t>>& left_out) const {
    const std::string whole = PathOf(path);
    if (::mkdir(whole.c_str(), 0777) != 0 && errno != EEXIST) {
      return ErrnoStatus(errno, fmt::format("making the folder '{}'", QuotePath(whole)));
    }
    struct stat status;
    if (::lstat(whole.c_str(), &status) != 0) return ErrnoStatus(errno, QuotePath(whole));
    if (!S_ISDIR(status.st_mode)) {
      return WithHint(absl::InvalidArgumentError(
                          fmt::format("'{}' is no folder, and {} has files in it", QuotePath(whole), version_.Name())),
                      "Remove it, give --delete, or export to another folder.");
    }
    if (!left_out.contains({status.st_dev, status.st_ino})) return absl::OkStatus();
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("'{}' is the project's workspace; {} has files in it", whole, version_.Name())),
                    "Export to another folder.");
  }

  absl::Status MakeFolders() {
    std::set<std::pair<dev_t, ino_t>> left_out;
    for (const std::string& path : options_.left_out) {
      struct stat status;
      if (::stat(path.c_str(), &status) == 0) left_out.emplace(status.st_dev, status.st_ino);
    }
    std::set<std::string> folders;  // a folder before what lies in it
    for (const TreeEntry& entry : entries_) {
      if (entry.path.starts_with(kExportFolder)) {
        return absl::InvalidArgumentError(fmt::format("'{}' has the name of the folder that exports use", entry.path));
      }
      if (entry.type == EntryType::kFolder) folders.insert(entry.path);
      for (size_t slash = entry.path.rfind('/'); slash != std::string::npos; slash = entry.path.rfind('/', slash - 1)) {
        if (!folders.insert(entry.path.substr(0, slash)).second) break;
      }
    }
    for (size_t i = 0; i < entries_.size(); ++i) {
      // An empty folder takes the place of what may be replaced.
      if (entries_[i].type != EntryType::kFolder || steps_[i] != Step::kWrite) continue;
      struct stat status;
      const std::string path = PathOf(entries_[i].path);
      if (::lstat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode)) ::unlink(path.c_str());
    }
    for (const std::string& path : folders) TRY(MakeFolder(path, left_out));
    return absl::OkStatus();
  }

  absl::Status WriteBytes(const TreeEntry& entry, const std::string& temporary) const {
    const mode_t mode = entry.type == EntryType::kExecutable ? 0777 : 0666;
    const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor < 0) return ErrnoStatus(errno, fmt::format("writing '{}'", temporary));
    const auto write = [&](std::string_view bytes) -> absl::Status {
      while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return ErrnoStatus(errno, fmt::format("writing '{}'", QuotePath(PathOf(entry.path))));
        bytes.remove_prefix(static_cast<size_t>(written));
      }
      return absl::OkStatus();
    };
    const absl::Status status = store::ReadContent(
        store_, entry.content, fmt::format("{}, '{}'", version_.Name(), entry.path), write, context_);
    ::close(descriptor);
    return status;
  }

  absl::Status WriteEntry(size_t i) {
    const TreeEntry& entry = entries_[i];
    const std::string temporary = PathOf(fmt::format("{}/{}", kExportFolder, i));
    const std::string path = PathOf(entry.path);
    if (entry.is_file()) {
      TRY(WriteBytes(entry, temporary));
    } else if (::symlink(entry.target.c_str(), temporary.c_str()) != 0) {
      return ErrnoStatus(errno, fmt::format("writing the link '{}'", QuotePath(path)));
    }
    if (::rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
    // An empty folder gives way; any other stays.
    if (errno == EISDIR && ::rmdir(path.c_str()) == 0 && ::rename(temporary.c_str(), path.c_str()) == 0) {
      return absl::OkStatus();
    }
    const absl::Status status =
        errno == ENOTEMPTY || errno == EISDIR
            ? WithHint(absl::InvalidArgumentError(
                           fmt::format("'{}' is a folder, and a file in {}", QuotePath(path), version_.Name())),
                       "Remove it, give --delete, or export to another folder.")
            : ErrnoStatus(errno, fmt::format("writing '{}'", QuotePath(path)));
    return status;
  }

  absl::Status WriteFiles() {
    const std::string temporary = PathOf(kExportFolder);
    if (::mkdir(temporary.c_str(), 0777) != 0)
      return ErrnoStatus(errno, fmt::format("making the folder '{}'", temporary));
    std::atomic<int64_t> bytes{0};
    const auto write = [&](size_t i) -> absl::Status {
      TRY(context_.CheckCancelled());
      if (steps_[i] != Step::kWrite || entries_[i].type == EntryType::kFolder) return absl::OkStatus();
      bytes += static_cast<int64_t>(entries_[i].content.size);
      return WriteEntry(i);
    };
    const absl::Status status = context_.pool->ParallelFor(entries_.size(), write);
    std::error_code error;
    fs::remove_all(temporary, error);
    for (const Step step : steps_) ++(step == Step::kKeep ? report_.same : report_.written);
    report_.bytes_written = bytes;
    return status;
  }

  /// The stat cache of the folder as it is now: the next export and add know these files.
  void Remember(int64_t began_ns, StatCache& cache) {
    if (options_.caches.empty()) return;
    const auto now = ScanFolder(options_.folder, {.left_out = options_.left_out, .leave_foreign = true}, context_);
    if (!now.ok()) return;
    std::vector<TreeEntry> known;
    std::vector<FileStat> stats;
    size_t i = 0;
    for (const ScannedEntry& entry : *now) {
      while (i < entries_.size() && entries_[i].path < entry.path) ++i;
      if (i == entries_.size() || entries_[i].path != entry.path || entries_[i].type != entry.type) continue;
      known.push_back(entries_[i]);
      stats.push_back(entry.stat);
    }
    cache.Save(began_ns, version_.tree, std::move(known), std::move(stats)).IgnoreError();
  }

  store::Store& store_;
  const store::CommitInfo& version_;
  const CheckoutOptions& options_;
  const Context& context_;
  std::vector<TreeEntry> entries_;
  std::vector<ScannedEntry> scanned_;
  std::vector<Step> steps_;
  std::set<size_t> others_;
  CheckoutReport report_;
};

}  // namespace

absl::StatusOr<CheckoutReport> CheckOut(store::Store& store, const store::CommitInfo& version,
                                        const CheckoutOptions& options, const Context& context) {
  return Checkout(store, version, options, context).Run();
}

}  // namespace roost::ingest
