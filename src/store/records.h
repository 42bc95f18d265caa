#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/hash.h"
#include "base/thread_pool.h"
#include "store/database.h"
#include "store/object_store.h"
#include "store/pack.h"

namespace roost::store {

/// An object that is no leaf has at most this many bytes.
inline constexpr uint64_t kMaxObjectBytes = uint64_t{1} << 30;

struct RecordLocation {
  Digest pack;
  PackEntry entry;
};

using RecordLocations = absl::flat_hash_map<Digest, RecordLocation>;

/// What a writer has made durable and what it found stored, to be entered by the transaction that makes it visible.
struct SealedRecords {
  std::vector<Pack> packs;     ///< written
  std::vector<Digest> reused;  ///< records that the index had, so that they were not written again
  int64_t epoch = 0;           ///< Records::Epoch before the first of them was looked for
};

/// The records of all packs, found by id. The index stands in the database and is only a copy of the packs' own.
/// Threads: any.
class Records {
 public:
  /// Both outlive this object.
  Records(ObjectStore& objects, Database& database) : objects_(objects), database_(database) {}

  /// Makes the index's tables where they are missing.
  static absl::Status CreateTables(Database& database);

  /// Where the records of `ids` lie; those that are not stored are left out.
  absl::StatusOr<RecordLocations> Locate(std::span<const Digest> ids);

  /// The same; DataLoss where one is not stored. `what` names in the message who needs it.
  absl::StatusOr<RecordLocations> LocateAll(std::span<const Digest> ids, std::string_view what);

  /// The record at `location`, or where it lies since garbage was collected. DataLoss, naming the pack and the record,
  /// where its bytes are not those written. Inside of a transaction, on its thread only.
  absl::StatusOr<std::string> Load(const RecordLocation& location);

  /// The records at `locations`, in their order. Those that lie together in a pack are asked for together, up to 4 MiB
  /// at once, packs and pieces of them in parallel. Errors: those of Load.
  absl::StatusOr<std::vector<std::string>> LoadAll(std::span<const RecordLocation> locations, ThreadPool& pool);

  /// The bytes of the object (a list of tiles, a table, an attachment) with this id, and with this tag in it.
  absl::StatusOr<std::string> LoadObject(const Digest& id, std::string_view tag);

  /// Enters durable packs; to be called in a transaction.
  absl::Status Enter(std::span<const Pack> packs);

  /// The same for what a writer sealed, beside garbage collection: the packs and the objects `keys` that come with them
  /// are no garbage from here on. Aborted, with a hint, where one of them, or a record that was reused, is gone or
  /// about to go; so whoever publishes without this call may publish what is missing a moment later.
  absl::Status EnterSealed(const SealedRecords& sealed, std::span<const std::string> keys);

  /// Changes whenever the index loses records or the store loses objects.
  absl::StatusOr<int64_t> Epoch();

  /// Whether `error` may say of something only that it was removed since `epoch`, as erasures do beside readers: what
  /// is not found or damaged, where the epoch is another one. False for a status that is ok.
  absl::StatusOr<bool> WasRemovedSince(int64_t epoch, const absl::Status& error);

  /// Makes it another one; to be called in a transaction.
  absl::Status NextEpoch();

 private:
  absl::Status LoadGroup(std::span<const RecordLocation> locations, std::span<const size_t> group,
                         std::vector<std::string>& records);
  absl::Status CheckStored(const SealedRecords& sealed, std::span<const std::string> keys);

  ObjectStore& objects_;
  Database& database_;
};

/// An object that is no leaf, as a record.
std::string EncodeObject(uint8_t kind, std::string_view bytes);

}  // namespace roost::store
