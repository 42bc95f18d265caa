#include "store/tree_diff.h"

#include <deque>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "store/tree_reader.h"

namespace roost::store {
namespace {

absl::StatusOr<std::vector<TreeEntry>> EntriesNotIn(const Tree& other, const Tree& tree, Store& store,
                                                    const Context& context) {
  absl::flat_hash_set<Digest> shared;
  for (const TreePart& part : other.parts) shared.insert(part.id);
  std::vector<TreePart> parts;
  for (const TreePart& part : tree.parts) {
    if (!shared.contains(part.id)) parts.push_back(part);
  }
  return LoadEntries(store, parts, context);
}

/// Takes pairs of the same content out of `removed` and `added`: files that got another path.
void FindRenamed(TreeDiff& diff) {
  absl::flat_hash_map<Digest, std::deque<size_t>> gone;
  for (size_t i = 0; i < diff.removed.size(); ++i) {
    const TreeEntry& entry = diff.removed[i];
    if (entry.is_file() && entry.content.size > 0) gone[entry.content.sha256].push_back(i);
  }
  std::vector<int64_t> new_place(diff.removed.size(), -1);
  std::vector<TreeEntry> added;
  for (size_t i = 0; i < diff.added.size(); ++i) {
    TreeEntry& entry = diff.added[i];
    const auto found = entry.is_file() ? gone.find(entry.content.sha256) : gone.end();
    if (found == gone.end() || found->second.empty()) {
      added.push_back(entry);
      continue;
    }
    new_place[found->second.front()] = static_cast<int64_t>(i);
    found->second.pop_front();
  }
  std::vector<TreeEntry> removed;
  for (size_t i = 0; i < diff.removed.size(); ++i) {
    if (new_place[i] < 0) {
      removed.push_back(std::move(diff.removed[i]));
    } else {
      diff.renamed.push_back({.before = std::move(diff.removed[i]), .after = std::move(diff.added[new_place[i]])});
    }
  }
  diff.added = std::move(added);
  diff.removed = std::move(removed);
}

}  // namespace

absl::StatusOr<TreeDiff> DiffTrees(Store& store, const CommitInfo& before, const CommitInfo& after,
                                   const Context& context) {
  TRY_ASSIGN(const Tree old_tree, LoadTree(store, before));
  TRY_ASSIGN(const Tree new_tree, LoadTree(store, after));
  TRY_ASSIGN(std::vector<TreeEntry> gone, EntriesNotIn(new_tree, old_tree, store, context));
  TRY_ASSIGN(std::vector<TreeEntry> come, EntriesNotIn(old_tree, new_tree, store, context));
  TreeDiff diff;
  size_t i = 0;
  size_t j = 0;
  while (i < gone.size() || j < come.size()) {
    if (j == come.size() || (i < gone.size() && gone[i].path < come[j].path)) {
      diff.removed.push_back(std::move(gone[i++]));
    } else if (i == gone.size() || come[j].path < gone[i].path) {
      diff.added.push_back(std::move(come[j++]));
    } else {
      if (gone[i] != come[j]) diff.changed.push_back({.before = std::move(gone[i]), .after = std::move(come[j])});
      ++i;
      ++j;
    }
  }
  FindRenamed(diff);
  return diff;
}

}  // namespace roost::store
