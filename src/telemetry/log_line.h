#pragma once

#include <ctime>
#include <string>

#include "telemetry/exchange.h"

namespace roost::telemetry {

/// Appends `exchange`, which ended at `end` (since 1970 UTC), as a line of JSON with its '\n'. Fields that say nothing
/// (no trace, no model, no consumer) are left out. Paths and texts are cut after 256 bytes; control characters are
/// escaped, what is not UTF-8 is replaced.
void AppendLogLine(const Exchange& exchange, const timespec& end, std::string& text);

}  // namespace roost::telemetry
