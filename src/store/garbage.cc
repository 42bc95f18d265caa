#include "store/garbage.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "store/pack.h"
#include "store/reachable.h"
#include "store/record_writer.h"
#include "store/records.h"
#include "store/store.h"

namespace roost::store {
namespace {

constexpr char kProfiles[] = "profiles";  // of tables, named by their ids; what is lost of them is computed again
constexpr int kMaxTries = 50;
constexpr size_t kKeysPerStatement = 200;
constexpr absl::Duration kShortestWrite = absl::Hours(1);  // a temporary file that is younger may be in use

/// A pack of the index, and how much of it versions need.
struct PackUse {
  std::string digest;
  int64_t bytes = 0;
  int64_t live_bytes = 0;
  int64_t live_records = 0;
};

/// A record of the index.
struct IndexRow {
  Digest id;
  int64_t pack = 0;  // its number
  int64_t bytes = 0;
};

/// The index as it was at one moment.
struct Index {
  absl::flat_hash_map<int64_t, PackUse> packs;  // by number
  std::vector<IndexRow> rows;
};

std::string Quoted(std::span<const std::string> some) { return fmt::format("'{}'", fmt::join(some, "','")); }

/// Calls `work` with the SQL list of at most 200 of `values` at a time.
absl::Status InPieces(const std::vector<std::string>& values,
                      const std::function<absl::Status(const std::string& list)>& work) {
  for (size_t first = 0; first < values.size(); first += kKeysPerStatement) {
    const size_t count = std::min(kKeysPerStatement, values.size() - first);
    TRY(work(Quoted(std::span(values).subspan(first, count))));
  }
  return absl::OkStatus();
}

class Collector {
 public:
  Collector(Store& store, const GarbageOptions& options, const Context& context)
      : store_(store), database_(store.database()), options_(options), context_(context), now_(context.now()) {}

  absl::StatusOr<GarbageReport> Run() {
    TRY(RemoveCondemned());
    TRY_ASSIGN(report_.unfinished,
               store_.objects().RemoveUnfinished(now_ - std::max(options_.grace, kShortestWrite), options_.dry_run));
    for (int tries = 1;; ++tries) {
      TRY(context_.CheckCancelled());
      const absl::Status swept = MarkAndSweep();
      if (swept.ok() && options_.purge) TRY(RemoveCondemned());
      if (swept.ok()) return report_;
      TRY_ASSIGN(const bool was_removed, store_.records().WasRemovedSince(epoch_, swept));
      if ((!absl::IsAborted(swept) && !was_removed) || tries == kMaxTries) return swept;
    }
  }

 private:
  absl::Status RemoveCondemned();
  absl::Status Remove(const std::string& key);
  absl::Status AddSize(const std::string& key, GarbageAmount& amount);
  absl::Status MarkAndSweep();
  absl::Status MarkVersions();
  absl::StatusOr<Index> LoadIndex();
  absl::Status Repack(const Index& index);
  absl::Status FindOrphans();
  absl::Status Sweep(const Index& index);
  absl::Status ForgetDead(const Index& index);
  absl::Status Condemn(std::vector<std::string> keys);
  absl::StatusOr<absl::flat_hash_set<std::string>> KeysInUse();
  void Count(Index& index);
  bool IsLiveProfile(const std::string& key) const;
  bool IsLive(const IndexRow& row) const { return reachable_->ids().contains(row.id); }
  bool IsSparse(const PackUse& pack) const {
    return pack.live_records > 0 && (2 * pack.live_bytes < pack.bytes || (options_.purge && HoldsMore(pack)));
  }
  /// Whether the pack has records that no version needs, or that are read from another pack.
  static bool HoldsMore(const PackUse& pack) {
    const uint64_t needed =
        SizeOfPack(static_cast<uint64_t>(pack.live_records), static_cast<uint64_t>(pack.live_bytes));
    return std::cmp_not_equal(needed, pack.bytes);
  }

