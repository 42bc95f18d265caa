#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/hash.h"
#include "store/database.h"
#include "store/object_store.h"

namespace roost::store {

/// A version whose commit was written anew by an erasure.
struct ErasedVersion {
  int64_t version = 0;
  int64_t rows = 0;  ///< that were removed from it; 0 where only a version before it changed
  Digest before;     ///< its commit until then
  Digest after;      ///< its commit since

  friend bool operator==(const ErasedVersion&, const ErasedVersion&) = default;
};

/// What is kept of rows that were erased from all versions of a dataset: never their values.
struct Erasure {
  std::string dataset;
  int64_t number = 0;  ///< counts the erasures of the dataset, from 1 on
  absl::Time time;     ///< whole microseconds
  std::string author;
  std::string reason;
  int64_t keys = 0;                  ///< different given keys
  std::vector<std::string> columns;  ///< that were compared
  std::vector<ErasedVersion> versions;

  friend bool operator==(const Erasure&, const Erasure&) = default;
};

/// The record object of an erasure (docs/formats/store.md §8): JSON on one line. What is no such record, or one of
/// another key, is DataLoss that names `key`; one of a newer format Unimplemented.
inline constexpr char kErasureRecords[] = "names/erased";
std::string KeyOf(const Erasure& erasure);
std::string ToRecord(const Erasure& erasure);
absl::StatusOr<Erasure> ParseErasureRecord(std::string_view bytes, const std::string& key);

/// The table of erasures. Makes it where it is missing.
absl::Status CreateErasureTable(Database& database);

/// Enters an erasure unless it is there. `recorded`: its record object is there; `purged`: what held the rows is gone.
absl::Status InsertErasure(Database& database, const Erasure& erasure, bool recorded, bool purged);

/// The erasures that `rest` ("WHERE … ORDER BY …", with `parameters`) selects.
absl::StatusOr<std::vector<Erasure>> SelectErasures(Database& database, const std::string& rest,
                                                    const SqlRow& parameters);

/// Writes the records that are missing.
absl::Status RecordErasures(ObjectStore& objects, Database& database);

/// What commits were written anew as. Threads: one.
class RewrittenCommits {
 public:
  RewrittenCommits() = default;
  explicit RewrittenCommits(const std::vector<Erasure>& erasures);

  /// The commit that `commit` is now; itself where it was not written anew.
  Digest Now(Digest commit) const;

  /// All commits that `commit` was before, the last one first.
  std::vector<Digest> Before(Digest commit) const;

 private:
  std::map<Digest, Digest> after_;
  std::map<Digest, Digest> before_;
};

/// Those of a dataset, as the database has them.
absl::StatusOr<RewrittenCommits> RewrittenCommitsOf(Database& database, const std::string& dataset);

/// In a transaction: the parents that deleted versions of the dataset are said to have become those that they are now.
absl::Status MoveParentsOfDeleted(Database& database, const std::string& dataset, const RewrittenCommits& commits);

}  // namespace roost::store
