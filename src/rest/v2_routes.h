#pragma once

#include <span>
#include <string>

#include "net/http_message.h"
#include "serving/served.h"

namespace roost::rest {

/// Answers a path of /v2, the Open Inference Protocol (routes.h lists them). `pieces` are those after "v2". False where
/// there is no such path; nothing is answered then.
bool HandleV2(const serving::Served& served, std::span<const std::string_view> pieces, const net::HttpRequest& request,
              net::HttpResponse& response);

}  // namespace roost::rest
