#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "access/access_control.h"
#include "config/project.h"

namespace roost::api {

/// `config` with its files, which are relative to `folder`, as paths that hold anywhere.
config::ServeConfig WithFolder(config::ServeConfig config, const std::string& folder);

/// Who may call a server that is configured by `config` and knows `tokens`.
access::Policy PolicyOf(const config::ServeConfig& config, std::vector<access::Token> tokens);

/// Whether a server may begin by these (access::CheckBind).
absl::Status CheckServeBind(const config::ServeConfig& config, const access::Policy& policy, absl::Time now);

/// The first thing, for a message, in which `after` differs from `before` and that a running server cannot take over:
/// "serve.port"; "" where there is none.
std::string FixedWhileServing(const config::ServeConfig& before, const config::ServeConfig& after);

}  // namespace roost::api
