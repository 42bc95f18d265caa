#include "net/loopback.h"

#include <arpa/inet.h>

#include <string>

#include "net/http_message.h"

namespace roost::net {

bool IsLoopbackHost(std::string_view host) {
  constexpr std::string_view kSuffix = ".localhost";
  if (EqualIgnoringCase(host, "localhost")) return true;
  if (host.size() > kSuffix.size() && EqualIgnoringCase(host.substr(host.size() - kSuffix.size()), kSuffix)) {
    return true;
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::string text(host);
  in_addr v4;
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string_view WithoutPort(std::string_view authority) {
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos) return authority;
  const bool bare_v6 = authority.find(':') != colon && authority.front() != '[';
  const bool inside_brackets = authority.find(']', colon) != std::string_view::npos;
  return bare_v6 || inside_brackets ? authority : authority.substr(0, colon);
}

}  // namespace roost::net
