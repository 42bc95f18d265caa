#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/context.h"
#include "store/object_store.h"

namespace roost::store {

class Store;

/// How deep to look. Each level does what the one before does too.
enum class VerifyLevel {
  kGraph = 1,    ///< every version's commit, table, lists, patches; that the rest is there; names; the database
  kBytes = 2,    ///< every pack whole: its SHA-256, and the checksum of each record
  kContent = 3,  ///< every record is decoded, every patch applied: each is what its id says
};

struct VerifyOptions {
  VerifyLevel level = VerifyLevel::kBytes;
  std::string dataset;  ///< only what this one's versions need; empty: all
  /// No new pack or table is begun after so long; the next call goes on with those checked longest ago.
  absl::Duration budget = absl::InfiniteDuration();
  ObjectStore* repair_from =
      nullptr;  ///< damaged packs and commits are replaced by those of this backup, if it has them
};

/// Something that is missing or not as it was written.
struct Damage {
  std::string object;                 ///< "packs/….pack", "database", …
  std::string message;                ///< what is wrong with it
  std::vector<std::string> versions;  ///< that cannot be read wholly: "flights@3"; may be none
  bool repaired = false;
};

struct VerifyReport {
  int64_t versions = 0;
  int64_t records = 0;  ///< that these versions need
  int64_t packs = 0;    ///< looked at; level 2 and 3
  int64_t bytes = 0;    ///< of those
  int64_t left = 0;     ///< packs and tables that the budget did not suffice for
  std::vector<Damage> damages;

  /// Nothing was found that is not repaired now.
  bool sound() const;
};

/// Looks for damage. It only reads, but for `repair_from` and what it notes of its progress in the database.
/// Safe beside writers. Errors are those of looking: damage is no error.
/// Memory: one pack, and about 300 bytes for each record. Cost: level 2 reads all packs once, level 3 decodes them.
absl::StatusOr<VerifyReport> Verify(Store& store, const VerifyOptions& options, const Context& context);

}  // namespace roost::store
