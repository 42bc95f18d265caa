#include "store/records.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/status.h"
#include "store/compression.h"
#include "store/leaf.h"

namespace roost::store {
namespace {

constexpr size_t kIdsPerQuery = 500;
constexpr size_t kRowsPerInsert = 200;
constexpr uint64_t kGroupBytes = uint64_t{4} << 20;  // small enough that several threads read from one pack

/// A record as a row of the index, in SQL. The digests are ours: hexadecimal digits need no quoting.
std::string ValuesOf(const PackEntry& entry, int64_t pack) {
  return fmt::format("('{}', {}, {}, {}, {}, {})", entry.id.ToHex(), pack, entry.kind, entry.offset, entry.length,
                     entry.crc);
}

absl::StatusOr<RecordLocation> LocationOf(const SqlRow& row) {
  RecordLocation location;
  TRY_ASSIGN(location.entry.id, Digest::FromHex(std::get<std::string>(row[0])));
  location.entry.kind = static_cast<uint8_t>(std::get<int64_t>(row[1]));
  location.entry.offset = static_cast<uint64_t>(std::get<int64_t>(row[2]));
  location.entry.length = static_cast<uint32_t>(std::get<int64_t>(row[3]));
  location.entry.crc = static_cast<uint32_t>(std::get<int64_t>(row[4]));
  TRY_ASSIGN(location.pack, Digest::FromHex(std::get<std::string>(row[5])));
  return location;
}

/// Cuts the places in `locations` into groups, each of one pack and in the order of the bytes.
std::vector<std::vector<size_t>> GroupsOf(std::span<const RecordLocation> locations) {
  std::vector<size_t> order(locations.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t left, size_t right) {
    const RecordLocation& a = locations[left];
    const RecordLocation& b = locations[right];
    return a.pack != b.pack ? a.pack < b.pack : a.entry.offset < b.entry.offset;
  });
  std::vector<std::vector<size_t>> groups;
  uint64_t bytes = 0;
  for (const size_t i : order) {
    const bool goes_on =
        !groups.empty() && bytes < kGroupBytes && locations[groups.back().back()].pack == locations[i].pack;
    if (!goes_on) {
      groups.emplace_back();
      bytes = 0;
    }
    groups.back().push_back(i);
    bytes += locations[i].entry.length;
  }
  return groups;
}

absl::Status Collected(const std::string& what) {
  return WithHint(absl::AbortedError(fmt::format("garbage was collected while this was stored: {}", what)),
                  "Nothing was added; run the command again.");
}

}  // namespace

std::string EncodeObject(uint8_t kind, std::string_view bytes) {
  std::string record(1, static_cast<char>(kind));
  AppendCompressed(record, bytes);
  return record;
}

absl::Status Records::CreateTables(Database& database) {
  TRY(database
          .Execute("CREATE TABLE IF NOT EXISTS packs (number BIGINT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, "
                   "bytes BIGINT NOT NULL)")
          .status());
  TRY(database
          .Execute("CREATE TABLE IF NOT EXISTS garbage (object_key TEXT PRIMARY KEY, since BIGINT NOT NULL, "
                   "deleting BIGINT NOT NULL)")
          .status());
  TRY(database.Execute("CREATE TABLE IF NOT EXISTS garbage_epoch (epoch BIGINT NOT NULL)").status());
  return database
      .Execute(
          "CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, pack BIGINT NOT NULL, kind BIGINT NOT NULL, "
          "start BIGINT NOT NULL, length BIGINT NOT NULL, crc BIGINT NOT NULL)")
      .status();
}

absl::StatusOr<RecordLocations> Records::Locate(std::span<const Digest> ids) {
  RecordLocations locations;
  for (size_t first = 0; first < ids.size(); first += kIdsPerQuery) {
    const auto some = ids.subspan(first, std::min(kIdsPerQuery, ids.size() - first));
    std::string list;
    for (const Digest& id : some) list += fmt::format("{}'{}'", list.empty() ? "" : ",", id.ToHex());
    TRY_ASSIGN(const std::vector<SqlRow> rows,
               database_.Query("SELECT r.id, r.kind, r.start, r.length, r.crc, p.digest FROM records r "
                               "JOIN packs p ON p.number = r.pack WHERE r.id IN (" +
                               list + ")"));
    for (const SqlRow& row : rows) {
      TRY_ASSIGN(const RecordLocation location, LocationOf(row));
      locations.emplace(location.entry.id, location);
    }
  }
  return locations;
}

