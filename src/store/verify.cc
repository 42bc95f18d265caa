#include "store/verify.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/bytes.h"
#include "base/status.h"
#include "store/commit.h"
#include "store/erasure_record.h"
#include "store/name_rows.h"
#include "store/names.h"
#include "store/pack_index.h"
#include "store/reachable.h"
#include "store/record_check.h"
#include "store/records.h"
#include "store/store.h"

namespace roost::store {
namespace {

constexpr char kDatabase[] = "database";

using Entries = std::vector<PackEntry>;

class Verifier {
 public:
  Verifier(Store& store, const VerifyOptions& options, const Context& context)
      : store_(store), options_(options), context_(context), start_(context.now()) {}

  absl::StatusOr<VerifyReport> Run() {
    TRY(store_.database()
            .Execute("CREATE TABLE IF NOT EXISTS verified (object_key TEXT PRIMARY KEY, level BIGINT NOT NULL, "
                     "checked BIGINT NOT NULL)")
            .status());
    CheckDatabaseFile();
    TRY(LoadIndex());
    TRY(CheckVersions());
    TRY(CheckNames());
    TRY(CheckPacksAndTables());
    FollowAgain();
    TRY(NameVersions());
    return std::move(report_);
  }

 private:
  void Add(const std::string& object, const std::string& message) {
    report_.damages.push_back({.object = object, .message = message});
  }
  void CheckDatabaseFile();
  absl::Status LoadIndex();
  absl::Status CheckVersions();
  absl::Status FollowVersions();
  void CheckVersion(const std::string& dataset, int64_t version, const std::string& hex, bool is_recorded);
  void CompareRecord(const std::string& key, const absl::StatusOr<std::string>& record, const std::string& expected);
  absl::Status CheckNames();
  bool SaysErased(const std::string& record, CommitInfo info, int64_t number);
  absl::StatusOr<CommitInfo> LoadCommit(const std::string& hex);
  absl::Status CheckPacksAndTables();
  absl::Status CheckPack(const std::string& key, const Digest& digest);
  void CompareIndex(const std::string& key, const Entries& entries, const Entries& indexed);
  bool CheckRecords(const std::string& key, const std::string& bytes, const Entries& indexed);
  absl::Status CheckTable(const CommitInfo& version);
  void FollowAgain();
  absl::Status NameVersions();
  bool Repair(const std::string& key, const std::string& digest);
  bool IsTime() const { return context_.now() - start_ > options_.budget; }
  absl::StatusOr<std::vector<std::string>> OldestFirst(std::vector<std::string> keys);
  absl::Status NoteChecked(const std::string& key);

