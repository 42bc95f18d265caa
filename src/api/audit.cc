#include "api/audit.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/status.h"

namespace roost::api {

absl::StatusOr<std::vector<registry::AuditEntry>> AuditEntries(Project& project, const registry::AuditFilter& filter) {
  return project.registry().audit().List(filter);
}

absl::StatusOr<registry::AuditReport> VerifyAudit(Project& project, const std::string& noted) {
  if (noted.empty()) return project.registry().audit().Verify();
  const absl::StatusOr<Digest> hash = Digest::FromHex(noted);
  if (!hash.ok()) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is no hash of an entry", noted)),
                    "'roost audit head' shows one: 64 hexadecimal digits.");
  }
  return project.registry().audit().Verify(*hash);
}

absl::StatusOr<std::optional<registry::AuditEntry>> AuditHead(Project& project) {
  return project.registry().audit().Head();
}

}  // namespace roost::api