  Store& store_;
  Database& database_;
  const GarbageOptions& options_;
  const Context& context_;
  const absl::Time now_;
  std::optional<Reachable> reachable_;
  absl::flat_hash_set<std::string> marked_;  // the commits of the versions in reachable_
  int64_t epoch_ = 0;
  std::optional<SealedRecords> repacked_;
  absl::flat_hash_set<Digest> moved_;                // records of other packs that are in repacked_ too
  std::vector<std::string> listed_;                  // packs and commits of the object store
  absl::flat_hash_map<std::string, int64_t> sizes_;  // of orphans
  GarbageReport report_;
};

/// The keys of all packs and commits that the database names.
absl::StatusOr<absl::flat_hash_set<std::string>> Collector::KeysInUse() {
  absl::flat_hash_set<std::string> keys;
  TRY_ASSIGN(const std::vector<SqlRow> packs, database_.Query("SELECT digest FROM packs"));
  for (const SqlRow& row : packs) keys.insert(fmt::format("packs/{}.pack", std::get<std::string>(row[0])));
  TRY_ASSIGN(const std::vector<SqlRow> commits, database_.Query("SELECT commit_id FROM versions"));
  for (const SqlRow& row : commits) keys.insert(fmt::format("commits/{}.json", std::get<std::string>(row[0])));
  return keys;
}

absl::Status Collector::AddSize(const std::string& key, GarbageAmount& amount) {
  const absl::StatusOr<uint64_t> size = store_.objects().Size(key);
  if (absl::IsNotFound(size.status())) return absl::OkStatus();  // another run was faster
  if (size.ok()) amount.Add(static_cast<int64_t>(*size));
  return size.status();
}

/// Removes what earlier runs condemned. First a transaction says what goes: from then on nobody can publish it.
absl::Status Collector::RemoveCondemned() {
  std::vector<std::string> going;
  std::vector<std::string> waiting;
  const auto choose = [&]() -> absl::Status {
    going.clear();
    waiting.clear();
    TRY_ASSIGN(const auto used, KeysInUse());
    TRY_ASSIGN(const std::vector<SqlRow> rows, database_.Query("SELECT object_key, since, deleting FROM garbage"));
    std::vector<std::string> lifted;
    std::vector<std::string> from_the_future;
    for (const SqlRow& row : rows) {
      const auto& key = std::get<std::string>(row[0]);
      const absl::Time since = absl::FromUnixMicros(std::get<int64_t>(row[1]));
      if (used.contains(key)) {
        lifted.push_back(key);
      } else if (std::get<int64_t>(row[2]) != 0 || (since <= now_ && since + options_.grace <= now_)) {
        going.push_back(key);
      } else {
        waiting.push_back(key);
        // The clock went back: what waits for its old time would wait for ever.
        if (since > now_) from_the_future.push_back(key);
      }
    }
    if (options_.dry_run) return absl::OkStatus();
    TRY(InPieces(lifted, [&](const std::string& list) {
      return database_.Execute(fmt::format("DELETE FROM garbage WHERE object_key IN ({})", list)).status();
    }));
    TRY(InPieces(from_the_future, [&](const std::string& list) {
      return database_
          .Execute(
              fmt::format("UPDATE garbage SET since = {} WHERE object_key IN ({})", absl::ToUnixMicros(now_), list))
          .status();
    }));
    return InPieces(going, [&](const std::string& list) {
      return database_.Execute(fmt::format("UPDATE garbage SET deleting = 1 WHERE object_key IN ({})", list)).status();
    });
  };
  TRY(options_.dry_run ? choose() : database_.InTransaction(choose));
  for (const std::string& key : waiting) TRY(AddSize(key, report_.waiting));
  for (const std::string& key : going) {
    TRY(context_.CheckCancelled());
    TRY(AddSize(key, report_.removed));
    if (!options_.dry_run) TRY(Remove(key));
  }
  return absl::OkStatus();
}

/// Deletes an object that was marked, and its row with it. In a transaction: another run may have ended the removal
/// since, and a writer may have published the same object again.
absl::Status Collector::Remove(const std::string& key) {
  return database_.InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(const std::vector<SqlRow> marked,
               database_.Query("SELECT since FROM garbage WHERE object_key = :p1 AND deleting = 1", {key}));
    if (marked.empty()) return absl::OkStatus();
    TRY(store_.objects().Delete(key));
    // A writer that began while the row stood there, and publishes when it is gone, sees it by the epoch.
    TRY(store_.records().NextEpoch());
    return database_.Execute("DELETE FROM garbage WHERE object_key = :p1", {key}).status();
  });
}

