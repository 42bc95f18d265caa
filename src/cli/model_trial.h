#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "judge/server_check.h"
#include "serving/repository.h"

namespace roost::cli {

/// Loads a model in a child process, scores its warm-up rows there and says what that costs, so that one which crashes
/// the runtime does not take its caller with it. The child is this program with the hidden command try-model; it gets
/// the files through its stdin, one minute, and SIGKILL when this thread ends. InvalidArgument with the child's reason
/// where it refuses the model; Internal where it crashes or does not end in time. Threads: any.
absl::StatusOr<judge::ServerFigures> TryModelApart(const std::string& name, int64_t version,
                                                   const serving::ModelFiles& files);

/// What the child does: reads what TryModelApart hands over from stdin, loads it and warms it up. The JSON text that
/// TryModelApart wants on stdout.
absl::StatusOr<std::string> TryModelFromStdin(const std::string& name, int64_t version);

}  // namespace roost::cli
