#include "store/merge_files.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "store/tree_diff.h"
#include "store/tree_reader.h"

namespace roost::store {
namespace {

/// What stands under a path on one side, where it is not what the base has: nothing for a removed one.
using Changes = std::map<std::string, std::optional<TreeEntry>>;
using Entries = std::map<std::string, TreeEntry>;

struct SideFiles {
  Changes now;
  Entries before;  ///< of paths that the base has
};

absl::StatusOr<SideFiles> ChangesOf(Store& store, const CommitInfo& base, const CommitInfo& side,
                                    const Context& context) {
  TRY_ASSIGN(const TreeDiff diff, DiffTrees(store, base, side, context));
  SideFiles files;
  for (const TreeEntry& entry : diff.added) files.now[entry.path] = entry;
  for (const TreeEntry& entry : diff.removed) {
    files.now[entry.path] = std::nullopt;
    files.before[entry.path] = entry;
  }
  for (const ChangedEntry& entry : diff.changed) {
    files.now[entry.before.path] = entry.after;
    files.before[entry.before.path] = entry.before;
  }
  for (const ChangedEntry& entry : diff.renamed) {
    files.now[entry.before.path] = std::nullopt;
    files.now[entry.after.path] = entry.after;
    files.before[entry.before.path] = entry.before;
  }
  return files;
}

std::string Describe(const std::optional<TreeEntry>& entry) {
  if (!entry.has_value()) return "not there";
  if (entry->type == EntryType::kLink) return "link to " + entry->target;
  if (entry->type == EntryType::kFolder) return "empty folder";
  return fmt::format("{}, sha256 {}", FormatBytes(static_cast<int64_t>(entry->content.size)),
                     entry->content.sha256.ToHex().substr(0, 12));
}

/// The paths of entries that `one` has new or changed, and in which, as in folders, `other` has such entries. Where
/// neither changed one of both nothing clashes: a side that has the one has taken the other away.
void AddClashes(const Changes& one, const Changes& other, std::set<std::string>& clashes) {
  for (const auto& [path, entry] : one) {
    if (!entry.has_value()) continue;
    const std::string folder = path + "/";
    for (auto in = other.lower_bound(folder); in != other.end() && in->first.starts_with(folder); ++in) {
      if (in->second.has_value()) clashes.insert(path);
    }
  }
}

/// What `entries` have at `path` and in it.
Entries EntriesAt(const Entries& entries, const std::string& path) {
  Entries found;
  if (const auto entry = entries.find(path); entry != entries.end()) found.insert(*entry);
  const std::string folder = path + "/";
  for (auto in = entries.lower_bound(folder); in != entries.end() && in->first.starts_with(folder); ++in) {
    found.insert(*in);
  }
  return found;
}

/// What EntriesAt found, for people.
std::string DescribeAll(const Entries& found, const std::string& path) {
  if (found.empty()) return "not there";
  if (const auto entry = found.find(path); entry != found.end()) return Describe(entry->second);
  const std::string first = found.begin()->first;
  if (found.size() == 1) return fmt::format("folder with {}", first);
  return fmt::format("folder with {} and {} more", first, FormatCount(static_cast<int64_t>(found.size()) - 1));
}

absl::StatusOr<Entries> EntriesOf(Store& store, const CommitInfo& version, const Context& context) {
  TRY_ASSIGN(const Tree tree, LoadTree(store, version));
  TRY_ASSIGN(std::vector<TreeEntry> entries, LoadEntries(store, tree.parts, context));
  Entries by_path;
  for (TreeEntry& entry : entries) {
    std::string path = entry.path;
    by_path.emplace(std::move(path), std::move(entry));
  }
  return by_path;
}

class FilesMerger {
 public:
  FilesMerger(SideFiles ours, SideFiles theirs, OnConflict on_conflict)
      : ours_(std::move(ours)), theirs_(std::move(theirs)), takes_theirs_(on_conflict == OnConflict::kTheirs) {
    AddClashes(ours_.now, theirs_.now, clashes_);
    AddClashes(theirs_.now, ours_.now, clashes_);
  }

