#pragma once

#include "api/run.h"
#include "base/json.h"
#include "cli/session.h"

namespace roost::cli {

/// Tells a step as it ends: a line with what it made and why, and what else must be seen; with --json a line of JSON on
/// stderr.
void ShowStep(const api::StepResult& result, Session& session);

/// How the run ended, and what to do next.
void NoteRunEnd(const api::RunResponse& response, Session& session);

/// The run with its steps: docs/run.md.
Json JsonOfRun(const api::RunResponse& response);

}  // namespace roost::cli
