#pragma once

#include "absl/status/status.h"
#include "api/project.h"
#include "base/json.h"
#include "cli/session.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// Adds consumers to the group "model".
void AddModelConsumersCommand(CLI::App& model, Session& session);

/// Whom and what a change of a version touches, as --json shows it; an object without them where that cannot be told.
Json TouchedJson(api::Project& project, const registry::ModelVersion& version);

/// The same as lines on stdout; none where nobody is touched.
void PrintTouched(api::Project& project, const registry::ModelVersion& version, Session& session);

}  // namespace roost::cli
