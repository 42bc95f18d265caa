#pragma once

#include "cli/session.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// watch and watch status.
void AddWatchCommand(CLI::App& app, Session& session);

}  // namespace roost::cli
