#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/erasure_record.h"

namespace roost::store {

class Store;

struct EraseRequest {
  std::string dataset;
  /// Rows of one or more columns, read once: rows of any version with the same values in these columns go.
  std::shared_ptr<arrow::RecordBatchReader> keys;
  std::string author;
  std::string reason;   ///< at most kMaxReasonBytes; not empty
  bool dry_run = true;  ///< only says what would be done
};

/// What an erasure did to one version, or would do.
struct VersionErasure {
  int64_t version = 0;
  int64_t rows = 0;                    ///< before
  int64_t removed = 0;                 ///< rows that were found
  int64_t not_searched = 0;            ///< rows that do not have the columns
  bool is_rewritten = false;           ///< its commit is written anew, because of its rows or because of a parent's
  std::vector<std::string> commits{};  ///< hexadecimal: its commit, and what that was before earlier erasures
};

struct EraseReport {
  std::vector<std::string> columns;
  int64_t keys = 0;                      ///< different ones
  std::vector<VersionErasure> versions;  ///< all of the dataset, newest first
  int64_t bytes = 0;                     ///< of the records that hold values of the rows, as they are stored
  std::vector<std::string> still_in;     ///< versions of other datasets that share such records: "copy@3"
  int64_t number = 0;                    ///< of the erasure; 0 where no row was found
  bool finished_purge = false;           ///< what an earlier erasure, which was killed, had left is gone too
  int64_t bytes_purged = 0;              ///< of the packs, commits and profiles that are gone
};

/// Removes rows from all versions of a dataset, and what holds their values from the store (docs/formats/store.md §11).
/// Versions keep their numbers, times, authors, messages and names; their commits are new ones. Packs with anything
/// that no version needs are rewritten and deleted at once: a reader of an old version gets DataLoss or NotFound then,
/// a running writer is Aborted when it publishes. Killed at any moment, the versions are the old ones or the new ones,
/// and the same call again goes on with the rest.
///
/// Errors: InvalidArgument (dataset of files, columns, types, keys, reason), NotFound, Aborted where other writers
/// changed the dataset again and again, those of reading and writing.
/// Cost: reads the searched columns of each different tile once, and writes what it changes; the purge reads the index,
/// and what is needed of the packs that it rewrites. Memory: the keys, the lists of tiles of one table, and about 100
/// bytes for each different tile and 300 for each record of the store.
absl::StatusOr<EraseReport> EraseRows(Store& store, const EraseRequest& request, const Context& context);

/// The erasures of a dataset, the oldest first. Empty where there are none, also for a dataset that is not there.
absl::StatusOr<std::vector<Erasure>> ErasuresOf(Store& store, const std::string& dataset);

}  // namespace roost::store
