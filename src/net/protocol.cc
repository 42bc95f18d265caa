#include "net/protocol.h"

#include <algorithm>

#include <fmt/format.h>

namespace roost::net {

HttpResponse Refusal(const ServerOptions& options, int status, std::string_view message) {
  options.counts->CountRefusal(status);
  HttpResponse response;
  response.status = status;
  response.body = fmt::format("{{\"error\":\"{}\"}}", message);
  return response;
}

absl::Duration BodyPatience(const ServerOptions& options, size_t bytes) {
  const auto rate = static_cast<double>(std::max<size_t>(options.min_body_bytes_per_second, 1));
  return options.body_timeout + absl::Seconds(static_cast<double>(bytes) / rate);
}

}  // namespace roost::net
