#pragma once

#include "access/access_control.h"
#include "net/http_server.h"

namespace roost::access {

/// Hands on to `next` what `control` allows, with RequestNotes::consumer filled in ("" for callers without a token),
/// and answers the rest itself. In this order:
///
///   host         Calls to a host that is not this server's: 403, so that a web page cannot reach the server under a
///                name of its own (DNS rebinding). Health is open whatever the host: probes call by address.
///   token        "Authorization: Bearer TOKEN" (RFC 6750), over gRPC as metadata; else the client's certificate, else
///                nobody. None where callers must be known, one that is unknown, expired or revoked: 401 with
///                WWW-Authenticate. A token that is not good is refused also where anybody may call.
///   role         Too low for the call (needed_role.h): 403; 401 of callers without a token.
///   origin       Loads and unloads for a page whose Origin is neither loopback nor a configured host: 403.
///   rate         Beyond the consumer's rate: 429 with Retry-After.
///
/// Answers are {"error": text}, the text with what to do next. gRPC calls (by their Content-Type) get UNAUTHENTICATED,
/// PERMISSION_DENIED, or RESOURCE_EXHAUSTED with grpc-retry-pushback-ms (gRFC A6), as trailers only.
///
/// `control` outlives the handler. Cost: guard_benchmark.cc.
net::Handler Guard(net::Handler next, const AccessControl& control);

}  // namespace roost::access
