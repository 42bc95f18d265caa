#include "store/table_object.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/status.h"
#include "store/leaf_codec.h"

namespace roost::store {
namespace {

constexpr uint8_t kTilesVersion = 2;
constexpr uint8_t kTilesWithoutColumns = 1;
constexpr int kTableVersion = 1;
constexpr int kFirstCutBits = 13;  // of tables that do not say it
constexpr uint8_t kNoZone = 0;
constexpr char kIdentity[] = "identity";
constexpr int64_t kMinRunTiles = 8;
constexpr int64_t kMaxRunTiles = 256;
constexpr uint64_t kRunMask = (1 << 5) - 1;

std::string_view BytesOf(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

void AppendTile(std::string& bytes, const TileNode& tile) {
  AppendVarint(bytes, static_cast<uint64_t>(tile.rows));
  for (const LeafRef& leaf : tile.leaves) {
    bytes.append(BytesOf(leaf.id));
    AppendVarint(bytes, static_cast<uint64_t>(leaf.nulls));
    AppendVarint(bytes, static_cast<uint64_t>(leaf.bytes));
    AppendFixed(bytes, kNoZone);
  }
}

absl::StatusOr<LeafRef> ReadLeafRef(ByteReader& reader, int64_t rows) {
  LeafRef leaf;
  TRY_ASSIGN(const std::string_view id, reader.Raw(leaf.id.bytes.size()));
  std::memcpy(leaf.id.bytes.data(), id.data(), id.size());
  TRY_ASSIGN(const uint64_t nulls, reader.Varint());
  TRY_ASSIGN(const uint64_t bytes, reader.Varint());
  TRY_ASSIGN(const auto zone, reader.Fixed<uint8_t>());
  if (nulls > static_cast<uint64_t>(rows) || bytes > (uint64_t{1} << 32) || zone != kNoZone) {
    return absl::DataLossError("a leaf's entry is not well-formed");
  }
  leaf.nulls = static_cast<int64_t>(nulls);
  leaf.bytes = static_cast<int64_t>(bytes);
  return leaf;
}

absl::StatusOr<TableObject> TableFromJson(const Json& json) {
  TableObject table;
  if (json.at("format").get<int>() != kTableVersion) {
    return absl::DataLossError(
        fmt::format("a table of format {}, which this version does not know", json.at("format").get<int>()));
  }
  for (const Json& item : json.at("columns")) {
    table.columns.push_back({.id = item.at("id").get<int64_t>(),
                             .name = item.at("name").get<std::string>(),
                             .type = item.at("type").get<std::string>(),
                             .nullable = item.at("nullable").get<bool>()});
  }
  table.next_column_id = json.at("next_column_id").get<int64_t>();
  table.cut_columns = json.at("cut").at("columns").get<std::vector<int64_t>>();
  table.cut_bits = json.at("cut").value("bits", kFirstCutBits);
  if (json.contains("key")) table.key = json.at("key").get<std::vector<int64_t>>();
  if (const auto order = json.at("order").get<std::string>(); order != kIdentity) {
    TRY_ASSIGN(table.order, Digest::FromHex(order));
  }
  table.rows = json.at("rows").get<int64_t>();
  for (const Json& item : json.at("runs")) {
    TileRun run{.tiles = item.at("tiles").get<int64_t>(), .rows = item.at("rows").get<int64_t>()};
    TRY_ASSIGN(run.id, Digest::FromHex(item.at("id").get<std::string>()));
    table.runs.push_back(run);
  }
  return table;
}

}  // namespace

int64_t TileList::Find(int64_t column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  return found == columns.end() ? -1 : found - columns.begin();
}

std::string WriteTiles(const TileList& list) {
  std::string bytes;
  AppendFixed(bytes, kTilesVersion);
  AppendVarint(bytes, list.tiles.size());
  AppendVarint(bytes, list.columns.size());
  for (const int64_t column : list.columns) AppendVarint(bytes, static_cast<uint64_t>(column));
  for (const TileNode& tile : list.tiles) AppendTile(bytes, tile);
  return bytes;
}

absl::StatusOr<TileList> ReadTiles(std::string_view bytes) {
  ByteReader reader(bytes);
  TRY_ASSIGN(const auto version, reader.Fixed<uint8_t>());
  TRY_ASSIGN(const uint64_t num_tiles, reader.Varint());
  TRY_ASSIGN(const uint64_t num_columns, reader.Varint());
  if ((version != kTilesVersion && version != kTilesWithoutColumns) ||
      num_tiles > static_cast<uint64_t>(kMaxRunTiles) || num_columns > bytes.size()) {
    return absl::DataLossError("a list of tiles is not well-formed");
  }
  TileList list{.names_columns = version == kTilesVersion};
  if (list.names_columns) {
    for (uint64_t i = 0; i < num_columns; ++i) {
      TRY_ASSIGN(const uint64_t column, reader.Varint());
      list.columns.push_back(static_cast<int64_t>(column));
    }
  }
  list.tiles.resize(num_tiles);
  for (TileNode& tile : list.tiles) {
    TRY_ASSIGN(const uint64_t rows, reader.Varint());
    if (rows > static_cast<uint64_t>(kMaxTileRows)) return absl::DataLossError(fmt::format("a tile of {} rows", rows));
    tile.rows = static_cast<int64_t>(rows);
    for (uint64_t column = 0; column < num_columns; ++column) {
      TRY_ASSIGN(const LeafRef leaf, ReadLeafRef(reader, tile.rows));
      tile.leaves.push_back(leaf);
    }
  }
  if (!reader.done()) return absl::DataLossError("bytes follow a list of tiles");
  return list;
}

Digest IdOfTile(std::span<const int64_t> columns, const TileNode& tile) {
  std::string bytes;
  for (const int64_t column : columns) AppendVarint(bytes, static_cast<uint64_t>(column));
  AppendTile(bytes, tile);
  return IdOfObject(kTileTag, bytes);
}

std::string WriteTable(const TableObject& table) {
  Json columns = Json::array();
  for (const StoredColumn& column : table.columns) {
    columns.push_back({{"id", column.id}, {"name", column.name}, {"type", column.type}, {"nullable", column.nullable}});
  }
  Json runs = Json::array();
  for (const TileRun& run : table.runs) {
    runs.push_back({{"id", run.id.ToHex()}, {"tiles", run.tiles}, {"rows", run.rows}});
  }
  return ToLine({{"format", kTableVersion},
                 {"columns", columns},
                 {"next_column_id", table.next_column_id},
                 {"key", table.key},
                 {"cut", {{"rule", "row-hash"}, {"columns", table.cut_columns}, {"bits", table.cut_bits}}},
                 {"order", table.order.has_value() ? table.order->ToHex() : kIdentity},
                 {"rows", table.rows},
                 {"runs", runs}});
}

absl::StatusOr<TableObject> ReadTable(std::string_view bytes) {
  const absl::StatusOr<Json> json = ParseJson(bytes, "a table");
  if (!json.ok()) return absl::DataLossError(std::string(json.status().message()));
  try {
    return TableFromJson(*json);
  } catch (const nlohmann::json::exception& error) {
    return absl::DataLossError(fmt::format("a table is not well-formed: {}", error.what()));
  }
}

bool EndsRun(const TileNode& tile, int64_t tiles) {
  if (tiles < kMinRunTiles) return false;
  std::string ids;
  for (const LeafRef& leaf : tile.leaves) ids.append(BytesOf(leaf.id));
  return tiles >= kMaxRunTiles || (Hash64(ids) & kRunMask) == 0;
}

}  // namespace roost::store
