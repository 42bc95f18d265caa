#pragma once

#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"

namespace roost::table {

/// What Arrow's CSV reader says, `status`, in our words: the file, the row (the header is row 1), the column by its
/// name where `names` has it, what was expected. InvalidArgument.
absl::Status CsvFault(const std::string& path, const std::vector<std::string>& names, const arrow::Status& status);

/// What is wrong with the JSON Lines file at `path`, which Arrow's reader refused with `status`: the first line that is
/// not JSON, not an object, has a name twice, or has a value of another kind than the lines before. Arrow's own words
/// where all of them look well. InvalidArgument. Cost: reads the file up to the fault, about 100 MB/s.
absl::Status JsonFault(const std::string& path, const arrow::Status& status);

}  // namespace roost::table
