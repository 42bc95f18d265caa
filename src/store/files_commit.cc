#include "store/files_commit.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "store/dataset_ref.h"
#include "store/leaf.h"
#include "store/leaf_codec.h"
#include "store/names.h"
#include "store/store.h"

namespace roost::store {
namespace {

/// What is no folder must have nothing under it. A folder that is named itself is empty.
absl::Status CheckEntries(std::span<const TreeEntry> entries) {
  absl::flat_hash_set<std::string_view> paths;
  for (size_t i = 0; i < entries.size(); ++i) {
    TRY(CheckTreePath(entries[i].path));
    if (i > 0 && entries[i].path <= entries[i - 1].path) {
      return absl::InvalidArgumentError(fmt::format("'{}' is there twice, or out of order", entries[i].path));
    }
    paths.insert(entries[i].path);
  }
  for (const TreeEntry& entry : entries) {
    const std::string_view path = entry.path;
    for (size_t slash = path.rfind('/'); slash != std::string_view::npos; slash = path.rfind('/', slash - 1)) {
      if (!paths.contains(path.substr(0, slash))) continue;
      return absl::InvalidArgumentError(
          fmt::format("'{}' is no folder, and yet '{}' lies in it", path.substr(0, slash), path));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StoredTree> WriteTreeOf(std::span<const TreeEntry> entries, const absl::flat_hash_set<Digest>& known,
                                       RecordWriter& records) {
  TRY(CheckEntries(entries));
  Tree tree;
  for (size_t first = 0, i = 0; i < entries.size(); ++i) {
    const TreeEntry& entry = entries[i];
    if (entry.type != EntryType::kFolder) ++tree.files;
    tree.bytes += entry.content.size;
    if (i + 1 < entries.size() && !EndsPart(entry.path, static_cast<int64_t>(i + 1 - first))) continue;
    const std::string bytes = WriteTreePart(entries.subspan(first, i + 1 - first));
    TreePart part{.id = IdOfObject(kTreePartTag, bytes),
                  .entries = static_cast<int64_t>(i + 1 - first),
                  .first = entries[first].path};
    if (!known.contains(part.id)) {
      TRY(records.AddObject(kTreePartTag, static_cast<uint8_t>(RecordKind::kTreePart), bytes).status());
    }
    tree.parts.push_back(std::move(part));
    first = i + 1;
  }
  StoredTree stored{.files = tree.files, .bytes = tree.bytes};
  TRY_ASSIGN(stored.id, records.AddObject(kTreeTag, static_cast<uint8_t>(RecordKind::kTree), WriteTree(tree)));
  return stored;
}

absl::StatusOr<CommitInfo> Store::CommitFiles(const CommitRequest& request, const TreeMaker& make,
                                              const Context& context) {
  TRY(CheckDatasetName(request.dataset));
  const std::string branch = request.branch.empty() ? kMainBranch : request.branch;
  TRY_ASSIGN(const std::optional<CommitInfo> parent,
             names().HeadForCommit(request.dataset, branch, request.allow_protected));
  if (parent.has_value() && parent->kind != DatasetKind::kFiles) {
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("'{}' is a dataset of tables; files cannot be its next version", request.dataset)),
                    "Give the files a dataset of their own, under another name.");
  }
  const int64_t before = parent.has_value() ? parent->version : 0;
  if (request.expected_version.value_or(before) != before) return LostRace(request.dataset);
  RecordWriter records(objects(), this->records(), context);
  TRY_ASSIGN(const StoredTree tree, make(parent, records));
  if (parent.has_value() && parent->tree == tree.id && request.other_parents.empty()) {
    CommitInfo same = *parent;
    same.unchanged = true;
    return same;
  }
  CommitInfo info{.dataset = request.dataset, .branch = branch};
  info.kind = DatasetKind::kFiles;
  info.tree = tree.id;
  if (parent.has_value()) info.parents.push_back(parent->digest);
  info.parents.insert(info.parents.end(), request.other_parents.begin(), request.other_parents.end());
  info.files = tree.files;
  info.files_added = tree.files - (parent.has_value() ? parent->files : 0);
  info.bytes_in = static_cast<int64_t>(tree.bytes);
  info.time = context.now();
  info.author = request.author;
  info.message = request.message;
  info.provenance = request.provenance;
  TRY_ASSIGN(const SealedRecords sealed, records.Seal());
  for (const Pack& pack : sealed.packs) info.bytes_stored += static_cast<int64_t>(pack.bytes_total);
  TRY(context.CheckCancelled());
  return Publish(std::move(info), request, sealed);
}

}  // namespace roost::store
