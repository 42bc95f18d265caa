#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "net/http_message.h"
#include "net/http_parser.h"
#include "net/listener.h"
#include "net/server_counts.h"

namespace roost::net {

/// Answers one request. Called on the thread of the connection, by several threads at once; while it runs, the other
/// connections of its thread wait. Must not throw.
using Handler = std::function<void(const HttpRequest&, HttpResponse&)>;

/// PEM files. With `client_ca_file` only clients are served that show a certificate which one of its authorities has
/// signed (mutual TLS); "": clients show none.
struct TlsOptions {
  std::string certificate_file;  ///< the server's certificate, then those that signed it
  std::string key_file;          ///< its key, without a passphrase
  std::string client_ca_file;
};

/// Requests over HTTP/2 whose bodies come in parts that are answered one by one while the client still sends, as gRPC's
/// streams are.
///
/// Each part is a request of its own for the handler: the fields of the head, and the part for a body. Its answer
/// leaves at once. The first answer gives the status and the fields of all, the last one the trailers. A response that
/// does not go on (HttpResponse::goes_on) is the last; else it is that to the part with which the client ends, or after
/// which it is silent for ServerOptions::idle_timeout, or the server drains. The handler gets an empty body where there
/// is no part at all, and what is left of a part that is cut.
struct Conversations {
  std::vector<std::string> paths;                         ///< of POST, as sent
  size_t (*part_bytes)(std::string_view body) = nullptr;  ///< of the first part of `body`; 0: it is not whole yet
};

struct ServerOptions {
  std::string host = "127.0.0.1";     ///< a name or address that `reach` allows
  Reach reach = Reach::kThisMachine;  ///< whoever says more sees to it that the handler is guarded
  uint16_t port = 0;                  ///< 0: any free one
  size_t num_threads = 0;             ///< 0: one per core (cores.h)
  std::optional<TlsOptions> tls;      ///< absent: clear text
  HttpLimits limits;
  size_t max_streams = 128;                         ///< requests at once of one connection over HTTP/2
  size_t max_connections = 10'000;                  ///< further ones are answered 503 and closed
  absl::Duration idle_timeout = absl::Seconds(60);  ///< between two requests of a connection, or parts of one
  absl::Duration head_timeout = absl::Seconds(10);  ///< from a request's first byte to its last field; of a handshake
  absl::Duration body_timeout = absl::Seconds(20);  ///< for a body, beside the time of its bytes at the rate below
  size_t min_body_bytes_per_second = 16 << 10;
  absl::Duration write_timeout = absl::Seconds(30);  ///< while a client takes no byte of its answer
  /// Of a drain: so long may idle connections of HTTP/1.1 still send a request, which is the last. A request that is on
  /// its way while its connection closes fails, and a client cannot know whether it was answered.
  absl::Duration idle_drain_time = absl::Seconds(1);
  Conversations conversations;
  std::shared_ptr<ServerCounts> counts = std::make_shared<ServerCounts>();  ///< where the server counts
};

/// A server of HTTP/1.1 and HTTP/2 on one port, told apart by the first bytes: keep-alive, pipelining, chunked
/// requests, "Expect: 100-continue", HEAD, trailers of answers over HTTP/2, back-pressure. Answers may come later, from
/// other threads (HttpRequest::AnswerLater). Under TLS the protocols are told apart in the same way; ALPN offers both.
///
/// Requests that break the rules get 400, 408, 413, 417, 431, 501 or 505 with {"error": text}; over HTTP/1.1 their
/// connection is closed. Threads: all methods may be called from any thread.
class HttpServer {
 public:
  /// Listens and serves at once. Errors as Listen (listener.h) and TlsCredentials::Load (tls.h).
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const ServerOptions& options, Handler handler);

  /// Stops without waiting for anybody.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const;

  /// Reads the files of TlsOptions again, for the connections to come. After an error the ones before stay in use.
  /// FailedPrecondition without TLS.
  absl::Status ReloadCertificates();

  /// Takes no new connection, finishes the requests of which a byte has come or comes within
  /// ServerOptions::idle_drain_time (answered with "Connection: close"; over HTTP/2 also those that the client sends
  /// before it has seen GOAWAY), waits for later answers, closes what is idle then, and returns when all is done or
  /// `patience` is over. The server is stopped then.
  void Drain(absl::Duration patience);

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace roost::net
