#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/hash.h"
#include "store/object_store.h"
#include "store/pack.h"
#include "store/records.h"

namespace roost::store {

/// Puts records into packs, each id once: what the store has already is not written again. Nothing that it writes is
/// visible before its packs are entered into the index.
/// Threads: one. Memory: one open pack, and 100 bytes for each record that is written or reused.
class RecordWriter {
 public:
  /// All outlive the writer.
  RecordWriter(ObjectStore& objects, Records& records, const Context& context)
      : objects_(objects), records_(records), context_(context) {}

  /// Which of `ids` are neither stored nor written here yet, as a set. Cost: one look-up in the index for all.
  absl::StatusOr<absl::flat_hash_set<Digest>> Missing(std::span<const Digest> ids);

  /// Adds a record unless one of this id was written here; the caller knows that the store lacks it.
  absl::Status Add(const Digest& id, std::string_view record);

  /// Stores an object that is no leaf under the id of its tag and bytes, where it is missing; returns the id.
  absl::StatusOr<Digest> AddObject(std::string_view tag, uint8_t kind, std::string_view bytes);

  /// Makes everything durable and returns what Records::EnterSealed takes, in the transaction that moves the name. The
  /// last call.
  absl::StatusOr<SealedRecords> Seal();

 private:
  absl::Status Begin();
  absl::Status EndPack();

  ObjectStore& objects_;
  Records& records_;
  const Context& context_;
  PackWriter pack_;
  std::optional<int64_t> epoch_;
  std::vector<Pack> packs_;
  absl::flat_hash_set<Digest> reused_;
  absl::flat_hash_set<Digest> written_;  // records of this writer, which the index does not have yet
};

}  // namespace roost::store
