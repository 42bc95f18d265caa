#pragma once

#include <string_view>

namespace roost::net {

/// Whether `host`, a name or an address without a port, can only mean this machine: "localhost" and names that end in
/// ".localhost" (RFC 6761), 127.0.0.0/8, and ::1, also in square brackets. Looks nothing up.
bool IsLoopbackHost(std::string_view host);

/// `authority` ("localhost:8080", "[::1]:8080") without its port.
std::string_view WithoutPort(std::string_view authority);

}  // namespace roost::net
