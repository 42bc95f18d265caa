#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace roost::serving {

/// Microseconds since 1970-01-01T00:00Z of an ISO 8601 time: "2001-05-01", "2001-05-01T13:45", with seconds, a
/// fraction of up to 9 digits (cut to microseconds), and "Z" or "+02:00"; without a zone it is UTC. A space may stand
/// for the T. Nothing for any other text.
std::optional<int64_t> ParseIsoTime(std::string_view text);

}  // namespace roost::serving