  Store& store_;
  const VerifyOptions& options_;
  const Context& context_;
  const absl::Time start_;
  absl::flat_hash_map<std::string, Entries> index_;       // pack's digest -> its records in the index
  absl::flat_hash_map<Digest, std::string> packs_of_;     // record -> its pack's digest
  std::vector<CommitInfo> versions_;                      // those whose commits are sound
  absl::flat_hash_map<std::string, int64_t> pack_bytes_;  // as the database says
  absl::flat_hash_set<std::string> wanted_packs_;         // digests
  absl::flat_hash_map<Digest, size_t> hurt_;              // record -> its damage
  absl::flat_hash_map<size_t, CommitInfo> not_followed_;  // damage -> the version
  absl::flat_hash_set<Digest> sound_tiles_;               // patches that were applied
  VerifyReport report_;
};

void Verifier::CheckDatabaseFile() {
  // Of SQLite; PostgreSQL does not know the command, and checks its pages itself.
  const auto rows = store_.database().Query("PRAGMA integrity_check");
  if (absl::IsDataLoss(rows.status())) Add(kDatabase, std::string(rows.status().message()));
  if (!rows.ok() || rows->empty() || rows->front().empty()) return;
  const auto* text = std::get_if<std::string>(&rows->front().front());
  if (text == nullptr || *text != "ok") Add(kDatabase, text == nullptr ? "it cannot be checked" : *text);
}

absl::Status Verifier::LoadIndex() {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             store_.database().Query("SELECT p.digest, r.id, r.kind, r.start, r.length, r.crc FROM records r LEFT JOIN "
                                     "packs p ON p.number = r.pack"));
  for (const SqlRow& row : rows) {
    const auto* pack = std::get_if<std::string>(&row[0]);
    const auto* id = std::get_if<std::string>(&row[1]);
    const auto digest = id == nullptr ? absl::DataLossError("") : Digest::FromHex(*id);
    const bool has_numbers = std::all_of(row.begin() + 2, row.end(),
                                         [](const SqlValue& value) { return std::holds_alternative<int64_t>(value); });
    if (pack == nullptr || !digest.ok() || !has_numbers) {
      Add(kDatabase, fmt::format("the row of record {} in the index is damaged", id == nullptr ? "?" : *id));
      continue;
    }
    index_[*pack].push_back({.id = *digest,
                             .kind = static_cast<uint8_t>(std::get<int64_t>(row[2])),
                             .offset = static_cast<uint64_t>(std::get<int64_t>(row[3])),
                             .length = static_cast<uint32_t>(std::get<int64_t>(row[4])),
                             .crc = static_cast<uint32_t>(std::get<int64_t>(row[5]))});
    packs_of_[*digest] = *pack;
  }
  TRY_ASSIGN(const std::vector<SqlRow> packs, store_.database().Query("SELECT digest, bytes FROM packs"));
  for (const SqlRow& row : packs) {
    const auto* digest = std::get_if<std::string>(&row[0]);
    const auto* bytes = std::get_if<int64_t>(&row[1]);
    if (digest == nullptr || bytes == nullptr || !Digest::FromHex(*digest).ok()) {
      Add(kDatabase, "the row of a pack is damaged");
      continue;
    }
    pack_bytes_[*digest] = *bytes;
    if (options_.dataset.empty()) wanted_packs_.insert(*digest);
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckVersions() {
  TRY_ASSIGN(
      const std::vector<SqlRow> rows,
      store_.database().Query("SELECT dataset, version, commit_id, recorded FROM versions ORDER BY dataset, version"));
  for (const SqlRow& row : rows) {
    const auto* dataset = std::get_if<std::string>(&row[0]);
    const auto* version = std::get_if<int64_t>(&row[1]);
    const auto* hex = std::get_if<std::string>(&row[2]);
    const auto* recorded = std::get_if<int64_t>(&row[3]);
    if (dataset == nullptr || version == nullptr || hex == nullptr || recorded == nullptr) {
      Add(kDatabase, "the row of a version is damaged");
    } else if (options_.dataset.empty() || options_.dataset == *dataset) {
      CheckVersion(*dataset, *version, *hex, *recorded != 0);
    }
  }
  if (report_.versions == 0 && !options_.dataset.empty()) return store_.Log(options_.dataset).status();
  return FollowVersions();
}

absl::Status Verifier::FollowVersions() {
  absl::flat_hash_set<Digest> needed;
  // Versions share nearly everything: all are followed at once, and one by one only where something is wrong.
  auto reachable = std::make_unique<Reachable>(store_.records(), store_.tiles(), context_);
  for (const CommitInfo& version : versions_) {
    TRY(context_.CheckCancelled());
    const absl::Status followed = reachable->AddVersion(version);
    if (followed.ok()) continue;
    if (absl::IsCancelled(followed)) return followed;
    not_followed_[report_.damages.size()] = version;
    report_.damages.push_back(
        {.object = version.Name(), .message = std::string(followed.message()), .versions = {version.Name()}});
    needed.insert(reachable->ids().begin(), reachable->ids().end());
    reachable = std::make_unique<Reachable>(store_.records(), store_.tiles(), context_);
  }
  needed.insert(reachable->ids().begin(), reachable->ids().end());
  report_.records = static_cast<int64_t>(needed.size());
  // What else such a version needs is not known: it may lie in any pack.
  if (!not_followed_.empty()) {
    for (const auto& [digest, bytes] : pack_bytes_) wanted_packs_.insert(digest);
  }
  for (const Digest& id : needed) {
    const auto pack = packs_of_.find(id);
    if (pack != packs_of_.end()) {
      wanted_packs_.insert(pack->second);
      continue;
    }
    // Written since the index was read, or lost.
    TRY_ASSIGN(const RecordLocations now, store_.records().Locate({&id, 1}));
    if (!now.empty() || hurt_.contains(id)) continue;
    hurt_[id] = report_.damages.size();
    Add(kDatabase, fmt::format("record {} is needed and no pack of the index holds it", id.ToHex()));
  }
  return absl::OkStatus();
}

absl::StatusOr<CommitInfo> Verifier::LoadCommit(const std::string& hex) {
  TRY_ASSIGN(const Digest digest, Digest::FromHex(hex));
  const std::string key = CommitKey(digest);
  absl::StatusOr<std::string> bytes = store_.objects().Get(key);
  if (bytes.ok() && Sha256(*bytes) != digest) bytes = absl::DataLossError("its bytes do not have its digest");
  if (!bytes.ok()) {
    Add(key, absl::IsNotFound(bytes.status()) ? "it is missing" : std::string(bytes.status().message()));
    if (!Repair(key, hex)) return bytes.status();
    bytes = store_.objects().Get(key);
    if (!bytes.ok()) return bytes.status();
  }
  return ReadCommit(*bytes);
}

/// Whether the record names a commit that was written anew as `info` when rows were erased.
bool Verifier::SaysErased(const std::string& record, CommitInfo info, int64_t number) {
  const absl::StatusOr<RewrittenCommits> rewritten = RewrittenCommitsOf(store_.database(), info.dataset);
  if (!rewritten.ok()) {
    Add(kDatabase, std::string(rewritten.status().message()));
    return false;
  }
  for (const Digest& before : rewritten->Before(info.digest)) {
    info.digest = before;
    if (record == WriteNameRecord(info, number)) return true;
  }
  return false;
}

void Verifier::CheckVersion(const std::string& dataset, int64_t version, const std::string& hex, bool is_recorded) {
  ++report_.versions;
  const std::string name = fmt::format("{}@{}", dataset, version);
  const size_t before = report_.damages.size();
  const absl::StatusOr<CommitInfo> info = LoadCommit(hex);
  for (size_t i = before; i < report_.damages.size(); ++i) report_.damages[i].versions = {name};
  if (!info.ok()) {
    if (report_.damages.size() == before) Add(kDatabase, fmt::format("{} names no sound commit", name));
    return;
  }
  if (info->dataset != dataset || info->version != version) {
    Add(kDatabase, fmt::format("{} is said to be the commit of {}", name, info->Name()));
    report_.damages.back().versions = {name};
    return;
  }
  versions_.push_back(*info);
  if (!is_recorded) return;  // the next change of a name writes the record
  const absl::StatusOr<int64_t> number = store_.names().NumberOf(*info);
  if (!number.ok()) {
    Add(kDatabase, std::string(number.status().message()));
    return;
  }
  const std::string key = NameRecordKey(dataset, version);
  const absl::StatusOr<std::string> record = store_.objects().Get(key);
  const std::string expected = WriteNameRecord(*info, *number);
  if (record.ok() && *record != expected && SaysErased(*record, *info, *number)) return;
  CompareRecord(key, record, expected);
}

/// What a record says is known from the database: no backup is asked to mend it.
void Verifier::CompareRecord(const std::string& key, const absl::StatusOr<std::string>& record,
                             const std::string& expected) {
  if (record.ok() && *record == expected) return;
  std::string message = "it does not say what the database says";
  if (!record.ok()) message = std::string(record.status().message());
  if (absl::IsNotFound(record.status())) message = "it is missing";
  Add(key, message);
  if (options_.repair_from == nullptr) return;
  report_.damages.back().repaired = store_.objects().Delete(key).ok() && store_.objects().Put(key, expected).ok();
}

/// The records of moves of names, but those that versions tell of, and of deletions.
absl::Status Verifier::CheckNames() {
  const std::string where = options_.dataset.empty() ? "WHERE recorded = 1 " : "WHERE recorded = 1 AND dataset = :p1 ";
  const SqlRow parameters = options_.dataset.empty() ? SqlRow{} : SqlRow{options_.dataset};
  TRY_ASSIGN(const std::vector<NameMove> moves,
             SelectMoves(store_.database(), where + "AND action <> 0 ORDER BY dataset, name, number", parameters));
  for (const NameMove& move : moves) {
    TRY(context_.CheckCancelled());
    CompareRecord(KeyOf(move), store_.objects().Get(KeyOf(move)), ToRecord(move));
  }
  TRY_ASSIGN(const std::vector<DeletedVersion> deleted,
             SelectDeleted(store_.database(), where + "ORDER BY dataset, version", parameters));
  TRY_ASSIGN(const std::vector<SqlRow> erasures, store_.database().Query("SELECT DISTINCT dataset FROM erasures"));
  std::set<std::string> erased;  // datasets
  for (const SqlRow& row : erasures) erased.insert(std::get<std::string>(row[0]));
  for (const DeletedVersion& version : deleted) {
    TRY(context_.CheckCancelled());
    const std::string key = KeyOf(version);
    const absl::StatusOr<std::string> record = store_.objects().Get(key);
    DeletedVersion expected = version;
    if (record.ok() && erased.contains(version.dataset)) {
      // Rows were erased since: it may name commits from before.
      const absl::StatusOr<DeletedVersion> said = ParseDeletedRecord(*record, key);
      if (said.ok()) expected.commit = said->commit;
      if (said.ok()) expected.parents = said->parents;
    }
    CompareRecord(key, record, ToRecord(expected));
  }
  return absl::OkStatus();
}

/// Puts the backup's object in the place of a damaged one.
bool Verifier::Repair(const std::string& key, const std::string& digest) {
  if (options_.repair_from == nullptr) return false;
  const absl::StatusOr<std::string> bytes = options_.repair_from->Get(key);
  if (!bytes.ok() || Sha256(*bytes).ToHex() != digest) return false;
  const bool done = store_.objects().Delete(key).ok() && store_.objects().Put(key, *bytes).ok();
  if (done) report_.damages.back().repaired = true;
  return done;
}

/// Each level has marks of its own.
std::string MarkOf(const std::string& key, VerifyLevel level) {
  return fmt::format("{} level {}", key, static_cast<int>(level));
}

absl::StatusOr<std::vector<std::string>> Verifier::OldestFirst(std::vector<std::string> keys) {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             store_.database().Query("SELECT object_key, checked FROM verified WHERE level = :p1",
                                     {static_cast<int64_t>(options_.level)}));
  std::map<std::string, int64_t> checked;
  for (const SqlRow& row : rows) {
    const auto* key = std::get_if<std::string>(&row[0]);
    const auto* time = std::get_if<int64_t>(&row[1]);
    if (key != nullptr && time != nullptr) checked[*key] = *time;
  }
  const auto time_of = [&](const std::string& key) {
    const auto found = checked.find(MarkOf(key, options_.level));
    return found == checked.end() ? int64_t{0} : found->second;
  };
  std::sort(keys.begin(), keys.end(), [&](const std::string& left, const std::string& right) {
    return std::pair(time_of(left), left) < std::pair(time_of(right), right);
  });
  return keys;
}

absl::Status Verifier::NoteChecked(const std::string& key) {
  return store_.database()
      .Execute(
          "INSERT INTO verified (object_key, level, checked) VALUES (:p1, :p2, :p3) ON CONFLICT (object_key) DO "
          "UPDATE SET checked = excluded.checked",
          {MarkOf(key, options_.level), static_cast<int64_t>(options_.level), absl::ToUnixMicros(context_.now())})
      .status();
}

/// Packs, and at the third level tables too, in one row: what was looked at longest ago comes first.
absl::Status Verifier::CheckPacksAndTables() {
  std::vector<std::string> keys;
  for (const std::string& digest : wanted_packs_) keys.push_back(fmt::format("packs/{}.pack", digest));
  std::map<std::string, const CommitInfo*> tables;
  for (const CommitInfo& version : versions_) {
    if (options_.level != VerifyLevel::kContent || version.kind != DatasetKind::kTable) continue;
    const std::string key = fmt::format("tables/{}", version.table.ToHex());
    if (tables.emplace(key, &version).second) keys.push_back(key);
  }
  TRY_ASSIGN(keys, OldestFirst(std::move(keys)));
  for (size_t i = 0; i < keys.size(); ++i) {
    TRY(context_.CheckCancelled());
    if (IsTime()) {
      report_.left += static_cast<int64_t>(keys.size() - i);
      break;
    }
    const size_t before = report_.damages.size();
    if (const auto table = tables.find(keys[i]); table != tables.end()) {
      TRY(CheckTable(*table->second));
    } else {
      const absl::StatusOr<Digest> digest = Digest::FromHex(keys[i].substr(6, 64));
      if (!digest.ok()) continue;  // said by LoadIndex
      TRY(CheckPack(keys[i], *digest));
    }
    if (report_.damages.size() == before && options_.level != VerifyLevel::kGraph) TRY(NoteChecked(keys[i]));
    context_.Report({.stage = "verifying",
                     .unit = "packs",
                     .done = static_cast<int64_t>(i + 1),
                     .total = static_cast<int64_t>(keys.size())});
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckPack(const std::string& key, const Digest& digest) {
  const Entries& indexed = index_[digest.ToHex()];
  const size_t before = report_.damages.size();
  const auto lost = [&](const absl::Status& status) {
    // A pack that gc has taken away since the index was read is no damage.
    const auto row = store_.database().Query("SELECT number FROM packs WHERE digest = :p1", {digest.ToHex()});
    if (row.ok() && row->empty()) return absl::OkStatus();
    for (const PackEntry& entry : indexed) hurt_[entry.id] = report_.damages.size();
    Add(key, absl::IsNotFound(status) ? "it is missing" : std::string(status.message()));
    Repair(key, digest.ToHex());
    return absl::OkStatus();
  };
  if (options_.level == VerifyLevel::kGraph) {
    const absl::StatusOr<Entries> entries = LoadPackIndex(store_.objects(), key);
    if (absl::IsNotFound(entries.status()) || absl::IsDataLoss(entries.status())) return lost(entries.status());
    if (!entries.ok()) return entries.status();
    CompareIndex(key, *entries, indexed);
    return absl::OkStatus();
  }
  const absl::StatusOr<std::string> bytes = store_.objects().Get(key);
  if (absl::IsNotFound(bytes.status()) || absl::IsDataLoss(bytes.status())) return lost(bytes.status());
  if (!bytes.ok()) return bytes.status();
  ++report_.packs;
  report_.bytes += static_cast<int64_t>(bytes->size());
  if (Sha256(*bytes) != digest) {
    if (!CheckRecords(key, *bytes, indexed)) {
      Add(key, "it is damaged outside of the records that are needed: its bytes do not have its digest");
    }
    Repair(key, digest.ToHex());
    for (size_t i = before; i < report_.damages.size(); ++i)
      report_.damages[i].repaired = report_.damages.back().repaired;
    return absl::OkStatus();
  }
  TRY_ASSIGN(const Entries entries, ReadPackIndex(*bytes));
  CompareIndex(key, entries, indexed);
  CheckRecords(key, *bytes, indexed);
  return absl::OkStatus();
}

void Verifier::CompareIndex(const std::string& key, const Entries& entries, const Entries& indexed) {
  absl::flat_hash_map<Digest, const PackEntry*> by_id;
  for (const PackEntry& entry : entries) by_id[entry.id] = &entry;
  const absl::StatusOr<uint64_t> size = store_.objects().Size(key);
  const auto noted = pack_bytes_.find(key.substr(6, 64));
  if (size.ok() && noted != pack_bytes_.end() && noted->second != static_cast<int64_t>(*size)) {
    Add(kDatabase, fmt::format("it says that {} has {} bytes, and it has {}", key, noted->second, *size));
  }
  for (const PackEntry& row : indexed) {
    const auto found = by_id.find(row.id);
    if (found != by_id.end() && *found->second == row) continue;
    hurt_[row.id] = report_.damages.size();
    Add(kDatabase, fmt::format("the index does not say of record {} what {} says", row.id.ToHex(), key));
  }
}

/// Whether a record is damaged; each is told.
bool Verifier::CheckRecords(const std::string& key, const std::string& bytes, const Entries& indexed) {
  bool found = false;
  for (const PackEntry& entry : indexed) {
    absl::Status sound = absl::DataLossError("it lies outside of its pack");
    if (entry.offset <= bytes.size() && entry.length <= bytes.size() - entry.offset) {
      const std::string_view record = std::string_view(bytes).substr(entry.offset, entry.length);
      sound = Crc32c(record) == entry.crc ? absl::OkStatus() : absl::DataLossError("its checksum is wrong");
      if (sound.ok() && options_.level == VerifyLevel::kContent) sound = CheckRecord(entry.id, record);
    }
    if (sound.ok() || hurt_.contains(entry.id)) continue;
    found = true;
    hurt_[entry.id] = report_.damages.size();
    Add(key, fmt::format("record {}: {}", entry.id.ToHex(), std::string(sound.message())));
  }
  return found;
}

absl::Status Verifier::CheckTable(const CommitInfo& version) {
  const absl::Status sound = CheckPatchedTiles(version.table, store_.records(), store_.tiles(), sound_tiles_, context_);
  if (sound.ok() || absl::IsCancelled(sound)) return sound;
  report_.damages.push_back(
      {.object = version.Name(), .message = std::string(sound.message()), .versions = {version.Name()}});
  return absl::OkStatus();
}

/// What kept a version from being followed may have been mended since.
void Verifier::FollowAgain() {
  if (options_.repair_from == nullptr) return;
  for (const auto& [damage, version] : not_followed_) {
    Reachable reachable(store_.records(), store_.tiles(), context_);
    report_.damages[damage].repaired = reachable.AddVersion(version).ok();
  }
}

/// Says of each damaged record which versions need it.
absl::Status Verifier::NameVersions() {
  if (hurt_.empty()) return absl::OkStatus();
  for (const CommitInfo& version : versions_) {
    TRY(context_.CheckCancelled());
    Reachable reachable(store_.records(), store_.tiles(), context_);
    if (!reachable.AddVersion(version).ok()) continue;  // told already
    std::set<size_t> damages;
    for (const auto& [id, damage] : hurt_) {
      if (reachable.ids().contains(id)) damages.insert(damage);
    }
    for (const size_t damage : damages) report_.damages[damage].versions.push_back(version.Name());
  }
  return absl::OkStatus();
}

}  // namespace

bool VerifyReport::sound() const {
  return std::all_of(damages.begin(), damages.end(), [](const Damage& damage) { return damage.repaired; });
}

absl::StatusOr<VerifyReport> Verify(Store& store, const VerifyOptions& options, const Context& context) {
  return Verifier(store, options, context).Run();
}

}  // namespace roost::store
