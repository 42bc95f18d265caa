#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "net/http2_session.h"
#include "net/http2_stream.h"
#include "net/protocol.h"

namespace roost::net {

/// HTTP/2 (RFC 9113) over nghttp2, which has framing, header compression and the rules of streams.
///
/// Memory is bounded: ServerOptions::max_streams requests at once; a client may send kHttp2StreamWindow bytes of each
/// body without being told to go on, and is told so while all bodies together are within one body's limit (that of the
/// oldest stream always, so that one can end). Handlers wait while OutputQueue::kFullBytes of answers are not taken.
/// Floods of frames that cost the client little (PING, SETTINGS, PRIORITY, empty DATA, streams that are reset at once)
/// end the connection with ENHANCE_YOUR_CALM.
class Http2 final : public Protocol, private Http2Events {
 public:
  Http2(ConnectionContext& context, const Peer& peer, OutputQueue& output);
  ~Http2() override;

  void OnBytes(std::string_view bytes) override;
  void OnEnd() override;
  bool OnRoom() override;
  void OnTick() override;
  void OnDrain() override;
  void OnReply(int32_t id, HttpResponse response) override;
  bool wants_read() const override;
  State state() const override;

 private:
  void OnStreamOpen(int32_t id) override;
  void OnField(int32_t id, std::string_view name, std::string_view value) override;
  void OnBadField(int32_t id) override;
  void OnBody(int32_t id, std::string_view bytes) override;
  void OnFrame(const nghttp2_frame& frame) override;
  bool OnSendBody(int32_t id, std::string_view frame_head, size_t size) override;
  void OnSent(const nghttp2_frame& frame) override;
  void OnStreamClose(int32_t id, uint32_t error_code) override;

  Http2Stream* Find(int32_t id) const;
  void OnHead(Http2Stream& stream);
  void OnWhole(Http2Stream& stream);
  void RunHandlers();
  void Handle(Http2Stream& stream);
  void Answer(Http2Stream& stream, HttpResponse response);
  bool IsConversation(const Http2Stream& stream) const;
  /// How long the first part of a conversation's body is; 0: it is not whole yet.
  size_t PartBytes(const Http2Stream& stream) const;
  void HandlePart(Http2Stream& stream);
  void AnswerPart(Http2Stream& stream, HttpResponse response, bool is_last);
  /// Waits for no part of which no byte has come.
  void EndConversation(Http2Stream& stream);
  void FailStream(Http2Stream& stream, int status, std::string_view message);
  void SubmitTrailers(Http2Stream& stream);
  static ssize_t ReadBody(nghttp2_session* session, int32_t id, uint8_t* buffer, size_t length, uint32_t* flags,
                          nghttp2_data_source* source, void* events);
  void DropRequest(Http2Stream& stream);
  /// Lets the client send more of a body that was held up, if it may.
  void LetGoOn(Http2Stream& stream);
  void CheckStream(Http2Stream& stream);
  void CheckBody(Http2Stream& stream);
  /// Counts what costs the client less than us; too much of it ends the connection.
  void Spend();
  void Terminate(uint32_t error_code);
  void FinishDrain();

  ConnectionContext& context_;
  OutputQueue& output_;
  // The session is destroyed before the streams that it points to.
  std::vector<std::unique_ptr<Http2Stream>> streams_;  // open ones, in no order
  std::vector<std::unique_ptr<Http2Stream>> spare_;
  Http2Session session_;
  LaterSlot later_slot_;
  std::string peer_name_;
  HttpRequest request_;             // of the handler that runs
  std::vector<nghttp2_nv> fields_;  // scratch of answers
  std::deque<int32_t> whole_;       // requests that wait for their handler
  size_t body_bytes_ = 0;           // of requests that have no answer yet
  size_t num_held_ = 0;             // streams with unacknowledged bytes
  size_t unsent_bytes_ = 0;         // of the bodies of answers, not in output_ yet
  double cheap_frames_left_;
  absl::Time cheap_frames_since_;
  bool greeted_ = false;          // the client's SETTINGS have come
  bool ended_ = false;            // the client sends nothing more
  bool drain_announced_ = false;  // a GOAWAY that still takes streams is sent
  bool ending_ = false;           // no further stream is taken
  bool terminated_ = false;       // nor is one finished
  bool broken_ = false;           // nghttp2 has given up
  absl::Time begun_;
  absl::Time idle_since_;
  absl::Time drain_since_;
};

}  // namespace roost::net
