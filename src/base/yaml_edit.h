#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost {

/// Edits of a YAML text that leave every other byte of it, comments too, as they are.

/// `text` with `value` (a plain scalar, written as it stands) for the key at the end of `keys` ("model", "trainer",
/// "l2"): in place of the scalar that is there, or as a new key of the deepest mapping that is there. InvalidArgument,
/// with "path:line:", where `text` is no YAML, or where something else than a mapping or a scalar is in the way.
absl::StatusOr<std::string> SetYamlScalar(std::string_view text, std::string_view path,
                                          std::span<const std::string> keys, std::string_view value);

/// `text` with the lines of `block`, which are indented below the key, in place of the scalar at the end of `keys`.
/// InvalidArgument as above, and where that key is missing or stands in a mapping in braces.
absl::StatusOr<std::string> SetYamlBlock(std::string_view text, std::string_view path,
                                         std::span<const std::string> keys, std::string_view block);

}  // namespace roost
