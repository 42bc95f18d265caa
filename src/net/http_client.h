#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/context.h"

namespace roost::net {

/// What is asked of a server.
struct OutgoingRequest {
  std::string method = "GET";
  std::string url;                                           ///< http:// or https://
  std::vector<std::pair<std::string, std::string>> headers;  ///< without control characters
  std::string body;                                          ///< sent where it is not empty, or `method` has one
  std::string ca_file;  ///< PEM of the authorities that sign servers; "": those of the system
  absl::Duration connect_timeout = absl::Seconds(10);
  absl::Duration timeout = absl::Seconds(30);  ///< for all of it
  size_t max_answer_bytes = 16 << 20;
};

struct IncomingResponse {
  int status = 0;  ///< of the server; every status is an answer, none an error
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// The value of the first field of that name, in any case of letters; "" where there is none.
  std::string_view Header(std::string_view name) const;
};

/// Asks servers over HTTP/1.1 and HTTP/2, with and without TLS, by libcurl, which is opened when a client is first
/// made. A server's certificate is always checked. Redirects are not followed, so that neither a body nor a token goes
/// where nobody sent it. Proxies are those of the environment (https_proxy, no_proxy). Connections are kept for the
/// next request. Movable. Threads: one at a time.
class HttpClient {
 public:
  /// FailedPrecondition where libcurl is not on this machine.
  static absl::StatusOr<HttpClient> Open();

  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  /// Waits for the whole answer. InvalidArgument for a bad URL or header, Unavailable where the server cannot be
  /// reached or breaks off, DeadlineExceeded where it takes too long, OutOfRange for a longer answer, Cancelled.
  /// Messages name the URL without what a user or a query could hold in secret.
  absl::StatusOr<IncomingResponse> Send(const OutgoingRequest& request, const Context& context);

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// `url` as messages may show it: without user, password, query and fragment.
std::string ShownUrl(std::string_view url);

}  // namespace roost::net
