#pragma once

#include <string_view>

#include <arrow/status.h>

#include "absl/status/status.h"

namespace roost::store {

/// The status for what Arrow's S3 file system reports of `url`, with a hint where the user can do something.
/// NotFound stands for the object; for the bucket it says so.
absl::Status FromS3(const arrow::Status& status, std::string_view url);

}  // namespace roost::store
