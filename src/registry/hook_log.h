#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "store/database.h"

namespace roost::registry {

/// An event that a hook is still to be told of.
struct HookDelivery {
  std::string id;     ///< of the event; the same for all hooks and all tries
  std::string hook;   ///< as roost.yaml calls it
  std::string event;  ///< "promoted"
  std::string body;   ///< JSON: what is sent, to the byte
  absl::Time created;
  int64_t tries = 0;    ///< that failed
  std::string error;    ///< of the last one
  absl::Time next_try;  ///< not before

  friend bool operator==(const HookDelivery&, const HookDelivery&) = default;
};

/// What hooks are still to be told: written down before it is sent, gone when it has arrived. In the metadata database
/// only. Threads and processes: any number at once; two that send at once may tell a hook twice. Refers to the
/// database, which outlives it.
class HookLog {
 public:
  /// Makes the table where it is missing.
  static absl::StatusOr<HookLog> Open(store::Database& database);

  /// In one transaction.
  absl::Status Add(const std::vector<HookDelivery>& deliveries);
  /// In the order in which they were added.
  absl::StatusOr<std::vector<HookDelivery>> List() const;
  /// Keeps `tries`, `error` and `next_try`.
  absl::Status Update(const HookDelivery& delivery);
  absl::Status Remove(const HookDelivery& delivery);

 private:
  explicit HookLog(store::Database& database) : database_(&database) {}

  store::Database* database_;
};

}  // namespace roost::registry
