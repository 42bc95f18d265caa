#pragma once

#include <cstdint>
#include <string>

#include "api/validate.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// Adds to a command that validates what its data is: the source, whose schema, the environment, other data.
void AddDataOptions(CLI::App& command, api::ValidateRequest& request);

/// "flights-bad@2: 3 rows in quarantine", with "already" where they were there before. A line.
std::string QuarantineText(const store::CommitInfo& quarantine, int64_t rows);

}  // namespace roost::cli
