#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status.h"
#include "store/object_store.h"

namespace roost::store {

/// Stores `bytes`, a record that `parse` reads, under `key`. What is there stays, as Put has it, unless it is damaged:
/// a database that was made again counts on without a damaged record, gives its key to something new, and that would
/// be lost with the next database. Killed in between, nothing is there, and the record is still to be written.
template <typename Record>
absl::Status PutRecord(ObjectStore& objects, const std::string& key, std::string_view bytes,
                       absl::StatusOr<Record> (*parse)(std::string_view bytes, const std::string& key)) {
  TRY_ASSIGN(const bool is_there, objects.Exists(key));
  if (is_there) {
    TRY_ASSIGN(const std::string there, objects.Get(key));
    if (absl::IsDataLoss(parse(there, key).status())) TRY(objects.Delete(key));
  }
  return objects.Put(key, bytes);
}

}  // namespace roost::store
