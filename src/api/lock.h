#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/project.h"
#include "config/lock_file.h"
#include "store/store.h"

namespace roost::api {

inline constexpr char kLockName[] = "roost.lock";

/// What the project uses now: the newest version of its dataset, and where the aliases of its models point (those of
/// `model` or `models`, and of `serve.models`). What is not there yet is left out.
absl::StatusOr<config::LockFile> LockNow(Project& project);

struct WriteLockResponse {
  std::string path;
  config::LockFile lock;
  bool changed = false;  ///< false: the file said so already
};

/// Writes roost.lock beside roost.yaml.
absl::StatusOr<WriteLockResponse> WriteLock(Project& project);

/// Something that is not as roost.lock says.
struct LockDifference {
  std::string what;    ///< "dataset flights", "alias champion of late-flights"
  std::string locked;  ///< "@3", "@3 (7af3…)" where the number is the same; "nothing"
  std::string now;
};

/// Empty where all is as roost.lock says. FailedPrecondition, with a hint, where there is none; the errors of
/// ParseLock.
absl::StatusOr<std::vector<LockDifference>> CheckLock(Project& project);

/// The version of the project's dataset that roost.lock pins. FailedPrecondition, with a hint, where it pins none, the
/// version is gone or another one now, or an alias of a model that roost.lock pins points elsewhere.
absl::StatusOr<store::CommitInfo> LockedDataset(Project& project);

}  // namespace roost::api
