#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "store/database.h"

namespace roost::registry {

/// Runs the statements of `create`, "CREATE TABLE IF NOT EXISTS ..." and its indices, where there is no `table`. Where
/// it is there nothing is written: whoever may only read opens a workspace, too, and waits for no writer.
absl::Status EnsureTable(store::Database& database, std::string_view table, const std::vector<std::string>& create);

}  // namespace roost::registry
