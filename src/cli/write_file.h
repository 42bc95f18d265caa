#pragma once

#include <string>

#include "absl/status/status.h"

namespace roost::cli {

/// Writes the whole file or nothing. Errors as for table::OutputFile: AlreadyExists where there is one that is not to
/// be replaced.
absl::Status WriteFile(const std::string& path, const std::string& bytes, bool overwrite);

}  // namespace roost::cli
