#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "store/erasure_record.h"
#include "store/name_record.h"
#include "store/object_store.h"

namespace roost::store {

/// A record that is not what its key says.
struct DamagedRecord {
  std::string key;
  std::string message;  ///< names the key
};

/// All records under "names/", from which the tables of names can be made again. Commits are those that erasures made
/// of the ones that the records name.
struct NameRecords {
  std::vector<VersionRecord> versions;
  std::vector<DeletedVersion> deleted;
  std::vector<NameMove> moves;  ///< those that `versions` tell of among them, in no order
  std::vector<Erasure> erasures;
  std::vector<DamagedRecord> damaged;
};

/// Reads them. Errors are those of the object store; damaged records are told. Memory: about 300 bytes a record.
absl::StatusOr<NameRecords> ReadNameRecords(ObjectStore& objects);

/// Sorts moves by dataset, name and number, and adds to those by commits what their records do not say: where the
/// branch was and whether it was protected, as the move before has it.
void ChainMoves(std::vector<NameMove>& moves);

}  // namespace roost::store
