#include "store/tile_patch.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/status.h"
#include "store/bit_pack.h"
#include "store/compression.h"
#include "store/edit_walk.h"
#include "store/leaf_codec.h"
#include "store/leaf_rows.h"
#include "store/records.h"
#include "store/value_map.h"

namespace roost::store {
namespace {

constexpr int64_t kMaxGivenShare = 4;    // a leaf of which more than a quarter is given is stored in full
constexpr int64_t kMinMappedRows = 64;   // fewer changed rows are given
constexpr int64_t kMinMappedShare = 64;  // and so is a smaller share
constexpr uint64_t kMaxBases = 64;
constexpr uint64_t kMaxDepth = 64;

/// How the changed rows of a leaf are told among the changed rows of all leaves of the tile.
enum class Mask : uint8_t { kNone = 0, kAll = 1, kBits = 2 };

bool HasMask(LeafPatch::Form form) { return form == LeafPatch::Form::kPatched || form == LeafPatch::Form::kMapped; }

std::vector<int64_t> UnionOfChanges(const TilePatch& patch) {
  std::vector<int64_t> all;
  for (const LeafPatch& leaf : patch.leaves) {
    if (leaf.changed.empty() || leaf.changed == all) continue;
    std::vector<int64_t> merged;
    std::set_union(all.begin(), all.end(), leaf.changed.begin(), leaf.changed.end(), std::back_inserter(merged));
    all = std::move(merged);
  }
  return all;
}

void AppendMask(std::string& bytes, const std::vector<int64_t>& changed, const std::vector<int64_t>& all) {
  if (changed.empty() || changed.size() == all.size()) {
    bytes.push_back(static_cast<char>(changed.empty() ? Mask::kNone : Mask::kAll));
    return;
  }
  bytes.push_back(static_cast<char>(Mask::kBits));
  std::vector<uint64_t> bits;
  size_t next = 0;
  for (const int64_t position : all) {
    const bool is_changed = next < changed.size() && changed[next] == position;
    bits.push_back(is_changed ? 1 : 0);
    if (is_changed) ++next;
  }
  AppendPacked(bytes, bits, 1);
}

absl::StatusOr<std::vector<int64_t>> ReadMask(ByteReader& reader, const std::vector<int64_t>& all) {
  TRY_ASSIGN(const auto mask, reader.Fixed<uint8_t>());
  if (mask == static_cast<uint8_t>(Mask::kNone)) return std::vector<int64_t>();
  if (mask == static_cast<uint8_t>(Mask::kAll)) return all;
  if (mask != static_cast<uint8_t>(Mask::kBits)) return absl::DataLossError("an unknown kind of mask");
  TRY_ASSIGN(const std::string_view packed, reader.Raw(PackedSize(all.size(), 1)));
  std::vector<uint64_t> bits(all.size());
  TRY(Unpack(packed, 1, bits));
  std::vector<int64_t> changed;
  for (size_t i = 0; i < all.size(); ++i) {
    if (bits[i] != 0) changed.push_back(all[i]);
  }
  return changed;
}

/// Everything but the leaves, which are compressed each by itself.
std::string HeadOf(const TilePatch& patch, const std::vector<int64_t>& changed) {
  std::string head;
  AppendVarint(head, static_cast<uint64_t>(patch.edits.base_rows));
  AppendVarint(head, static_cast<uint64_t>(patch.edits.rows));
  AppendVarint(head, static_cast<uint64_t>(patch.depth));
  AppendVarint(head, static_cast<uint64_t>(patch.given_rows));
  AppendVarint(head, patch.bases.size());
  for (const TileAddress& base : patch.bases) {
    head.append(reinterpret_cast<const char*>(base.list.bytes.data()), base.list.bytes.size());
    AppendVarint(head, static_cast<uint64_t>(base.index));
  }
  AppendString(head, WriteEdits(patch.edits));
  AppendString(head, WritePositions(changed));
  AppendVarint(head, patch.leaves.size());
  for (const LeafPatch& leaf : patch.leaves) {
    head.push_back(static_cast<char>(leaf.form));
    if (HasMask(leaf.form)) AppendMask(head, leaf.changed, changed);
  }
  return head;
}

absl::Status ReadBases(ByteReader& reader, TilePatch& patch) {
  TRY_ASSIGN(const uint64_t count, reader.Varint());
  if (count == 0 || count > kMaxBases) return absl::DataLossError(fmt::format("a patch with {} bases", count));
  for (uint64_t i = 0; i < count; ++i) {
    TileAddress base;
    TRY_ASSIGN(const std::string_view id, reader.Raw(base.list.bytes.size()));
    std::memcpy(base.list.bytes.data(), id.data(), id.size());
    TRY_ASSIGN(const uint64_t index, reader.Varint());
    if (index > uint64_t{1} << 32) return absl::DataLossError("a base's place is out of range");
    base.index = static_cast<int64_t>(index);
    patch.bases.push_back(base);
  }
  return absl::OkStatus();
}

absl::Status ReadLeafForms(ByteReader& reader, const std::vector<int64_t>& changed, TilePatch& patch) {
  TRY_ASSIGN(const uint64_t count, reader.Varint());
  if (count > reader.remaining()) return absl::DataLossError("a patch of more leaves than bytes");
  for (uint64_t i = 0; i < count; ++i) {
    LeafPatch leaf;
    TRY_ASSIGN(const auto form, reader.Fixed<uint8_t>());
    if (form > static_cast<uint8_t>(LeafPatch::Form::kMapped)) return absl::DataLossError("an unknown form of leaf");
    leaf.form = static_cast<LeafPatch::Form>(form);
    if (HasMask(leaf.form)) {
      TRY_ASSIGN(leaf.changed, ReadMask(reader, changed));
    }
    patch.leaves.push_back(std::move(leaf));
  }
  return reader.done() ? absl::OkStatus() : absl::DataLossError("bytes follow the head of a patch");
}

absl::Status ReadHead(std::string_view head, TilePatch& patch) {
  ByteReader reader(head);
  TRY_ASSIGN(const uint64_t base_rows, reader.Varint());
  TRY_ASSIGN(const uint64_t rows, reader.Varint());
  TRY_ASSIGN(const uint64_t depth, reader.Varint());
  TRY_ASSIGN(const uint64_t given_rows, reader.Varint());
  const uint64_t max_rows = static_cast<uint64_t>(kMaxTileRows) * kMaxBases;
  if (base_rows > max_rows || rows > static_cast<uint64_t>(kMaxTileRows) || depth == 0 || depth > kMaxDepth ||
      given_rows > max_rows * kMaxDepth) {
    return absl::DataLossError(fmt::format("a patch of {} rows to {}, {} deep", base_rows, rows, depth));
  }
  patch.depth = static_cast<int64_t>(depth);
  patch.given_rows = static_cast<int64_t>(given_rows);
  TRY(ReadBases(reader, patch));
  TRY_ASSIGN(const std::string_view edits, reader.String());
  TRY_ASSIGN(patch.edits, ReadEdits(edits, static_cast<int64_t>(base_rows), static_cast<int64_t>(rows)));
  TRY_ASSIGN(const std::string_view positions, reader.String());
  TRY_ASSIGN(const std::vector<int64_t> changed, ReadPositions(positions, patch.edits.rows));
  return ReadLeafForms(reader, changed, patch);
}

/// Where many rows changed, and all those of one value in the same way: a patch with a map, and few changed rows or
/// none.
std::optional<LeafPatch> MakeMappedPatch(const Leaf& before, const Leaf& after, const RowEdits& edits,
                                         int64_t changed_rows) {
  if (changed_rows < kMinMappedRows || changed_rows * kMinMappedShare < after.rows) return std::nullopt;
  const std::optional<ValueMap> map = FindValueMap(before, after, edits);
  if (!map.has_value()) return std::nullopt;
  const absl::StatusOr<Leaf> mapped = MapValues(before, *map);
  if (!mapped.ok()) return std::nullopt;
  LeafPatch patch{.form = LeafPatch::Form::kMapped, .changed = ChangedRows(*mapped, after, edits)};
  if (static_cast<int64_t>(patch.changed.size()) * 2 > changed_rows) return std::nullopt;
  patch.map = WriteValueMap(*map);
  return patch;
}

}  // namespace

std::string WriteTilePatch(const TilePatch& patch) {
  std::string record(1, static_cast<char>(RecordKind::kTilePatch));
  std::string head;
  AppendCompressed(head, HeadOf(patch, UnionOfChanges(patch)));
  AppendString(record, head);
  for (const LeafPatch& leaf : patch.leaves) {
    if (leaf.form == LeafPatch::Form::kMapped) AppendString(record, leaf.map);
    if (leaf.form != LeafPatch::Form::kFull) AppendString(record, leaf.given);
  }
  return record;
}

absl::StatusOr<TilePatch> ReadTilePatch(std::string_view record) {
  ByteReader reader(record);
  TRY_ASSIGN(const auto kind, reader.Fixed<uint8_t>());
  if (kind != static_cast<uint8_t>(RecordKind::kTilePatch)) {
    return absl::DataLossError(fmt::format("a record of kind {} is not a patch", kind));
  }
  TRY_ASSIGN(const std::string_view compressed, reader.String());
  TRY_ASSIGN(const std::string head, ReadCompressed(compressed, kMaxObjectBytes));
  TilePatch patch;
  TRY(ReadHead(head, patch));
  for (LeafPatch& leaf : patch.leaves) {
    if (leaf.form == LeafPatch::Form::kFull) continue;
    if (leaf.form == LeafPatch::Form::kMapped) {
      TRY_ASSIGN(const std::string_view map, reader.String());
      leaf.map = map;
    }
    TRY_ASSIGN(const std::string_view given, reader.String());
    leaf.given = given;
  }
  if (!reader.done()) return absl::DataLossError("bytes follow a patch");
  return patch;
}

LeafPatch MakeLeafPatch(const Leaf& before, const Leaf& after, const RowEdits& edits) {
  LeafPatch patch{.form = LeafPatch::Form::kSame};
  patch.changed = ChangedRows(before, after, edits);
  if (!patch.changed.empty()) patch.form = LeafPatch::Form::kPatched;
  if (auto mapped = MakeMappedPatch(before, after, edits, static_cast<int64_t>(patch.changed.size()))) {
    patch = *std::move(mapped);
  }
  const int64_t given = InsertedRows(edits) + static_cast<int64_t>(patch.changed.size());
  if (given * kMaxGivenShare > after.rows) return {};
  if (given > 0) patch.given = EncodeLeaf(GivenRows(after, edits, patch.changed));
  return patch;
}

absl::Status ApplyLeafPatch(const LeafPatch& patch, const RowEdits& edits, LeafPieces& leaf) {
  if (patch.form == LeafPatch::Form::kMapped) {
    TRY_ASSIGN(const ValueMap map, ReadValueMap(patch.map));
    Leaf before = std::move(leaf).Gather();
    // The writer had the base in the wider type.
    if (before.type != map.from.type && CanWiden(before.type, map.from.type)) {
      TRY_ASSIGN(before, Widen(std::move(before), map.from.type));
    }
    TRY_ASSIGN(Leaf mapped, MapValues(std::move(before), map));
    leaf = LeafPieces(std::move(mapped));
  }
  Leaf given;
  given.type = leaf.type();
  if (given.type.form == LeafForm::kVariable) given.offsets.push_back(0);
  if (!patch.given.empty()) {
    TRY_ASSIGN(given, DecodeLeaf(patch.given));
    if (leaf.type() != given.type && CanWiden(leaf.type(), given.type)) {
      TRY_ASSIGN(Leaf wide, Widen(std::move(leaf).Gather(), given.type));
      leaf = LeafPieces(std::move(wide));
    }
  }
  return leaf.Edit(edits, patch.changed, std::move(given));
}

absl::StatusOr<Leaf> ApplyLeafPatch(Leaf before, const LeafPatch& patch, const RowEdits& edits) {
  LeafPieces leaf(std::move(before));
  TRY(ApplyLeafPatch(patch, edits, leaf));
  return std::move(leaf).Gather();
}

}  // namespace roost::store
