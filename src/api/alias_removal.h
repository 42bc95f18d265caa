#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "registry/alias_log.h"

namespace roost::api {

struct RemoveAliasRequest {
  std::string model, alias;
  std::optional<int64_t> expected;  ///< where the alias must point now
  std::string author, reason;       ///< both are needed
};

/// Lets an alias point nowhere; its history stays. Returns its last move. NotFound where it points nowhere,
/// InvalidArgument for `champion` and `previous` (what serves is moved, not removed), Aborted where the alias is not
/// where it was expected.
absl::StatusOr<registry::AliasMove> RemoveAlias(Project& project, const RemoveAliasRequest& request,
                                                const Context& context);

}  // namespace roost::api