absl::StatusOr<RecordLocations> Records::LocateAll(std::span<const Digest> ids, std::string_view what) {
  TRY_ASSIGN(RecordLocations locations, Locate(ids));
  for (const Digest& id : ids) {
    if (locations.contains(id)) continue;
    return absl::DataLossError(fmt::format("{} needs record {}, which no pack of the store holds", what, id.ToHex()));
  }
  return locations;
}

absl::StatusOr<std::string> Records::Load(const RecordLocation& location) {
  std::vector<std::string> records(1);
  const size_t first = 0;
  TRY(LoadGroup({&location, 1}, {&first, 1}, records));
  return std::move(records.front());
}

absl::StatusOr<std::vector<std::string>> Records::LoadAll(std::span<const RecordLocation> locations, ThreadPool& pool) {
  const std::vector<std::vector<size_t>> groups = GroupsOf(locations);
  std::vector<std::string> records(locations.size());
  TRY(pool.ParallelFor(groups.size(), [&](size_t i) { return LoadGroup(locations, groups[i], records); }));
  return records;
}

/// Puts the records of `group`, places in `locations` of one pack, into the same places of `records`.
absl::Status Records::LoadGroup(std::span<const RecordLocation> locations, std::span<const size_t> group,
                                std::vector<std::string>& records) {
  const RecordLocation& first = locations[group.front()];
  std::vector<ByteRange> ranges;
  ranges.reserve(group.size());
  for (const size_t i : group) ranges.push_back({locations[i].entry.offset, locations[i].entry.length});
  const std::string key = PackKey(first.pack);
  absl::StatusOr<std::vector<std::string>> pieces = objects_.GetRanges(key, ranges);
  if (absl::IsNotFound(pieces.status()) && HintOf(pieces.status()).empty()) {
    // Garbage was collected meanwhile: what stays lies in another pack then.
    for (const size_t i : group) {
      TRY_ASSIGN(const RecordLocations now, Locate({&locations[i].entry.id, 1}));
      const auto moved = now.find(locations[i].entry.id);
      if (moved == now.end()) {
        return WithHint(absl::AbortedError(fmt::format("record {} was removed while it was being read: rows were "
                                                       "erased, or garbage was collected",
                                                       locations[i].entry.id.ToHex())),
                        "Run the command again.");
      }
      if (moved->second.pack == first.pack) break;
      TRY_ASSIGN(records[i], Load(moved->second));
      if (i == group.back()) return absl::OkStatus();
    }
    return absl::DataLossError(fmt::format("{} is missing; it holds record {}", key, first.entry.id.ToHex()));
  }
  if (!pieces.ok()) return Annotate(pieces.status(), fmt::format("record {}", first.entry.id.ToHex()));
  for (size_t i = 0; i < group.size(); ++i) {
    const PackEntry& entry = locations[group[i]].entry;
    if (Crc32c((*pieces)[i]) != entry.crc) {
      return absl::DataLossError(fmt::format("{}: record {} at byte {} is damaged: its checksum is wrong", key,
                                             entry.id.ToHex(), entry.offset));
    }
    records[group[i]] = std::move((*pieces)[i]);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Records::LoadObject(const Digest& id, std::string_view tag) {
  TRY_ASSIGN(const RecordLocations locations, LocateAll({&id, 1}, tag));
  const RecordLocation& location = locations.begin()->second;
  TRY_ASSIGN(const std::string record, Load(location));
  const std::string what = fmt::format("{}: record {}", PackKey(location.pack), id.ToHex());
  if (record.empty()) return absl::DataLossError(fmt::format("{} is empty", what));
  absl::StatusOr<std::string> bytes = ReadCompressed(std::string_view(record).substr(1), kMaxObjectBytes);
  if (!bytes.ok()) return Annotate(bytes.status(), what);
  if (IdOfObject(tag, *bytes) != id) return absl::DataLossError(fmt::format("{} is not what its name says", what));
  return bytes;
}

absl::Status Records::Enter(std::span<const Pack> packs) {
  for (const Pack& pack : packs) {
    const std::string digest = pack.digest.ToHex();
    TRY(database_
            .Execute("INSERT INTO packs (number, digest, bytes) SELECT COALESCE(MAX(number), 0) + 1, :p1, "
                     "CAST(:p2 AS BIGINT) FROM packs WHERE true ON CONFLICT (digest) DO NOTHING",
                     {digest, static_cast<int64_t>(pack.bytes_total)})
            .status());
    TRY_ASSIGN(const std::vector<SqlRow> numbers,
               database_.Query("SELECT number FROM packs WHERE digest = :p1", {digest}));
    const int64_t number = std::get<int64_t>(numbers.at(0).at(0));
    for (size_t first = 0; first < pack.entries.size(); first += kRowsPerInsert) {
      std::string values;
      for (size_t i = first; i < std::min(first + kRowsPerInsert, pack.entries.size()); ++i) {
        values += (values.empty() ? "" : ",") + ValuesOf(pack.entries[i], number);
      }
      TRY(database_
              .Execute("INSERT INTO records (id, pack, kind, start, length, crc) VALUES " + values +
                       " ON CONFLICT (id) DO NOTHING")
              .status());
    }
  }
  return absl::OkStatus();
}

absl::Status Records::EnterSealed(const SealedRecords& sealed, std::span<const std::string> keys) {
  std::vector<std::string> all(keys.begin(), keys.end());
  for (const Pack& pack : sealed.packs) all.push_back(PackKey(pack.digest));
  const std::string list = fmt::format("('{}')", fmt::join(all, "','"));
  TRY_ASSIGN(const std::vector<SqlRow> condemned,
             database_.Query("SELECT object_key, deleting FROM garbage WHERE object_key IN " + list));
  for (const SqlRow& row : condemned) {
    if (std::get<int64_t>(row[1]) == 0) continue;
    return WithHint(Collected(std::get<std::string>(row[0]) + " is being removed"),
                    "Nothing was added. Run 'roost data gc --run', which ends the removal, and the command again.");
  }
  if (!condemned.empty()) TRY(database_.Execute("DELETE FROM garbage WHERE object_key IN " + list).status());
  TRY_ASSIGN(const int64_t epoch, Epoch());
  if (epoch != sealed.epoch) TRY(CheckStored(sealed, all));
  return Enter(sealed.packs);
}

absl::Status Records::CheckStored(const SealedRecords& sealed, std::span<const std::string> keys) {
  for (const std::string& key : keys) {
    TRY_ASSIGN(const bool is_there, objects_.Exists(key));
    if (!is_there) return Collected(key + " is gone");
  }
  TRY_ASSIGN(const RecordLocations locations, Locate(sealed.reused));
  for (const Digest& id : sealed.reused) {
    if (!locations.contains(id)) return Collected(fmt::format("record {}, which it shares, is gone", id.ToHex()));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Records::Epoch() {
  TRY_ASSIGN(const std::vector<SqlRow> rows, database_.Query("SELECT COALESCE(MAX(epoch), 0) FROM garbage_epoch"));
  return std::get<int64_t>(rows.at(0).at(0));
}

absl::StatusOr<bool> Records::WasRemovedSince(int64_t epoch, const absl::Status& error) {
  if (!absl::IsDataLoss(error) && !absl::IsNotFound(error)) return false;
  TRY_ASSIGN(const int64_t now, Epoch());
  return now != epoch;
}

absl::Status Records::NextEpoch() {
  TRY_ASSIGN(const int64_t epoch, Epoch());
  TRY(database_.Execute("DELETE FROM garbage_epoch").status());
  return database_.Execute("INSERT INTO garbage_epoch (epoch) VALUES (:p1)", {epoch + 1}).status();
}

}  // namespace roost::store
