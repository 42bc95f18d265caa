#include "net/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "net/http1.h"
#include "net/http2.h"

namespace roost::net {
namespace {

constexpr std::string_view kHttp2Start = "PRI ";
constexpr absl::Duration kLingerTime = absl::Seconds(2);
constexpr size_t kMaxUnsentOfTransport = 256 << 10;  // answers of TLS itself, which a client could pile up

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, uint64_t serial, std::string address,
                       ConnectionContext& context)
    : context_(context),
      transport_(std::move(transport)),
      serial_(serial),
      address_(std::move(address)),
      opened_(context.now),
      write_since_(context.now),
      linger_since_(context.now) {
  const int on = 1;
  setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool Connection::wants_read() const {
  if (phase_ == Phase::kOpen) {
    return (protocol_ != nullptr ? protocol_->wants_read() : !ended_) && transport_->unsent() < kMaxUnsentOfTransport;
  }
  return phase_ == Phase::kLingering;
}

size_t Connection::OnReadable() {
  std::string& buffer = context_.read_buffer;
  if (phase_ != Phase::kOpen) {
    transport_->Discard(buffer);
    const bool over = transport_->state() == Transport::State::kBroken || phase_ == Phase::kLingering;
    if (over && transport_->state() != Transport::State::kOpen) phase_ = Phase::kClosed;
    return 0;
  }
  const size_t size = transport_->Read(buffer);
  if (size > 0) Deliver({buffer.data(), size});
  if (transport_->state() == Transport::State::kEnded && !ended_) {
    ended_ = true;
    if (protocol_ != nullptr) protocol_->OnEnd();
  }
  return size;
}

void Connection::Deliver(std::string_view bytes) {
  if (protocol_ == nullptr && !Choose(bytes)) return;
  protocol_->OnBytes(bytes);
}

bool Connection::Choose(std::string_view& bytes) {
  if (!first_bytes_.empty()) {
    first_bytes_.append(bytes);
    bytes = first_bytes_;
  }
  const size_t known = std::min(bytes.size(), kHttp2Start.size());
  const bool is_http2 = bytes.substr(0, known) == kHttp2Start.substr(0, known);
  if (is_http2 && known < kHttp2Start.size()) {
    if (first_bytes_.empty()) first_bytes_ = bytes;
    return false;
  }
  const Peer peer{{fd(), serial_}, transport_->is_tls(), transport_->peer_name(), address_};
  if (is_http2) {
    protocol_ = std::make_unique<Http2>(context_, peer, output_);
  } else {
    protocol_ = std::make_unique<Http1>(context_, peer, output_);
  }
  return true;
}

void Connection::OnWritable() {
  while (phase_ == Phase::kOpen) {
    const bool was_full = output_.full();
    const bool wrote = protocol_ != nullptr && protocol_->OnRoom();
    Flush();
    if (output_.full() || !(wrote || was_full)) break;
  }
  Settle();
}

void Connection::Flush() {
  if (!has_unsent()) return;
  const bool any = transport_->Write(output_);
  const bool blocked = has_unsent();
  if (any || (blocked && !blocked_)) write_since_ = context_.now;
  blocked_ = blocked;
}

void Connection::Settle() {
  if (phase_ == Phase::kFinishing) Flush();
  if (transport_->state() == Transport::State::kBroken) phase_ = Phase::kClosed;
  if (phase_ == Phase::kOpen) {
    const auto state = protocol_ != nullptr ? protocol_->state()
                       : ended_             ? Protocol::State::kFinished
                                            : Protocol::State::kServing;
    if (state == Protocol::State::kGone) phase_ = Phase::kClosed;
    if (state == Protocol::State::kFinished) phase_ = Phase::kFinishing;
  }
  if (phase_ != Phase::kFinishing || has_unsent()) return;
  if (ended_) {
    phase_ = Phase::kClosed;
    return;
  }
  transport_->EndWriting();
  linger_since_ = context_.now;
  phase_ = Phase::kLingering;
}

void Connection::OnTick() {
  const ServerOptions& options = *context_.options;
  const absl::Time now = context_.now;
  if (!transport_->is_established()) {
    if (now - opened_ > options.head_timeout) phase_ = Phase::kClosed;
  } else if (phase_ == Phase::kLingering) {
    if (now - linger_since_ > kLingerTime) phase_ = Phase::kClosed;
  } else if (has_unsent()) {
    if (now - write_since_ > options.write_timeout) phase_ = Phase::kClosed;
  } else if (protocol_ != nullptr) {
    protocol_->OnTick();
    OnWritable();
  } else {
    const bool begun = !first_bytes_.empty();
    const absl::Duration patience = begun ? options.head_timeout : options.idle_timeout;
    if ((context_.closes_idle() && !begun) || now - opened_ > patience) phase_ = Phase::kClosed;
  }
}

void Connection::Refuse() {
  const auto response =
      Refusal(*context_.options, 503, "the server has as many connections as it takes; try again later");
  if (transport_->is_tls()) {
    phase_ = Phase::kClosed;
    return;
  }
  AppendHead(response, context_.date, false, output_.Begin(512));
  output_.End();
  output_.Append(response.body);
  phase_ = Phase::kFinishing;
  Settle();
}

void Connection::OnDrain() {
  if (wants_read()) {  // a request may lie in the socket already
    OnReadable();
    OnWritable();
  }
  if (phase_ != Phase::kOpen) return;
  if (protocol_ != nullptr) {
    protocol_->OnDrain();
    OnWritable();
  } else if (context_.closes_idle() && first_bytes_.empty() && transport_->is_established()) {
    phase_ = Phase::kClosed;
  }
}

void Connection::OnReply(int32_t stream, HttpResponse response) {
  if (phase_ == Phase::kOpen && protocol_ != nullptr) protocol_->OnReply(stream, std::move(response));
}

}  // namespace roost::net
