#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::config {

/// What `roost run` alone reads of roost.yaml. The keys are declared with all others (DeclareProject).
struct PipelineConfig {
  std::vector<std::string> source;  ///< paths and globs, relative to the project: the whole dataset; empty: none
};

/// `text` is the content of the file at `path`, which messages name. InvalidArgument for what is no YAML or no such
/// value; other keys are not looked at.
absl::StatusOr<PipelineConfig> ParsePipeline(std::string_view text, std::string_view path);

}  // namespace roost::config
