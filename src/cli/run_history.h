#pragma once

#include "cli/session.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// Adds list, show and compare to the group "run".
void AddRunHistoryCommands(CLI::App& run, Session& session);

}  // namespace roost::cli
