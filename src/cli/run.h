#pragma once

#include "cli/session.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// With list, show and compare in its group.
void AddRunCommand(CLI::App& app, Session& session);
/// Into the group "run".
void AddRunHistoryCommands(CLI::App& run, Session& session);

}  // namespace roost::cli
