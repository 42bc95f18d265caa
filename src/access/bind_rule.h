#pragma once

#include <string>

#include "absl/status/status.h"

namespace roost::access {

/// Where a server is to listen, and what guards it.
struct Bind {
  std::string host;
  bool tls = false;
  bool has_callers = false;      ///< a token that is active is known, or a consumer by its certificate
  bool allow_anonymous = false;  ///< somebody has said that callers need no token
  bool allow_plaintext = false;  ///< somebody has said that tokens and data may pass in clear text
};

/// InvalidArgument, with a hint at what to do, where the server would answer other machines unguarded: a host that
/// is no loopback address needs callers that are known, or the word that anybody may call; and TLS, or the word that
/// clear text will do. On a loopback address all is well.
absl::Status CheckBind(const Bind& bind);

}  // namespace roost::access
