#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "store/erase.h"

namespace roost::api {

struct EraseDataRequest {
  std::string dataset;
  std::vector<std::string> key_files;  ///< paths and globs; all of their columns are compared
  std::string reason;
  bool dry_run = true;
};

struct EraseDataResponse {
  store::EraseReport data;
  std::vector<std::string> models;  ///< that were trained on versions with the rows: "late-flights@2"
};

/// Removes the rows with the given values from all versions of a dataset (store::EraseRows). Models stay as they are.
absl::StatusOr<EraseDataResponse> EraseData(Project& project, const EraseDataRequest& request, const Context& context);

/// The erasures of a dataset, the oldest first. NotFound where there is neither one nor such a dataset.
absl::StatusOr<std::vector<store::Erasure>> ErasureLog(Project& project, const std::string& dataset);

}  // namespace roost::api
