#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/context.h"

namespace roost::store {

class Store;

struct PushReport {
  int64_t versions = 0;  ///< that came
  int64_t records = 0;   ///< that the other workspace did not have
  int64_t bytes = 0;     ///< of their packs
};

/// Brings the dataset in `to` to the state that it has in `from`: all its versions, branches, tags and aliases with
/// their histories, deletions too. Versions keep their numbers and commits. Only records that `to` lacks are read and
/// sent, in packs of their own; a tile that can be read there in another form is not sent again.
///
/// `to` has no such dataset, or an earlier state of it; where it has gone its own way, FailedPrecondition says how.
/// Nothing of it is visible before all of it is; killed, it can be run again. NotFound, with a hint, where `from` has
/// no such dataset. Aborted where somebody changed the dataset in `to`, or collected garbage there, meanwhile.
/// Memory: one pack, and 100 bytes for each record of the versions that are new.
absl::StatusOr<PushReport> PushDataset(Store& from, Store& to, const std::string& dataset, const Context& context);

}  // namespace roost::store
