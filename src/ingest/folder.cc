#include "ingest/folder.h"

#include <algorithm>
#include <filesystem>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "ingest/stat_cache.h"
#include "store/content_writer.h"
#include "store/files_commit.h"
#include "store/tree_reader.h"

namespace roost::ingest {
namespace {

using store::FileContent;
using store::TreeEntry;

// Smaller files are read whole, as many at a time as have kBatchBytes together; larger ones are streamed.
constexpr uint64_t kWholeBytes = uint64_t{4} << 20;
constexpr uint64_t kBatchBytes = uint64_t{24} << 20;
constexpr size_t kBatchFiles = 2048;
constexpr int kTries = 2;

absl::Status Changed(const std::string& path) {
  return WithHint(absl::AbortedError(fmt::format("'{}' changed while it was read", store::QuotePath(path))),
                  "Nothing was added; run the command again when nothing writes to the file.");
}

/// A file's bytes and what it was while they were read.
struct WholeFile {
  std::string bytes;
  ScannedEntry seen;
  bool is_large = false;  ///< it has grown over kWholeBytes: nothing was read
};

bool IsSame(const ScannedEntry& a, const ScannedEntry& b) { return a.stat == b.stat && a.type == b.type; }

/// One try; Aborted where the file changed.
absl::StatusOr<WholeFile> TryReadWhole(const std::string& path) {
  TRY_ASSIGN(OpenedFile file, OpenedFile::Open(path));
  WholeFile whole;
  TRY_ASSIGN(whole.seen, file.Stat());
  whole.is_large = whole.seen.stat.size > kWholeBytes;
  if (whole.is_large) return whole;
  // One byte more than there should be tells whether there are more.
  whole.bytes.resize(whole.seen.stat.size + 1);
  size_t filled = 0;
  while (filled < whole.bytes.size()) {
    TRY_ASSIGN(const size_t got, file.Read(whole.bytes.data() + filled, whole.bytes.size() - filled));
    if (got == 0) break;
    filled += got;
  }
  TRY_ASSIGN(const ScannedEntry after, file.Stat());
  if (filled != whole.seen.stat.size || !IsSame(after, whole.seen)) return Changed(path);
  whole.bytes.resize(filled);
  return whole;
}

absl::StatusOr<WholeFile> ReadWhole(const std::string& path) {
  absl::StatusOr<WholeFile> whole = TryReadWhole(path);
  for (int tries = 1; tries < kTries && absl::IsAborted(whole.status()); ++tries) whole = TryReadWhole(path);
  return whole;
}

/// The run of one IngestFolder: from the files that were found to the tree that is stored.
class FolderIngest {
 public:
  FolderIngest(store::Store& store, std::string root, std::vector<ScannedEntry> scanned, const StatCache& cache,
               const Context& context)
      : store_(store), root_(std::move(root)), scanned_(std::move(scanned)), cache_(cache), context_(context) {}

  /// Stores what is new and returns the tree.
  absl::StatusOr<store::StoredTree> Make(const std::optional<store::CommitInfo>& parent, store::RecordWriter& records) {
    TRY(TakeKnown(parent, records));
    TRY(ReadOthers(records));
    absl::flat_hash_set<Digest> parts;
    if (parent.has_value()) {
      TRY_ASSIGN(const store::Tree tree, store::LoadTree(store_, *parent));
      for (const store::TreePart& part : tree.parts) parts.insert(part.id);
    }
    return store::WriteTreeOf(entries_, parts, records);
  }

  const FolderReport& report() const { return report_; }

  /// Writes down what is known now, for the next time. A cache that cannot be written costs only that time.
  void Remember(const store::CommitInfo& version, int64_t began_ns, StatCache& cache) {
    std::vector<FileStat> stats;
    for (const ScannedEntry& entry : scanned_) stats.push_back(entry.stat);
    cache.Save(began_ns, version.tree, std::move(entries_), std::move(stats)).IgnoreError();
  }

 private:
  std::string SourceOf(const ScannedEntry& entry) const {
    return entry.source.empty() ? fmt::format("{}/{}", root_, entry.path) : entry.source;
  }

  /// Fills entries_ with what the cache knows; to_read_ is the rest.
  absl::Status TakeKnown(const std::optional<store::CommitInfo>& parent, store::RecordWriter& records) {
    entries_.clear();
    to_read_.clear();
    report_ = {};
    for (size_t i = 0; i < scanned_.size(); ++i) {
      const ScannedEntry& entry = scanned_[i];
      entries_.push_back({.path = entry.path, .type = entry.type, .target = entry.target});
      if (!entries_.back().is_file()) continue;
      bool is_sure = false;
      const TreeEntry* known = cache_.Find(entry, is_sure);
      if (known != nullptr && is_sure) {
        entries_.back().content = known->content;
      } else {
        to_read_.push_back(i);
      }
    }
    // What the latest version holds is in the store. Other contents may be gone with the version that had them.
    if (parent.has_value() && parent->tree == cache_.tree()) return absl::OkStatus();
    return ReadLost(records);
  }

  /// Adds to to_read_ the files that were taken from the cache and whose content the store has not.
  absl::Status ReadLost(store::RecordWriter& records) {
    std::vector<Digest> ids;
    for (const TreeEntry& entry : entries_) {
      for (const store::ContentPart& part : entry.content.parts) ids.push_back(part.id);
    }
    TRY_ASSIGN(const absl::flat_hash_set<Digest> missing, records.Missing(ids));
    if (missing.empty()) return absl::OkStatus();
    for (size_t i = 0; i < entries_.size(); ++i) {
      const auto& parts = entries_[i].content.parts;
      const bool is_lost =
          std::any_of(parts.begin(), parts.end(), [&](const auto& part) { return missing.contains(part.id); });
      if (is_lost) to_read_.push_back(i);
    }
    std::sort(to_read_.begin(), to_read_.end());
    return absl::OkStatus();
  }

