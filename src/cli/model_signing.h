#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/session.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// Adds sign and verify to the group "model".
void AddModelSigningCommands(CLI::App& model, Session& session);

/// model export --format package: the files of a version, with its signature, in `folder` (empty: NAME-VERSION).
absl::StatusOr<int> ExportPackage(const std::string& reference, const std::string& folder, bool overwrite,
                                  Session& session);

}  // namespace roost::cli
