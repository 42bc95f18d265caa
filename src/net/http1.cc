#include "net/http1.h"

#include <utility>

namespace roost::net {
namespace {

constexpr size_t kMaxUnparsedBytes = 64 << 10;  // read while an answer is to come, so that the client's end is seen

}  // namespace

Http1::Http1(ConnectionContext& context, const Peer& peer, OutputQueue& output)
    : context_(context),
      output_(output),
      later_slot_{context.mailbox, peer.connection, 0, nullptr, nullptr},
      peer_name_(peer.name),
      parser_(context.options->limits),
      idle_since_(context.now),
      request_since_(context.now),
      body_since_(context.now) {
  parser_.SetOrigin(peer.tls, peer_name_, peer.address, &later_slot_);
}

Http1::~Http1() {
  if (waiting_ != nullptr) waiting_->Cancel();
}

Protocol::State Http1::state() const {
  const bool ended = ended_ && waiting_ == nullptr && unparsed_.empty();
  return state_ == State::kServing && ended ? State::kFinished : state_;
}

bool Http1::wants_read() const {
  return state_ == State::kServing && !ended_ && !output_.full() &&
         (waiting_ == nullptr || unparsed_.size() < kMaxUnparsedBytes);
}

void Http1::OnBytes(std::string_view bytes) {
  if (unparsed_.empty() && !must_wait()) return Process(bytes);
  unparsed_.append(bytes);
}

void Http1::OnEnd() {
  ended_ = true;
  if (waiting_ != nullptr) waiting_->Cancel();
}

bool Http1::OnRoom() {
  if (unparsed_.empty() || must_wait() || state_ != State::kServing) return false;
  Process(std::exchange(unparsed_, {}));
  return true;
}

void Http1::Process(std::string_view bytes) {
  while (!bytes.empty() && state_ == State::kServing) {
    if (must_wait()) {
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
  if (state_ == State::kServing && parser_.expects_continue() && !continued_ && parser_.body_bytes() == 0) {
    continued_ = true;
    output_.Append("HTTP/1.1 100 Continue\r\n\r\n");
  }
}

void Http1::Answer() {
  parser_.SetReceived(context_.turn);
  const HttpRequest& request = parser_.request();
  HttpResponse response;
  (*context_.handler)(request, response);
  const bool with_body = request.method != "HEAD";
  if (later_slot_.taken != nullptr) {
    waiting_ = std::move(later_slot_.taken);
    waiting_keep_alive_ = request.keep_alive;
    waiting_with_body_ = with_body;
    if (ended_) waiting_->Cancel();
  } else {
    Send(std::move(response), request.keep_alive, with_body);
  }
  parser_.Reset();
  continued_ = false;
  idle_since_ = context_.now;
}

void Http1::OnReply(int32_t /*stream*/, HttpResponse response) {
  if (waiting_ == nullptr) return;
  waiting_.reset();
  idle_since_ = context_.now;
  Send(std::move(response), waiting_keep_alive_, waiting_with_body_);
}

void Http1::Fail(int status, std::string_view message) {
  Send(Refusal(*context_.options, status, message), false, true);
}

void Http1::Send(HttpResponse response, bool keep_alive, bool with_body) {
  keep_alive = keep_alive && !context_.draining;
  context_.overloaded |= response.overloaded;
  const bool joined = with_body && response.body.size() <= OutputQueue::kOwnPieceBytes;
  std::string& bytes = output_.Begin(256 + (joined ? response.body.size() : 0));
  AppendHead(response, context_.date, keep_alive, bytes);
  if (joined) bytes.append(response.body);
  output_.End();
  if (with_body && !joined) output_.AppendPiece(std::move(response.body));
  if (!keep_alive) state_ = State::kFinished;
}

void Http1::OnTick() {
  const ServerOptions& options = *context_.options;
  const absl::Time now = context_.now;
  if (state_ != State::kServing || waiting_ != nullptr) return;
  if (idle()) {
    if (context_.closes_idle() || now - idle_since_ > options.idle_timeout) state_ = State::kGone;
  } else if (parser_.in_body()) {
    if (now - body_since_ > BodyPatience(options, parser_.body_bytes())) {
      Fail(408, "the body of the request did not come in time");
    }
  } else if (now - request_since_ > options.head_timeout) {
    Fail(408, "the header fields of the request did not come in time");
  }
}

void Http1::OnDrain() {
  if (context_.closes_idle() && state_ == State::kServing && idle() && output_.empty()) state_ = State::kGone;
}

}  // namespace roost::net
