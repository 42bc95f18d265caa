#include "net/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace roost::net {
namespace {

constexpr size_t kMaxPieces = 64;               // of one writev
constexpr size_t kOwnPieceBytes = 16 << 10;     // larger bodies are sent from where they are
constexpr size_t kJoinedPieceBytes = 64 << 10;  // the answers to pipelined requests are joined up to here
constexpr absl::Duration kLingerTime = absl::Seconds(2);

bool WouldBlock(int error_number) { return error_number == EAGAIN || error_number == EWOULDBLOCK; }

}  // namespace

Connection::Connection(FileDescriptor fd, ConnectionContext& context)
    : fd_(std::move(fd)),
      context_(context),
      parser_(context.options->limits),
      idle_since_(context.now),
      request_since_(context.now),
      body_since_(context.now),
      write_since_(context.now),
      linger_since_(context.now) {
  const int on = 1;
  setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Connection::OnReadable() {
  std::string& buffer = context_.read_buffer;
  const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (size < 0) {
    if (!WouldBlock(errno) && errno != EINTR) phase_ = Phase::kClosed;
    return;
  }
  if (phase_ == Phase::kLingering) {
    if (size == 0) phase_ = Phase::kClosed;
    return;
  }
  if (size == 0) {
    // The client has stopped sending, but may still read: it gets the answers to its whole requests.
    peer_done_ = true;
    phase_ = Phase::kFinishing;
  } else {
    Process({buffer.data(), static_cast<size_t>(size)});
  }
  OnWritable();
}

void Connection::OnWritable() {
  Flush();
  while (phase_ == Phase::kOpen && !congested() && !unparsed_.empty()) {
    Process(std::exchange(unparsed_, {}));
    Flush();
  }
}

void Connection::Process(std::string_view bytes) {
  while (!bytes.empty() && phase_ == Phase::kOpen) {
    if (congested()) {
      unparsed_.append(bytes);
      return;
    }
    if (!parser_.started()) request_since_ = context_.now;
    const bool was_in_body = parser_.in_body();
    bytes.remove_prefix(parser_.Consume(bytes));
    if (parser_.in_body() && !was_in_body) body_since_ = context_.now;
    if (parser_.failed()) return Fail(parser_.error().status, parser_.error().message);
    if (parser_.done()) Answer();
  }
  if (phase_ == Phase::kOpen && parser_.expects_continue() && !continued_ && parser_.body_bytes() == 0) {
    continued_ = true;
    Push("HTTP/1.1 100 Continue\r\n\r\n");
  }
}

void Connection::Answer() {
  const HttpRequest& request = parser_.request();
  HttpResponse response;
  (*context_.handler)(request, response);
  Send(response, request.keep_alive && !context_.draining, request.method != "HEAD");
  parser_.Reset();
  continued_ = false;
  idle_since_ = context_.now;
}

void Connection::Fail(int status, std::string_view message) {
  HttpResponse response;
  response.status = status;
  response.body = fmt::format("{{\"error\":\"{}\"}}", message);
  Send(response, false, true);
}

void Connection::Send(const HttpResponse& response, bool keep_alive, bool with_body) {
  std::string bytes;
  bytes.reserve(256 + (response.body.size() <= kOwnPieceBytes ? response.body.size() : 0));
  AppendHead(response, context_.date, keep_alive, bytes);
  if (with_body && response.body.size() <= kOwnPieceBytes) {
    bytes.append(response.body);
    Push(std::move(bytes));
  } else {
    Push(std::move(bytes));
    if (with_body) Push(response.body);
  }
  if (!keep_alive) phase_ = Phase::kFinishing;
}

void Connection::Push(std::string bytes) {
  if (pending_bytes_ == 0) write_since_ = context_.now;
  pending_bytes_ += bytes.size();
  if (!out_.empty() && out_.back().size() + bytes.size() <= kJoinedPieceBytes) {
    out_.back().append(bytes);
  } else {
    out_.push_back(std::move(bytes));
  }
}

void Connection::Flush() {
  while (pending_bytes_ > 0 && phase_ != Phase::kClosed) {
    std::array<iovec, kMaxPieces> pieces;
    size_t count = 0;
    for (auto piece = out_.begin(); piece != out_.end() && count < kMaxPieces; ++piece, ++count) {
      const size_t skip = count == 0 ? written_ : 0;
      pieces[count] = {piece->data() + skip, piece->size() - skip};
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    const ssize_t sent = sendmsg(fd_.get(), &message, MSG_NOSIGNAL);  // writev that raises no SIGPIPE
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (!WouldBlock(errno)) phase_ = Phase::kClosed;
      return;
    }
    write_since_ = context_.now;
    pending_bytes_ -= static_cast<size_t>(sent);
    written_ += static_cast<size_t>(sent);
    while (!out_.empty() && written_ >= out_.front().size()) {
      written_ -= out_.front().size();
      out_.pop_front();
    }
  }
  if (pending_bytes_ == 0) OnFlushed();
}

void Connection::OnFlushed() {
  if (phase_ != Phase::kFinishing) return;
  if (peer_done_) {
    phase_ = Phase::kClosed;
    return;
  }
  shutdown(fd_.get(), SHUT_WR);
  linger_since_ = context_.now;
  phase_ = Phase::kLingering;
}

void Connection::OnTick() {
  const ServerOptions& options = *context_.options;
  const absl::Time now = context_.now;
  if (phase_ == Phase::kLingering) {
    if (now - linger_since_ > kLingerTime) phase_ = Phase::kClosed;
  } else if (pending_bytes_ > 0) {
    if (now - write_since_ > options.write_timeout) phase_ = Phase::kClosed;
  } else if (idle()) {
    if (context_.draining || now - idle_since_ > options.idle_timeout) phase_ = Phase::kClosed;
  } else if (parser_.in_body()) {
    const double seconds = static_cast<double>(parser_.body_bytes()) /
                           static_cast<double>(std::max<size_t>(options.min_body_bytes_per_second, 1));
    if (now - body_since_ > options.body_timeout + absl::Seconds(seconds)) {
      Fail(408, "the body of the request did not come in time");
      Flush();
    }
  } else if (now - request_since_ > options.head_timeout) {
    Fail(408, "the header fields of the request did not come in time");
    Flush();
  }
}

void Connection::Refuse() {
  Fail(503, "the server has as many connections as it takes; try again later");
  Flush();
}

void Connection::OnDrain() {
  if (wants_read()) OnReadable();  // a request may lie in the socket already
  if (phase_ == Phase::kOpen && idle()) phase_ = Phase::kClosed;
}

}  // namespace roost::net
