#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "registry/audit_log.h"
#include "store/database.h"
#include "store/object_store.h"

namespace roost::registry {

/// A signature of a version (model_signature.h), kept beside its package, which stays what it is.
struct SignatureRecord {
  std::string model;
  int64_t version = 0;
  int64_t number = 0;  ///< counts the version's signatures from 1
  std::string bundle;  ///< JSON
  std::string author;
  absl::Time made;  ///< whole microseconds

  friend bool operator==(const SignatureRecord&, const SignatureRecord&) = default;
};

/// The signatures of all versions. Each also leaves a record object names/signatures/MODEL/VERSION/NUMBER. Threads:
/// any. Refers to the database and the objects, which outlive it.
class SignatureLog {
 public:
  /// Makes the table where it is missing.
  static absl::StatusOr<SignatureLog> Open(store::Database& database, store::ObjectStore& objects, AuditLog audit);

  /// Keeps `record`, whose number it sets, in a transaction of its own. `key` is told in the audit log.
  absl::Status Add(SignatureRecord& record, const std::string& key);

  /// Those of one version, the newest first.
  absl::StatusOr<std::vector<SignatureRecord>> Of(std::string_view model, int64_t version) const;

  /// Adds the signatures that have a record object and are not in the database; returns how many. DataLoss for a
  /// damaged record. Run it with no writer at work.
  absl::StatusOr<int64_t> Restore();

 private:
  SignatureLog(store::Database& database, store::ObjectStore& objects, AuditLog audit)
      : database_(&database), objects_(&objects), audit_(audit) {}

  absl::StatusOr<int64_t> AdoptRecords(const std::string& model, int64_t version);
  absl::Status Insert(const SignatureRecord& record);

  store::Database* database_;
  store::ObjectStore* objects_;
  AuditLog audit_;
};

}  // namespace roost::registry
