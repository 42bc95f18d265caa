#pragma once

#include <utility>

#include <arrow/result.h>
#include <arrow/status.h>

#include "absl/status/status.h"
#include "base/status.h"

/// Returns from the calling function where `expression`, an arrow::Status, is not OK.
#define TRY_ARROW(expression)                                            \
  do {                                                                   \
    if (::arrow::Status try_status_ = (expression); !try_status_.ok()) { \
      return ::roost::table::FromArrow(try_status_);                     \
    }                                                                    \
  } while (false)

/// Assigns the value of `expression`, an arrow::Result, to `left`, or returns its status. `left` may declare a
/// variable: TRY_ARROW_ASSIGN(const auto batch, reader->Next());
#define TRY_ARROW_ASSIGN(left, expression) \
  TRY_ARROW_ASSIGN_NAMED_(ROOST_JOIN_(try_arrow_result_, __LINE__), left, expression)
#define TRY_ARROW_ASSIGN_NAMED_(result, left, expression)              \
  auto result = (expression);                                          \
  if (!result.ok()) return ::roost::table::FromArrow(result.status()); \
  left = std::move(result).ValueUnsafe()

namespace roost::table {

/// The status for what Arrow reports. An I/O error with an errno gets the code of that errno (NotFound,
/// PermissionDenied, ResourceExhausted and so on; a closed pipe as IsBrokenPipe tells); any other I/O error is
/// DataLoss: Arrow says so of files that are cut off or damaged. Invalid, KeyError, TypeError and IndexError are
/// InvalidArgument; OutOfMemory and CapacityError ResourceExhausted; Cancelled and NotImplemented (Unimplemented) stay
/// what they are. A status that ToArrow carried through Arrow comes back as it was. The message is one line.
absl::Status FromArrow(const arrow::Status& status);

/// For our own readers and streams, which Arrow calls: `status` is carried through Arrow as a detail, whole.
arrow::Status ToArrow(const absl::Status& status);

/// Whether `status` says that the other side of a pipe has gone (`roost data cat ... | head`): no error to report, but
/// the end of the work.
bool IsBrokenPipe(const absl::Status& status);

}  // namespace roost::table
