#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roost::rest {

/// The pieces of a path between slashes, each percent-decoded: "/v2/a%2Fb" -> "v2", "a/b". A slash at the end is
/// ignored. Nothing where a '%' is not followed by two hexadecimal digits or a piece is empty.
std::optional<std::vector<std::string>> SplitPath(std::string_view path);

}  // namespace roost::rest
