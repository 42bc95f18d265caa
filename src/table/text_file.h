#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roost::table {

/// The content of a small file that people write (roost.yaml, schema.yaml). NotFound, PermissionDenied; InvalidArgument
/// for a folder and for more than 16 MiB.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

/// Replaces the file at `path` as a whole: a reader, or a crash, sees the old content or the new one. What is written
/// is durable when the call returns. The errors of OutputFile.
absl::Status WriteTextFile(const std::string& path, std::string_view content);

}  // namespace roost::table
