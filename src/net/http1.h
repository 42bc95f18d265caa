#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "net/http_parser.h"
#include "net/protocol.h"

namespace roost::net {

/// HTTP/1.1 (RFC 9112): the answers come in the order of the requests, so a request waits until the one before it is
/// answered. At most OutputQueue::kFullBytes of finished answers wait for the client, plus one.
class Http1 final : public Protocol {
 public:
  Http1(ConnectionContext& context, const Peer& peer, OutputQueue& output);
  ~Http1() override;

  void OnBytes(std::string_view bytes) override;
  void OnEnd() override;
  bool OnRoom() override;
  void OnTick() override;
  void OnDrain() override;
  void OnReply(int32_t stream, HttpResponse response) override;
  bool wants_read() const override;
  State state() const override;

 private:
  bool idle() const { return !parser_.started() && waiting_ == nullptr && unparsed_.empty(); }
  bool must_wait() const { return waiting_ != nullptr || output_.full(); }
  void Process(std::string_view bytes);
  void Answer();
  void Fail(int status, std::string_view message);
  void Send(HttpResponse response, bool keep_alive, bool with_body);

  ConnectionContext& context_;
  OutputQueue& output_;
  LaterSlot later_slot_;
  HttpParser parser_;
  State state_ = State::kServing;
  std::string unparsed_;  // bytes behind a request that is not answered, or an answer that is not taken
  std::shared_ptr<PendingReply> waiting_;  // of the request whose answer comes later
  bool waiting_keep_alive_ = false;
  bool waiting_with_body_ = false;
  bool continued_ = false;  // "100 Continue" is sent for the current request
  bool ended_ = false;      // the client sends nothing more
  absl::Time idle_since_;
  absl::Time request_since_;  // first byte of the current request
  absl::Time body_since_;     // last field of the current request
};

}  // namespace roost::net
