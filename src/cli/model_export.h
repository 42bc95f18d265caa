#pragma once

#include "cli/session.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// Adds export to the group "model".
void AddModelExportCommand(CLI::App& model, Session& session);

}  // namespace roost::cli
