#pragma once

#include <nlohmann/json.hpp>

#include "api/releases.h"
#include "base/json.h"
#include "cli/session.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// A move of an alias as --json shows it.
Json ToJson(const registry::AliasMove& move);

/// Adds promote, rollback, history, retire and delete to the group "model".
void AddModelMoveCommands(CLI::App& model, Session& session);

/// Adds lineage to the group "model".
void AddModelLineageCommand(CLI::App& model, Session& session);

/// Adds staleness to the group "model".
void AddStalenessCommand(CLI::App& model, Session& session);

}  // namespace roost::cli
