#include "store/merge_files.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "store/tree_diff.h"
#include "store/tree_reader.h"

namespace roost::store {
namespace {

/// What stands under a path on one side, where it is not what the base has: nothing for a removed one.
using Changes = std::map<std::string, std::optional<TreeEntry>>;

struct SideFiles {
  Changes now;
  std::map<std::string, TreeEntry> before;  ///< of paths that the base has
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

}  // namespace

absl::StatusOr<MergedFiles> MergeFiles(Store& store, const CommitInfo& base, const CommitInfo& ours,
                                       const CommitInfo& theirs, OnConflict on_conflict, const Context& context) {
  TRY_ASSIGN(const SideFiles our_files, ChangesOf(store, base, ours, context));
  TRY_ASSIGN(const SideFiles their_files, ChangesOf(store, base, theirs, context));
  MergedFiles merged;
  TRY_ASSIGN(const Tree tree, LoadTree(store, ours));
  TRY_ASSIGN(std::vector<TreeEntry> entries, LoadEntries(store, tree.parts, context));
  std::map<std::string, TreeEntry> by_path;
  for (TreeEntry& entry : entries) {
    std::string path = entry.path;
    by_path.emplace(std::move(path), std::move(entry));
  }
  for (const auto& [path, entry] : their_files.now) {
    const auto ours_now = our_files.now.find(path);
    if (ours_now != our_files.now.end()) {
      if (ours_now->second == entry) continue;
      const auto before = their_files.before.find(path);
      merged.conflicts.push_back(
          {.kind = "file",
           .where = path,
           .base = Describe(before == their_files.before.end() ? std::nullopt : std::optional(before->second)),
           .ours = Describe(ours_now->second),
           .theirs = Describe(entry)});
      if (on_conflict != OnConflict::kTheirs) continue;
    }
    const bool was_there = by_path.erase(path) > 0;
    if (entry.has_value()) by_path.emplace(path, *entry);
    (entry.has_value() ? was_there ? merged.changed : merged.added : merged.removed) += 1;
  }
  for (auto& [path, entry] : by_path) merged.entries.push_back(std::move(entry));
  return merged;
}

}  // namespace roost::store
