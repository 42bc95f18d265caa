#include "store/record_catalog.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/status.h"
#include "store/compression.h"
#include "store/leaf.h"
#include "store/leaf_codec.h"
#include "store/pack_index.h"
#include "store/tree.h"

namespace roost::store {
namespace {

absl::StatusOr<std::string> LoadRecord(ObjectStore& objects, const RecordLocation& location) {
  const PackEntry& entry = location.entry;
  TRY_ASSIGN(std::string record, objects.GetRange(PackKey(location.pack), entry.offset, entry.length));
  if (record.empty() || Crc32c(record) != entry.crc) return absl::DataLossError("its checksum is wrong");
  return record;
}

absl::Status Missing(std::string_view what, const Digest& id) {
  return absl::DataLossError(fmt::format("{} {} is in no sound pack", what, id.ToHex()));
}

}  // namespace

absl::Status RecordCatalog::Load(std::vector<std::string>& damages) {
  TRY_ASSIGN(const std::vector<std::string> keys, objects_.List("packs"));
  for (const std::string& key : keys) {
    TRY(context_.CheckCancelled());
    constexpr size_t kFolder = 6;  // "packs/"
    const absl::StatusOr<Digest> digest = Digest::FromHex(std::string_view(key).substr(kFolder, 64));
    if (!digest.ok() || key != PackKey(*digest)) continue;
    const absl::StatusOr<std::vector<PackEntry>> entries = LoadPackIndex(objects_, key);
    if (absl::IsDataLoss(entries.status())) {
      damages.emplace_back(entries.status().message());
      continue;
    }
    if (!entries.ok()) return entries.status();
    TRY_ASSIGN(packs_[*digest], objects_.Size(key));
    for (const PackEntry& entry : *entries) records_[entry.id].push_back({.pack = *digest, .entry = entry});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> RecordCatalog::LoadObject(const Digest& id, std::string_view tag) {
  const auto found = records_.find(id);
  if (found == records_.end()) return Missing(tag, id);
  for (RecordLocation& location : found->second) {
    const absl::StatusOr<std::string> record = LoadRecord(objects_, location);
    if (!record.ok()) continue;
    absl::StatusOr<std::string> bytes = ReadCompressed(std::string_view(*record).substr(1), kMaxObjectBytes);
    if (!bytes.ok() || IdOfObject(tag, *bytes) != id) continue;
    std::swap(location, found->second.front());  // the first one is chosen
    return bytes;
  }
  return Missing(tag, id);
}

absl::StatusOr<std::shared_ptr<const TileList>> RecordCatalog::List(const Digest& id, const TableObject& table) {
  const auto known = lists_.find(id);
  if (known != lists_.end()) return known->second;
  TRY_ASSIGN(const std::string bytes, LoadObject(id, kTilesTag));
  TRY_ASSIGN(TileList list, ReadTiles(bytes));
  if (list.columns.empty()) {
    for (const StoredColumn& column : table.columns) list.columns.push_back(column.id);
  }
  auto shared = std::make_shared<const TileList>(std::move(list));
  if (shared->names_columns) lists_[id] = shared;
  return shared;
}

absl::Status RecordCatalog::AddVersion(const CommitInfo& version) {
  if (version.kind == DatasetKind::kFiles) return AddTree(version.tree);
  if (tables_.contains(version.table)) return absl::OkStatus();
  TRY_ASSIGN(const std::string bytes, LoadObject(version.table, kTableTag));
  TRY_ASSIGN(const TableObject object, ReadTable(bytes));
  Table table{.order = object.order};
  for (const TileRun& run : object.runs) {
    TRY(context_.CheckCancelled());
    TRY_ASSIGN(const auto list, List(run.id, object));
    table.lists.push_back(run.id);
    for (size_t i = 0; i < list->tiles.size(); ++i) {
      AddTile(*list, i);
      table.tiles.push_back(IdOfTile(list->columns, list->tiles[i]));
    }
  }
  while (!open_.empty()) {
    const Digest id = open_.back();
    open_.pop_back();
    AddPatches(id, object);
  }
  tables_[version.table] = std::move(table);
  return absl::OkStatus();
}

absl::Status RecordCatalog::AddTree(const Digest& id) {
  absl::flat_hash_set<Digest>& records = trees_[id];
  return ForEachRecordOfTree(
      id, [&](const Digest& object, std::string_view tag) { return LoadObject(object, tag); },
      [&](const Digest& record) { return records.insert(record).second; });
}

void RecordCatalog::AddTile(const TileList& list, size_t index) {
  const Digest id = IdOfTile(list.columns, list.tiles[index]);
  const auto [tile, is_new] = tiles_.try_emplace(id);
  if (!is_new) return;
  for (const LeafRef& leaf : list.tiles[index].leaves) tile->second.leaves.push_back(leaf.id);
  open_.push_back(id);
}

/// Every patch that some pack has for the tile, if all of its bases are in lists that are there.
void RecordCatalog::AddPatches(const Digest& id, const TableObject& table) {
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  const size_t width = tiles_[id].leaves.size();
  std::vector<Candidate> candidates;
  for (const RecordLocation& location : found->second) {
    const absl::StatusOr<std::string> record = LoadRecord(objects_, location);
    const absl::StatusOr<TilePatch> patch = record.ok() ? ReadTilePatch(*record) : record.status();
    if (!patch.ok() || patch->leaves.size() != width) continue;
    Candidate candidate{.location = location};
    for (const LeafPatch& leaf : patch->leaves) candidate.is_full.push_back(leaf.form == LeafPatch::Form::kFull);
    bool is_whole = true;
    for (const TileAddress& base : patch->bases) {
      const auto list = List(base.list, table);
      is_whole = list.ok() && base.index >= 0 && static_cast<size_t>(base.index) < (*list)->tiles.size();
      if (!is_whole) break;
      const auto index = static_cast<size_t>(base.index);
      AddTile(**list, index);
      candidate.base_lists.push_back(base.list);
      candidate.base_tiles.push_back(IdOfTile((*list)->columns, (*list)->tiles[index]));
    }
    if (is_whole) candidates.push_back(std::move(candidate));
  }
  tiles_[id].patches = std::move(candidates);
}

bool RecordCatalog::CanBeRead(const Tile& tile, const Candidate& patch) const {
  for (size_t i = 0; i < tile.leaves.size(); ++i) {
    if (patch.is_full[i] && !records_.contains(tile.leaves[i])) return false;
  }
  return std::all_of(patch.base_tiles.begin(), patch.base_tiles.end(),
                     [&](const Digest& base) { return tiles_.at(base).is_resolved; });
}

/// From below: a tile is resolved when all that it stands on is, so no patch can stand upon itself.
void RecordCatalog::ResolveTiles() {
  std::vector<Tile*> waiting;
  for (auto& [id, tile] : tiles_) {
    tile.is_resolved = std::all_of(tile.leaves.begin(), tile.leaves.end(),
                                   [&](const Digest& leaf) { return records_.contains(leaf); });
    if (!tile.is_resolved) waiting.push_back(&tile);
  }
  for (size_t before = waiting.size() + 1; waiting.size() < before;) {
    before = waiting.size();
    std::erase_if(waiting, [&](Tile* tile) {
      for (size_t i = 0; i < tile->patches.size() && !tile->is_resolved; ++i) {
        if (!CanBeRead(*tile, tile->patches[i])) continue;
        tile->is_resolved = true;
        tile->patch = static_cast<int64_t>(i);
      }
      return tile->is_resolved;
    });
  }
}

bool RecordCatalog::ChooseRecord(const Digest& id) {
  const auto found = records_.find(id);
  if (found == records_.end()) return false;
  const std::vector<RecordLocation>& copies = found->second;
  const auto [chosen, is_new] = chosen_.try_emplace(id, copies.front());
  if (!is_new || copies.size() == 1) return !unsound_.contains(id);
  for (const RecordLocation& copy : copies) {
    if (!LoadRecord(objects_, copy).ok()) continue;
    chosen->second = copy;
    return true;
  }
  unsound_.insert(id);
  return false;
}

bool RecordCatalog::ChooseTile(const Digest& id) {
  const auto [known, is_new] = chosen_tiles_.try_emplace(id, true);
  if (!is_new) return known->second;
  const Tile& tile = tiles_.at(id);
  const Candidate* patch = tile.patch < 0 ? nullptr : &tile.patches[static_cast<size_t>(tile.patch)];
  bool is_whole = true;
  for (size_t i = 0; i < tile.leaves.size(); ++i) {
    if (patch == nullptr || patch->is_full[i]) is_whole = ChooseRecord(tile.leaves[i]) && is_whole;
  }
  if (patch != nullptr) {
    chosen_[id] = patch->location;
    for (const Digest& list : patch->base_lists) is_whole = ChooseRecord(list) && is_whole;
    for (const Digest& base : patch->base_tiles) is_whole = ChooseTile(base) && is_whole;
  }
  chosen_tiles_[id] = is_whole;
  return is_whole;
}

absl::Status RecordCatalog::Choose(const CommitInfo& version) {
  bool is_whole = true;
  for (const auto& [name, id] : version.attachments) is_whole = ChooseRecord(id) && is_whole;
  if (version.kind == DatasetKind::kFiles) {
    for (const Digest& id : trees_[version.tree]) is_whole = ChooseRecord(id) && is_whole;
    return is_whole ? absl::OkStatus() : absl::DataLossError("some of its records are in no sound pack");
  }
  is_whole = ChooseRecord(version.table) && is_whole;
  const auto table = tables_.find(version.table);
  if (table == tables_.end()) return absl::DataLossError("its table cannot be read");
  if (table->second.order.has_value()) is_whole = ChooseRecord(*table->second.order) && is_whole;
  for (const Digest& list : table->second.lists) is_whole = ChooseRecord(list) && is_whole;
  for (const Digest& tile : table->second.tiles) is_whole = ChooseTile(tile) && is_whole;
  return is_whole ? absl::OkStatus() : absl::DataLossError("some of its records are in no sound pack");
}

std::vector<Pack> RecordCatalog::ChosenPacks() const {
  std::map<Digest, Pack> packs;
  for (const auto& [id, location] : chosen_) {
    Pack& pack = packs[location.pack];
    pack.digest = location.pack;
    pack.bytes_total = packs_.at(location.pack);
    pack.entries.push_back(location.entry);
  }
  std::vector<Pack> chosen;
  for (auto& [digest, pack] : packs) {
    std::sort(pack.entries.begin(), pack.entries.end(),
              [](const PackEntry& left, const PackEntry& right) { return left.offset < right.offset; });
    chosen.push_back(std::move(pack));
  }
  return chosen;
}

}  // namespace roost::store
