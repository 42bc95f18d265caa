#pragma once

#include "api/project.h"
#include "cli/session.h"

namespace roost::cli {

/// At the end of a command: tells the hooks of roost.yaml what it did, and what earlier commands could not. What cannot
/// be told is noted on stderr and kept; the command is done all the same.
void SendHooks(api::Project& project, Session& session);

}  // namespace roost::cli
