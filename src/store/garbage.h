#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/context.h"

namespace roost::store {

class Store;

struct GarbageOptions {
  bool dry_run = true;  ///< only says what would be done
  /// What was found to be garbage by an earlier run at least so long ago is removed. Readers of a pack that was
  /// rewritten have so long to end; who reads a version that is deleted and collected meanwhile gets DataLoss. Zero is
  /// safe for what is stored; a running writer or reader may then be told to run again.
  absl::Duration grace = absl::Hours(24);
  /// For erasures, with a grace of zero: each pack with anything that no version needs is written anew without it, and
  /// what this run finds it removes at once.
  bool purge = false;
};

struct GarbageAmount {
  int64_t objects = 0;
  int64_t bytes = 0;

  void Add(int64_t size) {
    ++objects;
    bytes += size;
  }
};

/// What a run did, or would do.
struct GarbageReport {
  std::map<std::string, int64_t> versions;  ///< dataset -> number of its versions: what holds all that is kept
  GarbageAmount packs;                      ///< packs of the store before this run
  int64_t records_live = 0;
  int64_t bytes_live = 0;  ///< of records
  int64_t records_dead = 0;
  int64_t bytes_dead = 0;   ///< of records; those in packs that stay are forgotten, their bytes are not freed
  GarbageAmount repacked;   ///< packs of which less than half was live: their live records move to new packs
  GarbageAmount condemned;  ///< packs, commits and profiles found to be garbage by this run
  GarbageAmount waiting;    ///< found by earlier runs, not long enough ago
  GarbageAmount removed;    ///< found by earlier runs, long enough ago
  int64_t unfinished = 0;   ///< temporary files of writers that ended long ago, removed
};

/// Finds what no version needs, and removes what an earlier run has found (docs/formats/store.md §10).
///
/// Safe beside readers, writers and other runs, on this and other machines, whenever it is killed: a writer that relied
/// on what went is Aborted when it publishes. Objects other than packs, commits and profiles are never touched.
/// DataLoss where a version cannot be followed: nothing is removed then. Aborted where other runs or writers were in
/// the way again and again. Memory: about 300 bytes for each record of the store, and one pack.
absl::StatusOr<GarbageReport> CollectGarbage(Store& store, const GarbageOptions& options, const Context& context);

}  // namespace roost::store
