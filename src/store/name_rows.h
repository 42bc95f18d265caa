#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/database.h"
#include "store/name_record.h"

namespace roost::store {

/// The rows of the tables of names (docs/formats/store.md §9), as what they say. A row that cannot be is DataLoss.

/// Makes the tables where they are missing.
absl::Status CreateNameTables(Database& database);

/// The moves that `rest` ("WHERE … ORDER BY …", with `parameters`) selects.
absl::StatusOr<std::vector<NameMove>> SelectMoves(Database& database, const std::string& rest,
                                                  const SqlRow& parameters);

/// Enters a move, unless this name has one of this number; `recorded`: its record object is there, or a commit's
/// version record tells of it.
absl::Status InsertMove(Database& database, const NameMove& move, bool recorded);

/// The deleted versions that `rest` selects.
absl::StatusOr<std::vector<DeletedVersion>> SelectDeleted(Database& database, const std::string& rest,
                                                          const SqlRow& parameters);

/// Enters a deleted version, unless it is there, and takes it out of the table of versions.
absl::Status InsertDeleted(Database& database, const DeletedVersion& deleted, bool recorded);

/// Enters a version, unless it is there.
absl::Status InsertVersion(Database& database, const std::string& dataset, int64_t version, const Digest& commit,
                           bool recorded);

/// The last move of a name, deletions among them; none: it never was. Main of a dataset of before there were branches
/// is its newest version.
absl::StatusOr<std::optional<NameMove>> LastMove(Database& database, const std::string& dataset,
                                                 const std::string& name);

/// The last move of each name that is there, by name.
absl::StatusOr<std::vector<NameMove>> CurrentNames(Database& database, const std::string& dataset);

/// The commit of a version, as hexadecimal digits; none: there is no such version, or it was deleted.
absl::StatusOr<std::optional<std::string>> CommitOf(Database& database, const std::string& dataset, int64_t version);

/// The number that the next version gets: no number is given twice, whatever was deleted.
absl::StatusOr<int64_t> NextVersion(Database& database, const std::string& dataset);

}  // namespace roost::store
