#include "access/bind_rule.h"

#include <fmt/format.h>

#include "base/status.h"
#include "net/loopback.h"

namespace roost::access {

absl::Status CheckBind(const Bind& bind) {
  if (net::IsLoopbackHost(bind.host)) return absl::OkStatus();
  if (!bind.has_callers && !bind.allow_anonymous) {
    return WithHint(
        absl::InvalidArgumentError(
            fmt::format("host '{}' is open to other machines, and no token is known: nobody could call", bind.host)),
        "'roost token create CONSUMER' makes a token; --allow-anonymous lets anybody call; 127.0.0.1 serves this "
        "machine alone");
  }
  if (!bind.tls && !bind.allow_plaintext) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format(
            "host '{}' is open to other machines, and without TLS tokens and data pass in clear text", bind.host)),
        "name a certificate with --tls-certificate and --tls-key; --allow-plaintext does without, behind a "
        "proxy that ends TLS");
  }
  return absl::OkStatus();
}

}  // namespace roost::access
