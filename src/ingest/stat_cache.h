#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/hash.h"
#include "ingest/folder_scan.h"
#include "store/tree.h"

namespace roost::ingest {

/// What was last known of a folder's files: by their stat they are recognised without being read. A local file that may
/// be deleted at any time: it only saves work. Only contents that a version holds are in it.
///
/// A file is taken as unchanged where size, inode and both times are the same and both times are older than the scan by
/// 2 s: a change in the same tick of the file system's clock would not show (git's rule for its index).
class StatCache {
 public:
  /// The cache of `key` (a dataset and a folder) in the folder `caches`. One that is missing or damaged is empty.
  static StatCache Load(const std::string& caches, std::string_view key);

  /// The entry of `path` where its stat is that of `scanned`; null where it is not known. `is_sure` tells whether the
  /// content is the same too, by the rule above; where it is not, the file must be read to know. Cost: one search.
  const store::TreeEntry* Find(const ScannedEntry& scanned, bool& is_sure) const;

  /// The tree whose entries these are; zero where there is none.
  const Digest& tree() const { return tree_; }

  /// Replaces all: `entries` in the order of their paths, each with its stat as it was before it was read; `began_ns`
  /// is the time before the first of them was looked at. Written as a whole or not at all.
  absl::Status Save(int64_t began_ns, const Digest& tree, std::vector<store::TreeEntry> entries,
                    std::vector<FileStat> stats);

 private:
  explicit StatCache(std::string path, std::string key) : path_(std::move(path)), key_(std::move(key)) {}
  absl::Status Read();

  std::string path_;
  std::string key_;
  int64_t began_ns_ = 0;
  Digest tree_;
  std::vector<store::TreeEntry> entries_;
  std::vector<FileStat> stats_;
};

}  // namespace roost::ingest