  absl::Status ReadOthers(store::RecordWriter& records) {
    store::ContentWriter writer(records, context_);
    for (const size_t i : to_read_) bytes_to_read_ += static_cast<int64_t>(scanned_[i].stat.size);
    std::vector<size_t> batch;
    uint64_t batch_bytes = 0;
    for (const size_t i : to_read_) {
      const uint64_t size = scanned_[i].stat.size;
      if (size > kWholeBytes) {
        TRY(AddLarge(i, writer));
        continue;
      }
      batch.push_back(i);
      batch_bytes += size;
      if (batch_bytes < kBatchBytes && batch.size() < kBatchFiles) continue;
      TRY(AddBatch(batch, writer));
      batch.clear();
      batch_bytes = 0;
    }
    return AddBatch(batch, writer);
  }

  absl::Status AddBatch(std::span<const size_t> batch, store::ContentWriter& writer) {
    std::vector<WholeFile> files(batch.size());
    const auto read = [&](size_t i) -> absl::Status {
      TRY(context_.CheckCancelled());
      TRY_ASSIGN(files[i], ReadWhole(SourceOf(scanned_[batch[i]])));
      return absl::OkStatus();
    };
    TRY(context_.pool->ParallelFor(batch.size(), read));
    std::vector<std::string_view> contents;
    for (const WholeFile& file : files) contents.push_back(file.bytes);
    TRY_ASSIGN(std::vector<FileContent> stored, writer.AddWhole(contents));
    for (size_t i = 0; i < batch.size(); ++i) {
      if (files[i].is_large) {
        TRY(AddLarge(batch[i], writer));
      } else {
        Take(batch[i], files[i].seen, std::move(stored[i]));
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddLarge(size_t i, store::ContentWriter& writer) {
    const std::string path = SourceOf(scanned_[i]);
    for (int tries = 0; tries < kTries; ++tries) {
      TRY_ASSIGN(OpenedFile file, OpenedFile::Open(path));
      TRY_ASSIGN(const ScannedEntry before, file.Stat());
      int64_t read = 0;
      const auto source = [&](char* place, size_t size) -> absl::StatusOr<size_t> {
        TRY_ASSIGN(const size_t got, file.Read(place, size));
        read += static_cast<int64_t>(got);
        Report(read);
        return got;
      };
      TRY_ASSIGN(FileContent content, writer.AddStream(source));
      TRY_ASSIGN(const ScannedEntry after, file.Stat());
      if (content.size != before.stat.size || !IsSame(before, after)) continue;
      Take(i, before, std::move(content));
      return absl::OkStatus();
    }
    return Changed(path);
  }

  /// The content of file `i`, and what the file was when it was read.
  void Take(size_t i, const ScannedEntry& seen, FileContent content) {
    ++report_.files_read;
    report_.bytes_read += static_cast<int64_t>(content.size);
    scanned_[i].stat = seen.stat;
    scanned_[i].type = entries_[i].type = seen.type;
    entries_[i].content = std::move(content);
    Report(0);
  }

  void Report(int64_t open) const {
    context_.Report({.stage = "reading", .unit = "bytes", .done = report_.bytes_read + open, .total = bytes_to_read_});
  }

  store::Store& store_;
  const std::string root_;
  std::vector<ScannedEntry> scanned_;
  const StatCache& cache_;
  const Context& context_;
  std::vector<TreeEntry> entries_;
  std::vector<size_t> to_read_;
  int64_t bytes_to_read_ = 0;
  FolderReport report_;
};

bool IsFolder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

std::string ProvenanceOf(const std::vector<std::string>& paths) {
  return ToLine({{"kind", "folder"}, {"paths", paths}});
}

}  // namespace

std::string CacheKeyOf(const std::string& dataset, const std::vector<std::string>& paths) {
  std::string key = dataset;
  for (const std::string& path : paths) {
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::weakly_canonical(path, error);
    key += fmt::format("\n{}", error ? path : whole.string());
  }
  return key;
}

absl::StatusOr<FolderReport> IngestFolder(store::Store& store, const std::vector<std::string>& paths,
                                          const FolderOptions& options, const Context& context) {
  const int64_t began_ns = absl::ToUnixNanos(context.now());
  const bool is_folder = paths.size() == 1 && IsFolder(paths.front());
  context.Report({.stage = "looking", .unit = "files", .done = 0, .total = 0});
  TRY_ASSIGN(std::vector<ScannedEntry> scanned,
             is_folder ? ScanFolder(paths.front(), {.left_out = options.left_out}, context) : ScanFiles(paths));
  if (scanned.empty()) {
    return absl::InvalidArgumentError(fmt::format("there is nothing in '{}'", store::QuotePath(paths.front())));
  }
  StatCache cache = StatCache::Load(options.caches, CacheKeyOf(options.dataset, paths));
  FolderIngest ingest(store, is_folder ? paths.front() : "", std::move(scanned), cache, context);
  store::CommitRequest request{
      .dataset = options.dataset, .branch = options.branch, .message = options.message, .author = options.author};
  request.provenance["source"] = ProvenanceOf(paths);
  TRY_ASSIGN(const store::CommitInfo version,
             store.CommitFiles(
                 request, [&](const auto& parent, auto& records) { return ingest.Make(parent, records); }, context));
  FolderReport report = ingest.report();
  report.version = version;
  const bool is_known = report.files_read == 0 && cache.tree() == version.tree;
  if (!is_known && !options.caches.empty()) ingest.Remember(version, began_ns, cache);
  return report;
}

}  // namespace roost::ingest
