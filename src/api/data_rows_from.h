#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "api/data.h"
#include "api/project.h"
#include "base/context.h"
#include "ingest/rows_from.h"

namespace roost::api {

/// AddData of the files' rows from a time on; of all of them where `from` is empty.
absl::StatusOr<AddDataResponse> AddRowsFrom(Project& project, const AddDataRequest& request,
                                            const std::optional<ingest::RowsFrom>& from, const Context& context);

}  // namespace roost::api
