#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "net/http_server.h"

namespace roost::net {

/// What nghttp2 tells of one session, as it reads and writes frames. None of these may read or write the session's
/// bytes; frames may be submitted.
class Http2Events {
 public:
  virtual void OnStreamOpen(int32_t id) = 0;
  virtual void OnField(int32_t id, std::string_view name, std::string_view value) = 0;
  /// A field with characters that are not allowed; it is left out.
  virtual void OnBadField(int32_t id) = 0;
  virtual void OnBody(int32_t id, std::string_view bytes) = 0;
  /// A whole frame has come. Its body and fields came before.
  virtual void OnFrame(const nghttp2_frame& frame) = 0;
  /// Writes a DATA frame. Returns whether more may follow at once.
  virtual bool OnSendBody(int32_t id, std::string_view frame_head, size_t size) = 0;
  virtual void OnSent(const nghttp2_frame& frame) = 0;
  virtual void OnStreamClose(int32_t id, uint32_t error_code) = 0;

 protected:
  ~Http2Events() = default;
};

struct Http2SessionDeleter {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};
using Http2Session = std::unique_ptr<nghttp2_session, Http2SessionDeleter>;

/// Bytes of a request's body that a client may send without being told to go on.
inline constexpr int32_t kHttp2StreamWindow = 256 << 10;

/// The server's side of a connection, its SETTINGS submitted. `events` outlives it. Windows of streams are not renewed
/// by themselves.
Http2Session MakeHttp2Session(Http2Events& events, const ServerOptions& options);

}  // namespace roost::net
