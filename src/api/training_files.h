#pragma once

#include <string>

#include "absl/status/status.h"
#include "api/trainers.h"
#include "base/context.h"

namespace roost::api {

/// Writes the training and the evaluation rows of `job` as Parquet files for an external trainer (docs/trainers.md):
/// the features by name as doubles (0 where there is no entry), or without a transform the columns; beside them
/// "__target" (double; classes by number, -1 one that no training row has), "__weight" (double) and for rankings
/// "__group" (int64). The errors of files; InvalidArgument where a column has one of these names.
absl::Status WriteTrainingFiles(const TrainerJob& job, const std::string& train_path, const std::string& evaluate_path,
                                const Context& context);

}  // namespace roost::api
