#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "net/http_server.h"
#include "net/later_reply.h"
#include "net/output_queue.h"

namespace roost::net {

/// What the connections of one thread share.
struct ConnectionContext {
  const ServerOptions* options;
  const Handler* handler;
  std::shared_ptr<Mailbox> mailbox;
  std::string date;                            ///< now, as an HTTP date
  absl::Time now;                              ///< of the current turn of the loop
  std::chrono::steady_clock::time_point turn;  ///< when it began
  std::string read_buffer;                     ///< scratch of every read
  bool draining = false;
  bool overloaded = false;     ///< an answer of this turn said so
  absl::Time idle_drain_ends;  ///< while draining: from when on idle connections are closed

  /// Whether a connection that waits for a request is closed.
  bool closes_idle() const { return draining && now >= idle_drain_ends; }
};

/// Which connection a protocol serves, and whom.
struct Peer {
  ConnectionId connection;
  bool tls = false;
  std::string name;          ///< HttpRequest::peer_name
  std::string_view address;  ///< HttpRequest::peer_address, in the connection's memory
};

/// What HTTP/1.1 and HTTP/2 have in common for their connection: bytes in, the handler called, bytes into the output.
/// Lives on one thread; no call waits for anything. The context and the output outlive it.
class Protocol {
 public:
  enum class State {
    kServing,
    kFinished,  ///< nothing follows what is in the output
    kGone,      ///< end the connection at once
  };

  virtual ~Protocol() = default;

  /// Takes all of `bytes`, which the client has sent.
  virtual void OnBytes(std::string_view bytes) = 0;
  /// The client sends nothing more, but may still read.
  virtual void OnEnd() = 0;
  /// Writes what has waited until the output was not full. Returns whether it did anything.
  virtual bool OnRoom() = 0;
  /// Refuses what has taken too long. Not called while the client has bytes to take.
  virtual void OnTick() = 0;
  /// The server is about to stop: finishes what has begun.
  virtual void OnDrain() = 0;
  /// An answer that a LaterReply has sent.
  virtual void OnReply(int32_t stream, HttpResponse response) = 0;

  virtual bool wants_read() const = 0;
  virtual State state() const = 0;
};

/// An answer that the server itself gives, counted in ServerOptions::counts: {"error": message}. `message` needs no
/// escaping in JSON.
HttpResponse Refusal(const ServerOptions& options, int status, std::string_view message);

/// How long a body of which `bytes` have come may be under way.
absl::Duration BodyPatience(const ServerOptions& options, size_t bytes);

}  // namespace roost::net
