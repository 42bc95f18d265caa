#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/database.h"
#include "store/erasure_record.h"
#include "store/name_record.h"

namespace roost::store {

/// All that a database says of versions and their names: what is copied from one workspace to another.
struct NameTables {
  struct Version {
    std::string dataset;
    int64_t version = 0;
    Digest commit;

    friend bool operator==(const Version&, const Version&) = default;
  };
  std::vector<Version> versions;        ///< by dataset and number
  std::vector<DeletedVersion> deleted;  ///< by dataset and number
  std::vector<NameMove> moves;          ///< by dataset, name and number
  std::vector<Erasure> erasures;        ///< by dataset and number
};

/// Those of `dataset`, or with "" of all. In a transaction they are of one moment.
absl::StatusOr<NameTables> LoadNameTables(Database& database, const std::string& dataset);

/// FailedPrecondition, naming the first difference, where something in `there` is not in `here`: `there` is then no
/// earlier state of it.
absl::Status CheckIsEarlier(const NameTables& there, const NameTables& here);

/// Enters what is not there yet; to be called in a transaction. The record objects are written by
/// Names::RecordPending, where they are missing.
absl::Status EnterNameTables(Database& database, const NameTables& tables);

}  // namespace roost::store
