#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "net/http_parser.h"
#include "net/http_server.h"
#include "net/listener.h"

namespace roost::net {

/// What the connections of one thread share.
struct ConnectionContext {
  const ServerOptions* options;
  const Handler* handler;
  std::string date;         ///< now, as an HTTP date
  absl::Time now;           ///< of the current turn of the loop
  std::string read_buffer;  ///< scratch of every read
  bool draining = false;
};

/// One client's connection: reads requests, calls the handler, writes the answers in the order of the requests.
/// Lives on one thread; every call does what can be done without waiting.
///
/// A client that does not take its answers is not read from: at most kMaxPending bytes of finished answers wait, plus
/// one. An answer that ends the connection is followed by a short time in which further bytes are thrown away, because
/// closing at once would make the kernel discard the answer with them.
class Connection {
 public:
  Connection(FileDescriptor fd, ConnectionContext& context);

  int fd() const { return fd_.get(); }
  /// Nothing more will happen: destroy it.
  bool closed() const { return phase_ == Phase::kClosed; }
  bool wants_read() const { return phase_ == Phase::kLingering || (phase_ == Phase::kOpen && !congested()); }
  bool wants_write() const { return pending_bytes_ > 0; }

  void OnReadable();
  void OnWritable();
  /// Closes what has waited too long; called a few times per second or more often.
  void OnTick();
  /// Answers 503 and closes, without reading a request.
  void Refuse();
  /// Closes the connection where it is between two requests.
  void OnDrain();

 private:
  enum class Phase { kOpen, kFinishing, kLingering, kClosed };

  static constexpr size_t kMaxPending = 1 << 20;

  bool congested() const { return pending_bytes_ >= kMaxPending; }
  bool idle() const { return !parser_.started() && pending_bytes_ == 0; }
  void Process(std::string_view bytes);
  void Answer();
  void Fail(int status, std::string_view message);
  void Push(std::string bytes);
  void Send(const HttpResponse& response, bool keep_alive, bool with_body);
  void Flush();
  void OnFlushed();

  FileDescriptor fd_;
  ConnectionContext& context_;
  HttpParser parser_;
  Phase phase_ = Phase::kOpen;
  std::string unparsed_;         // bytes that wait until the client has taken its answers
  std::deque<std::string> out_;  // the first `written_` bytes of the front are sent
  size_t written_ = 0;
  size_t pending_bytes_ = 0;
  bool continued_ = false;  // "100 Continue" is sent for the current request
  bool peer_done_ = false;  // the client sends nothing more
  absl::Time idle_since_;
  absl::Time request_since_;  // first byte of the current request
  absl::Time body_since_;     // last field of the current request
  absl::Time write_since_;    // last time the client took a byte
  absl::Time linger_since_;
};

}  // namespace roost::net
