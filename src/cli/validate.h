#pragma once

#include "api/validate.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// Adds to a command that validates what its data is: the source, whose schema, the environment, other data.
void AddDataOptions(CLI::App& command, api::ValidateRequest& request);

}  // namespace roost::cli
