#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "registry/audit_log.h"

namespace roost::api {

/// The entries of the workspace's audit log, the oldest first.
absl::StatusOr<std::vector<registry::AuditEntry>> AuditEntries(Project& project, const registry::AuditFilter& filter);

/// Checks the audit log (AuditLog::Verify). `noted`: the hash of an entry that was noted elsewhere, 64 hexadecimal
/// digits; empty: none. InvalidArgument where it is no hash.
absl::StatusOr<registry::AuditReport> VerifyAudit(Project& project, const std::string& noted);

/// The last entry; absent where there is none.
absl::StatusOr<std::optional<registry::AuditEntry>> AuditHead(Project& project);

}  // namespace roost::api
