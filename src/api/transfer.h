#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "store/dataset_push.h"
#include "store/workspace_copy.h"

namespace roost::api {

/// Another workspace, for the functions below: the folder of a project, whose roost.yaml says where its workspace lies
/// (it is made where it is missing, but not for a pull), or of a backup. InvalidArgument, with a hint, for a folder
/// that is neither, or that has this project's own workspace.

struct CopyWorkspaceResponse {
  store::CopyReport data;
  int64_t models = 0;   ///< versions of models and moves of aliases that came
  int64_t tokens = 0;   ///< tokens that came, or were marked as revoked
  std::string objects;  ///< where those of the other workspace lie
};

/// Makes the workspace of `place` what the project's is (store::CopyWorkspace), with its models and tokens
/// (registry::TokenLog::TakeFrom). FailedPrecondition, too, where there are models or moves of aliases there that the
/// project lacks; nothing is changed then.
absl::StatusOr<CopyWorkspaceResponse> CopyWorkspace(Project& project, const std::string& place, const Context& context);

/// Brings a dataset of the project to `place`, or from there (store::PushDataset).
absl::StatusOr<store::PushReport> PushData(Project& project, const std::string& dataset, const std::string& place,
                                           const Context& context);
absl::StatusOr<store::PushReport> PullData(Project& project, const std::string& dataset, const std::string& place,
                                           const Context& context);

}  // namespace roost::api
