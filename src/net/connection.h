#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "net/output_queue.h"
#include "net/protocol.h"
#include "net/transport.h"

namespace roost::net {

/// One client's connection: a transport, what is still to be sent, and the protocol that its first bytes have chosen.
/// HTTP/2 begins with "PRI " (RFC 9113, section 3.4), which begins no request of HTTP/1.1 that is served here; so one
/// port has both, in clear text and under TLS.
/// Lives on one thread; every call does what can be done without waiting.
///
/// A client that does not take its answers is not read from. An answer that ends the connection is followed by a short
/// time in which further bytes are thrown away, because closing at once would make the kernel discard the answer with
/// them.
class Connection {
 public:
  /// `address` is the client's (AddressText).
  Connection(std::unique_ptr<Transport> transport, uint64_t serial, std::string address, ConnectionContext& context);

  int fd() const { return transport_->fd(); }
  uint64_t serial() const { return serial_; }
  /// Nothing more will happen: destroy it.
  bool closed() const { return phase_ == Phase::kClosed; }
  bool wants_read() const;
  bool wants_write() const { return has_unsent() && phase_ != Phase::kClosed; }

  /// Reads once and lets the protocol answer; OnWritable, which must follow, sends that. Returns how many bytes came.
  size_t OnReadable();
  /// Writes and goes on with what has waited for that.
  void OnWritable();
  /// Closes what has waited too long; called every two seconds or more often.
  void OnTick();
  /// Answers 503 and closes, without reading a request.
  void Refuse();
  /// Closes the connection where nothing has begun, and lets the protocol finish what has.
  void OnDrain();
  /// Hands over an answer that came later; OnWritable sends it.
  void OnReply(int32_t stream, HttpResponse response);

 private:
  enum class Phase { kOpen, kFinishing, kLingering, kClosed };

  bool has_unsent() const { return !output_.empty() || transport_->unsent() > 0; }
  void Deliver(std::string_view bytes);
  bool Choose(std::string_view& bytes);
  void Flush();
  void Settle();

  ConnectionContext& context_;
  std::unique_ptr<Transport> transport_;
  uint64_t serial_;
  const std::string address_;
  OutputQueue output_;
  std::unique_ptr<Protocol> protocol_;  // null until the first bytes tell which
  std::string first_bytes_;             // too few to tell
  Phase phase_ = Phase::kOpen;
  bool ended_ = false;    // the client sends nothing more
  bool blocked_ = false;  // the client takes nothing at the moment
  absl::Time opened_;
  absl::Time write_since_;  // last time the client took a byte
  absl::Time linger_since_;
};

}  // namespace roost::net
