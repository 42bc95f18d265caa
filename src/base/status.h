#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

/// Returns from the calling function where `expression`, an absl::Status, is not OK.
#define TRY(expression)                                               \
  do {                                                                \
    if (absl::Status try_status_ = (expression); !try_status_.ok()) { \
      return try_status_;                                             \
    }                                                                 \
  } while (false)

/// Assigns the value of `expression`, an absl::StatusOr, to `left`, or returns its status.
/// `left` may declare a variable: TRY_ASSIGN(const Digest id, ParseDigest(text));
#define TRY_ASSIGN(left, expression) TRY_ASSIGN_NAMED_(ROOST_JOIN_(try_result_, __LINE__), left, expression)
#define TRY_ASSIGN_NAMED_(result, left, expression)    \
  auto result = (expression);                          \
  if (!result.ok()) return std::move(result).status(); \
  left = std::move(result).value()
#define ROOST_JOIN_(a, b) ROOST_JOIN_AGAIN_(a, b)
#define ROOST_JOIN_AGAIN_(a, b) a##b

namespace roost {

/// The same status with `what` and ": " before its message; code and hint are kept. OK stays OK.
/// Used where an error crosses a folder: Annotate(status, "reading flights.csv").
absl::Status Annotate(const absl::Status& status, std::string_view what);

/// The same status with a sentence that tells the user what to do next. OK stays OK; a second hint replaces the first.
absl::Status WithHint(absl::Status status, std::string_view hint);

/// The hint of `status`, or "".
std::string HintOf(const absl::Status& status);

/// The status for `error_number` (errno) of an operation on `what`: permission denied is PermissionDenied, a full
/// disk or exhausted descriptors ResourceExhausted, a missing file NotFound, and so on.
absl::Status ErrnoStatus(int error_number, std::string_view what);

/// What a command's process returns for `status`. One table, in status.cc, with HttpStatusOf.
/// 0 done, 2 usage or configuration, 10 no project or store, 11 lost a race, 12 authentication, 13 remote
/// unavailable, 14 a limit of this machine (disk full, port taken, no permission), 70 our own bug or damaged
/// data, 130 interrupted. (1, "a check said no", is an answer and not an error: commands return it themselves.)
int ExitCodeOf(const absl::Status& status);

/// The HTTP status code for `status`; 200 for OK.
int HttpStatusOf(const absl::Status& status);

}  // namespace roost
