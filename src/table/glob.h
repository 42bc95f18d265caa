#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::table {

/// The files that `patterns` name: in the order of the patterns, and within a pattern in byte order of their names.
/// A pattern with *, ? or [ is expanded as a shell does (hidden files are left out), unless a file has that very name;
/// folders that match are left out. A name without them is given back as it is; that it can be read is checked by
/// OpenFile. NotFound for a pattern that matches no file; InvalidArgument where a file is named twice.
absl::StatusOr<std::vector<std::string>> ExpandGlobs(std::span<const std::string> patterns);

}  // namespace roost::table
