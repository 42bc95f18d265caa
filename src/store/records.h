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

  /// The record at `location`. DataLoss, naming the pack and the record, where its bytes are not those written.
  absl::StatusOr<std::string> Load(const RecordLocation& location);

  /// The records at `locations`, in their order. Those that lie together in a pack are asked for together, up to 4 MiB
  /// at once, packs and pieces of them in parallel. Errors: those of Load.
  absl::StatusOr<std::vector<std::string>> LoadAll(std::span<const RecordLocation> locations, ThreadPool& pool);

  /// The bytes of the object (a list of tiles, a table, an attachment) with this id, and with this tag in it.
  absl::StatusOr<std::string> LoadObject(const Digest& id, std::string_view tag);

  /// Enters durable packs; to be called in a transaction.
  absl::Status Enter(std::span<const Pack> packs);

 private:
  absl::Status LoadGroup(std::span<const RecordLocation> locations, std::span<const size_t> group,
                         std::vector<std::string>& records);

  ObjectStore& objects_;
  Database& database_;
};

/// An object that is no leaf, as a record.
std::string EncodeObject(uint8_t kind, std::string_view bytes);

}  // namespace roost::store