absl::Status Collector::MarkAndSweep() {
  TRY_ASSIGN(const int64_t epoch, store_.records().Epoch());
  if (std::exchange(epoch_, epoch) != epoch) {
    repacked_.reset();  // another run may have moved the same records
    moved_.clear();
    // What a version needs may be other records now: an erasure stores tiles in full that were patches.
    marked_.clear();
    reachable_.reset();
  }
  if (!reachable_.has_value()) reachable_.emplace(store_.records(), store_.tiles(), context_);
  TRY(FindOrphans());
  TRY(MarkVersions());
  TRY_ASSIGN(Index index, LoadIndex());
  Count(index);
  if (options_.dry_run) return Sweep(index);
  if (!repacked_.has_value()) TRY(Repack(index));
  return database_.InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(const std::vector<SqlRow> versions, database_.Query("SELECT commit_id FROM versions"));
    const bool all_marked = std::all_of(versions.begin(), versions.end(), [&](const SqlRow& row) {
      return marked_.contains(std::get<std::string>(row[0]));
    });
    TRY_ASSIGN(const std::vector<SqlRow> rows, database_.Query("SELECT COUNT(*) FROM records"));
    TRY_ASSIGN(const int64_t epoch_now, store_.records().Epoch());
    const auto count = static_cast<int64_t>(index.rows.size());
    if (!all_marked || epoch_now != epoch_ || std::get<int64_t>(rows.at(0).at(0)) != count) {
      return WithHint(absl::AbortedError("other writers, or another gc, changed the store again and again"),
                      "Nothing was removed by this run; run it again.");
    }
    return Sweep(index);
  });
}

