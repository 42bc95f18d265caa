#pragma once

#include <span>
#include <string>

#include "net/http_message.h"
#include "serving/served.h"

namespace roost::rest {

/// Answers a path of /v1: the rows form and TensorFlow Serving's REST interface (routes.h lists them). `pieces` are
/// those after "v1". False where there is no such path; nothing is answered then.
bool HandleV1(const serving::Served& served, std::span<const std::string_view> pieces, const net::HttpRequest& request,
              net::HttpResponse& response);

}  // namespace roost::rest
