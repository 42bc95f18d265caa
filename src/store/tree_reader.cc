#include "store/tree_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "store/records.h"
#include "store/store.h"

namespace roost::store {
namespace {

constexpr size_t kChunksAtOnce = 32;

/// `status` with the name of what was read, and as the loss of data that it is.
absl::Status Damaged(const absl::Status& status, std::string_view what) {
  return Annotate(absl::DataLossError(std::string(status.message())), what);
}

/// What a NotFound for `path` hints at: names of the same part are the likeliest to be meant.
std::string HintFor(std::string_view path, const std::vector<TreeEntry>& nearby, const CommitInfo& info) {
  std::vector<std::string> paths;
  for (const TreeEntry& entry : nearby) {
    if (entry.path.starts_with(fmt::format("{}/", path))) return "It is a folder; name a file in it.";
    paths.push_back(entry.path);
  }
  const std::string_view closest = ClosestName(path, paths);
  if (!closest.empty()) return fmt::format("did you mean '{}'?", closest);
  return fmt::format("'roost data list-files {}' lists them", info.Name());
}

}  // namespace

absl::StatusOr<Tree> LoadTree(Store& store, const CommitInfo& info) {
  TRY(CheckIsFiles(info));
  const absl::StatusOr<std::string> bytes = store.records().LoadObject(info.tree, kTreeTag);
  if (!bytes.ok()) return Annotate(bytes.status(), info.Name());
  absl::StatusOr<Tree> tree = ReadTree(*bytes);
  if (!tree.ok()) return Damaged(tree.status(), info.Name());
  return tree;
}

absl::StatusOr<std::vector<TreeEntry>> LoadTreePart(Store& store, const TreePart& part) {
  TRY_ASSIGN(const std::string bytes, store.records().LoadObject(part.id, kTreePartTag));
  absl::StatusOr<std::vector<TreeEntry>> entries = ReadTreePart(bytes);
  const std::string what = fmt::format("tree part {}", part.id.ToHex());
  if (!entries.ok()) return Damaged(entries.status(), what);
  if (static_cast<int64_t>(entries->size()) != part.entries || entries->empty() ||
      entries->front().path != part.first) {
    return absl::DataLossError(fmt::format("{} is not what its tree says", what));
  }
  return entries;
}

absl::StatusOr<std::vector<TreeEntry>> LoadEntries(Store& store, std::span<const TreePart> parts,
                                                   const Context& context) {
  std::vector<std::vector<TreeEntry>> loaded(parts.size());
  const auto load = [&](size_t i) -> absl::Status {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(loaded[i], LoadTreePart(store, parts[i]));
    return absl::OkStatus();
  };
  TRY(context.pool->ParallelFor(parts.size(), load));
  std::vector<TreeEntry> entries;
  for (std::vector<TreeEntry>& part : loaded) {
    if (!entries.empty() && part.front().path <= entries.back().path) {
      return absl::DataLossError(fmt::format("'{}' is out of order in its tree", part.front().path));
    }
    std::move(part.begin(), part.end(), std::back_inserter(entries));
    part = {};
  }
  return entries;
}

absl::StatusOr<TreeEntry> FindEntry(Store& store, const CommitInfo& info, std::string_view path) {
  TRY_ASSIGN(const Tree tree, LoadTree(store, info));
  const auto behind = std::upper_bound(tree.parts.begin(), tree.parts.end(), path,
                                       [](std::string_view text, const TreePart& part) { return text < part.first; });
  std::vector<TreeEntry> nearby;
  if (behind != tree.parts.begin()) {
    TRY_ASSIGN(nearby, LoadTreePart(store, *std::prev(behind)));
    for (const TreeEntry& entry : nearby) {
      if (entry.path == path) return entry;
    }
  }
  // A folder's first file may begin the next part.
  if (behind != tree.parts.end()) nearby.push_back({.path = behind->first});
  return WithHint(absl::NotFoundError(fmt::format("{} has no file '{}'", info.Name(), path)),
                  HintFor(path, nearby, info));
}

absl::StatusOr<std::vector<ContentPart>> ChunksOf(Store& store, const FileContent& content) {
  if (!content.in_lists) return content.parts;
  std::vector<ContentPart> all;
  for (const ContentPart& list : content.parts) {
    TRY_ASSIGN(const std::string bytes, store.records().LoadObject(list.id, kChunkListTag));
    const absl::StatusOr<std::vector<ContentPart>> chunks = ReadChunkList(bytes);
    const std::string what = fmt::format("list of chunks {}", list.id.ToHex());
    if (!chunks.ok()) return Damaged(chunks.status(), what);
    uint64_t total = 0;
    for (const ContentPart& chunk : *chunks) total += chunk.bytes;
    if (total != list.bytes) return absl::DataLossError(fmt::format("{} has another size than its file says", what));
    all.insert(all.end(), chunks->begin(), chunks->end());
  }
  return all;
}

absl::Status ReadContent(Store& store, const FileContent& content, std::string_view name,
                         const std::function<absl::Status(std::string_view)>& take, const Context& context) {
  TRY_ASSIGN(const std::vector<ContentPart> chunks, ChunksOf(store, content));
  for (size_t first = 0; first < chunks.size(); first += kChunksAtOnce) {
    TRY(context.CheckCancelled());
    const auto some = std::span(chunks).subspan(first, std::min(kChunksAtOnce, chunks.size() - first));
    std::vector<Digest> ids;
    for (const ContentPart& chunk : some) ids.push_back(chunk.id);
    TRY_ASSIGN(const RecordLocations locations, store.records().LocateAll(ids, name));
    std::vector<std::string> bytes(some.size());
    TRY(context.pool->ParallelFor(some.size(), [&](size_t i) -> absl::Status {
      TRY_ASSIGN(const std::string record, store.records().Load(locations.at(some[i].id)));
      TRY_ASSIGN(bytes[i], DecodeChunk(record, some[i].id));
      if (bytes[i].size() == some[i].bytes) return absl::OkStatus();
      return absl::DataLossError(
          fmt::format("'{}': chunk {} has another size than the file says", name, some[i].id.ToHex()));
    }));
    for (const std::string& chunk : bytes) TRY(take(chunk));
  }
  return absl::OkStatus();
}

}  // namespace roost::store
