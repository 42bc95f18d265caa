#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/context.h"
#include "store/object_store.h"

namespace roost::store {

/// Copies objects between stores, several at a time: what the other store has already is not read.
/// Threads: one calls. Memory: one object for each thread, and the keys of the other store.
class ObjectCopier {
 public:
  /// All outlive the copier.
  ObjectCopier(ObjectStore& from, ObjectStore& to, const Context& context) : from_(from), to_(to), context_(context) {}

  /// Looks at what is there; the first call, or again where somebody else may have deleted objects there.
  absl::Status Look();

  /// Copies those of `keys` that are missing. Where one was deleted meanwhile `vanished` is set; one whose bytes do not
  /// have the digest that its key says is not copied and told in `damages`.
  absl::Status Copy(const std::vector<std::string>& keys, bool& vanished);

  bool IsThere(const std::string& key) const { return there_.contains(key); }

  int64_t copied() const { return copied_; }  ///< objects
  int64_t bytes() const { return bytes_; }    ///< of those
  const std::vector<std::string>& damages() const { return damages_; }

 private:
  absl::Status CopyOne(const std::string& key, bool& vanished);

  ObjectStore& from_;
  ObjectStore& to_;
  const Context& context_;
  absl::flat_hash_set<std::string> there_;
  int64_t copied_ = 0;
  int64_t bytes_ = 0;
  std::vector<std::string> damages_;
  std::mutex mutex_;  // of what threads write to
};

}  // namespace roost::store
