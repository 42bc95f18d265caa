#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/json_members.h"

namespace roost::registry {

/// Record objects, which tell the rows of the logs a second time: ROOT/FOLDER/NUMBER, JSON.

/// The member of an object if it is an integer, else 0.
int64_t IntegerMember(const Json& object, const char* name);

/// Calls `adopt` once for each FOLDER of `keys`, which are all below `root` and in their order, and returns the sum of
/// what it returns. FOLDER may have slashes; it is "" for keys right below the root.
absl::StatusOr<int64_t> AdoptFolders(const std::vector<std::string>& keys, std::string_view root,
                                     absl::FunctionRef<absl::StatusOr<int64_t>(const std::string& folder)> adopt);

}  // namespace roost::registry