  absl::StatusOr<MergedFiles> Run(Store& store, const CommitInfo& base, const CommitInfo& ours,
                                  const CommitInfo& theirs, const Context& context) {
    TRY_ASSIGN(entries_, EntriesOf(store, ours, context));
    if (!clashes_.empty()) {
      TRY_ASSIGN(const Entries base_entries, EntriesOf(store, base, context));
      TRY_ASSIGN(const Entries their_entries, EntriesOf(store, theirs, context));
      for (const std::string& path : clashes_) Clash(path, base_entries, their_entries);
    }
    for (const auto& [path, entry] : theirs_.now) {
      if (!IsInClash(path)) Take(path, entry);
    }
    std::stable_sort(merged_.conflicts.begin(), merged_.conflicts.end(),
                     [](const Conflict& a, const Conflict& b) { return a.where < b.where; });
    for (auto& [path, entry] : entries_) merged_.entries.push_back(std::move(entry));
    return std::move(merged_);
  }

 private:
  /// Whether a clash is at the path or at a folder that it lies in.
  bool IsInClash(const std::string& path) const {
    for (size_t end = path.size(); end != std::string::npos && end > 0; end = path.rfind('/', end - 1)) {
      if (clashes_.contains(path.substr(0, end))) return true;
    }
    return false;
  }

  /// A file on one side and a folder on the other: all that is there and in it is of one side.
  void Clash(const std::string& path, const Entries& base, const Entries& theirs) {
    const Entries their_entries = EntriesAt(theirs, path);
    const Entries our_entries = EntriesAt(entries_, path);
    merged_.conflicts.push_back({.kind = "file",
                                 .where = path,
                                 .base = DescribeAll(EntriesAt(base, path), path),
                                 .ours = DescribeAll(our_entries, path),
                                 .theirs = DescribeAll(their_entries, path)});
    if (!takes_theirs_) return;
    for (const auto& [ours_path, entry] : our_entries) {
      if (!their_entries.contains(ours_path)) Put(ours_path, std::nullopt);
    }
    for (const auto& [their_path, entry] : their_entries) {
      const auto now = entries_.find(their_path);
      if (now == entries_.end() || now->second != entry) Put(their_path, entry);
    }
  }

  /// What theirs made of a path is taken, unless ours made something else of it.
  void Take(const std::string& path, const std::optional<TreeEntry>& entry) {
    if (const auto ours = ours_.now.find(path); ours != ours_.now.end()) {
      if (ours->second == entry) return;
      const auto before = theirs_.before.find(path);
      merged_.conflicts.push_back(
          {.kind = "file",
           .where = path,
           .base = Describe(before == theirs_.before.end() ? std::nullopt : std::optional(before->second)),
           .ours = Describe(ours->second),
           .theirs = Describe(entry)});
      if (!takes_theirs_) return;
    }
    Put(path, entry);
  }

  void Put(const std::string& path, const std::optional<TreeEntry>& entry) {
    const bool was_there = entries_.erase(path) > 0;
    if (entry.has_value()) entries_.emplace(path, *entry);
    (entry.has_value() ? was_there ? merged_.changed : merged_.added : merged_.removed) += 1;
  }

  const SideFiles ours_;
  const SideFiles theirs_;
  const bool takes_theirs_;
  std::set<std::string> clashes_;  // paths
  Entries entries_;                // those of ours at first, then the merged ones
  MergedFiles merged_;
};

}  // namespace

absl::StatusOr<MergedFiles> MergeFiles(Store& store, const CommitInfo& base, const CommitInfo& ours,
                                       const CommitInfo& theirs, OnConflict on_conflict, const Context& context) {
  TRY_ASSIGN(SideFiles our_files, ChangesOf(store, base, ours, context));
  TRY_ASSIGN(SideFiles their_files, ChangesOf(store, base, theirs, context));
  FilesMerger merger(std::move(our_files), std::move(their_files), on_conflict);
  return merger.Run(store, base, ours, theirs, context);
}

}  // namespace roost::store