/// Follows all versions that were not yet followed.
absl::Status Collector::MarkVersions() {
  report_.versions.clear();
  TRY_ASSIGN(const std::vector<std::string> datasets, store_.Datasets());
  for (const std::string& dataset : datasets) {
    TRY_ASSIGN(const std::vector<CommitInfo> log, store_.Log(dataset));
    report_.versions[dataset] = static_cast<int64_t>(log.size());
    for (const CommitInfo& version : log) {
      if (marked_.insert(version.digest.ToHex()).second) TRY(reachable_->AddVersion(version));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Index> Collector::LoadIndex() {
  Index index;
  // Before the packs: those of all rows are then among them, whatever is published in between.
  TRY_ASSIGN(const std::vector<SqlRow> rows, database_.Query("SELECT id, pack, length FROM records"));
  TRY_ASSIGN(const std::vector<SqlRow> packs, database_.Query("SELECT number, digest, bytes FROM packs"));
  for (const SqlRow& row : packs) {
    index.packs[std::get<int64_t>(row[0])] = {.digest = std::get<std::string>(row[1]),
                                              .bytes = std::get<int64_t>(row[2])};
  }
  for (const SqlRow& row : rows) {
    IndexRow record{.pack = std::get<int64_t>(row[1]), .bytes = std::get<int64_t>(row[2])};
    TRY_ASSIGN(record.id, Digest::FromHex(std::get<std::string>(row[0])));
    index.rows.push_back(record);
  }
  return index;
}

void Collector::Count(Index& index) {
  report_.packs = {};
  report_.repacked = {};
  report_.records_live = report_.bytes_live = report_.records_dead = report_.bytes_dead = 0;
  for (const IndexRow& row : index.rows) {
    PackUse& pack = index.packs[row.pack];
    (IsLive(row) ? report_.records_live : report_.records_dead) += 1;
    (IsLive(row) ? report_.bytes_live : report_.bytes_dead) += row.bytes;
    if (!IsLive(row)) continue;
    pack.live_records += 1;
    pack.live_bytes += row.bytes;
  }
  for (const auto& [number, pack] : index.packs) {
    report_.packs.Add(pack.bytes);
    if (IsSparse(pack)) report_.repacked.Add(pack.bytes);
  }
}

/// Writes the live records of sparse packs into new packs, which nobody sees before the sweep enters them.
absl::Status Collector::Repack(const Index& index) {
  std::vector<Digest> ids;
  for (const IndexRow& row : index.rows) {
    const PackUse& pack = index.packs.at(row.pack);
    if (!IsSparse(pack) || !IsLive(row)) continue;
    ids.push_back(row.id);
  }
  moved_.insert(ids.begin(), ids.end());
  RecordWriter writer(store_.objects(), store_.records(), context_);
  TRY_ASSIGN(const RecordLocations locations, store_.records().LocateAll(ids, "garbage collection"));
  // In the order in which they lie: what was written together is read together.
  std::sort(ids.begin(), ids.end(), [&](const Digest& left, const Digest& right) {
    const RecordLocation& a = locations.at(left);
    const RecordLocation& b = locations.at(right);
    return std::pair(a.pack, a.entry.offset) < std::pair(b.pack, b.entry.offset);
  });
  for (const Digest& id : ids) {
    TRY(context_.CheckCancelled());
    TRY_ASSIGN(const std::string record, store_.records().Load(locations.at(id)));
    TRY(writer.Add(id, record));
  }
  TRY_ASSIGN(repacked_, writer.Seal());
  return absl::OkStatus();
}

/// Before the versions are read: what is published later is not taken for an orphan, as the sweep looks again.
absl::Status Collector::FindOrphans() {
  listed_.clear();
  for (const auto& [folder, ending] :
       {std::pair("packs", ".pack"), std::pair("commits", ".json"), std::pair(kProfiles, "")}) {
    TRY_ASSIGN(std::vector<std::string> keys, store_.objects().List(folder));
    for (std::string& key : keys) {
      constexpr size_t kDigits = 64;
      const std::string_view prefix = folder;
      const std::string_view suffix = ending;
      const bool is_ours = key.size() == prefix.size() + 1 + kDigits + suffix.size() && key.ends_with(suffix) &&
                           Digest::FromHex(key.substr(prefix.size() + 1, kDigits)).ok();
      if (is_ours) listed_.push_back(std::move(key));
    }
  }
  TRY_ASSIGN(const auto used, KeysInUse());
  for (const std::string& key : listed_) {
    if (used.contains(key) || sizes_.contains(key)) continue;
    const absl::StatusOr<uint64_t> size = store_.objects().Size(key);
    sizes_[key] = size.ok() ? static_cast<int64_t>(*size) : 0;
  }
  return absl::OkStatus();
}

/// In one transaction: the index forgets all that no version needs, and objects that nothing names are condemned.
absl::Status Collector::Sweep(const Index& index) {
  if (!options_.dry_run) TRY(ForgetDead(index));
  absl::flat_hash_set<int64_t> kept;
  for (const IndexRow& row : index.rows) {
    if (IsLive(row) && !moved_.contains(row.id)) kept.insert(row.pack);
  }
  absl::flat_hash_set<std::string> written;
  if (repacked_.has_value()) {
    for (const Pack& pack : repacked_->packs) written.insert(pack.digest.ToHex());
  }
  report_.condemned = {};
  std::vector<std::string> keys;
  std::vector<std::string> digests;
  for (const auto& [number, pack] : index.packs) {
    const bool goes = !kept.contains(number) || (options_.dry_run && IsSparse(pack));
    if (!goes || written.contains(pack.digest)) continue;
    digests.push_back(pack.digest);
    keys.push_back(fmt::format("packs/{}.pack", pack.digest));
    report_.condemned.Add(pack.bytes);
  }
  std::sort(keys.begin(), keys.end());
  if (!options_.dry_run) {
    TRY(InPieces(digests, [&](const std::string& list) {
      return database_.Execute(fmt::format("DELETE FROM packs WHERE digest IN ({})", list)).status();
    }));
  }
  return Condemn(std::move(keys));
}

bool Collector::IsLiveProfile(const std::string& key) const {
  if (!key.starts_with(kProfiles)) return false;
  const absl::StatusOr<Digest> table = Digest::FromHex(std::string_view(key).substr(key.rfind('/') + 1));
  return !table.ok() || reachable_->ids().contains(*table);
}

absl::Status Collector::ForgetDead(const Index& index) {
  std::vector<std::string> gone;
  for (const IndexRow& row : index.rows) {
    if (!IsLive(row) || moved_.contains(row.id)) gone.push_back(row.id.ToHex());
  }
  if (gone.empty()) return absl::OkStatus();
  TRY(InPieces(gone, [&](const std::string& list) {
    return database_.Execute(fmt::format("DELETE FROM records WHERE id IN ({})", list)).status();
  }));
  // Entered after the old rows went, so that they count.
  TRY(store_.records().EnterSealed(*repacked_, {}));
  return store_.records().NextEpoch();
}

/// `keys` are packs that the index has forgotten; those that it never knew are added.
absl::Status Collector::Condemn(std::vector<std::string> keys) {
  TRY_ASSIGN(const auto used, KeysInUse());
  TRY_ASSIGN(const std::vector<SqlRow> known, database_.Query("SELECT object_key FROM garbage"));
  absl::flat_hash_set<std::string> condemned(keys.begin(), keys.end());
  for (const SqlRow& row : known) condemned.insert(std::get<std::string>(row[0]));
  for (const std::string& key : listed_) {
    if (used.contains(key) || condemned.contains(key) || IsLiveProfile(key)) continue;
    const auto size = sizes_.find(key);
    report_.condemned.Add(size == sizes_.end() ? 0 : size->second);
    keys.push_back(key);
  }
  if (options_.dry_run) return absl::OkStatus();
  for (const std::string& key : keys) {
    TRY(database_
            .Execute("INSERT INTO garbage (object_key, since, deleting) VALUES (:p1, :p2, 0) ON CONFLICT (object_key) "
                     "DO NOTHING",
                     {key, absl::ToUnixMicros(now_)})
            .status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GarbageReport> CollectGarbage(Store& store, const GarbageOptions& options, const Context& context) {
  return Collector(store, options, context).Run();
}

}  // namespace roost::store
