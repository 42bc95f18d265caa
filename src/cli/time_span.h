#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace roost::cli {

/// A moment as options take it: "2001-05-31" (its beginning in UTC), "2001-05-31T12:00:00Z" or with an offset, or how
/// long ago, as ParseTimeSpan has it. InvalidArgument for anything else.
absl::StatusOr<absl::Time> ParseInstant(const std::string& text);

}  // namespace roost::cli
