#include "net/http2_session.h"

#include <array>
#include <new>

#include "base/check.h"

namespace roost::net {
namespace {

constexpr int32_t kConnectionWindow = 1 << 20;
// Our own count of cheap frames ends a connection earlier, and with a better word for it (http2.cc).
constexpr uint64_t kNoLimit = 1'000'000;

Http2Events& EventsOf(void* user) { return *static_cast<Http2Events*>(user); }

std::string_view Text(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

int OnBeginHeaders(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
  if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    EventsOf(user).OnStreamOpen(frame->hd.stream_id);
  }
  return 0;
}

int OnHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
             const uint8_t* value, size_t value_size, uint8_t /*flags*/, void* user) {
  EventsOf(user).OnField(frame->hd.stream_id, Text(name, name_size), Text(value, value_size));
  return 0;
}

int OnInvalidHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame, const uint8_t* /*name*/,
                    size_t /*name_size*/, const uint8_t* /*value*/, size_t /*value_size*/, uint8_t /*flags*/,
                    void* user) {
  EventsOf(user).OnBadField(frame->hd.stream_id);
  return 0;
}

int OnDataChunk(nghttp2_session* /*session*/, uint8_t /*flags*/, int32_t id, const uint8_t* data, size_t size,
                void* user) {
  EventsOf(user).OnBody(id, Text(data, size));
  return 0;
}

int OnFrameReceived(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
  EventsOf(user).OnFrame(*frame);
  return 0;
}

int OnFrameSent(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
  EventsOf(user).OnSent(*frame);
  return 0;
}

int OnStreamClosed(nghttp2_session* /*session*/, int32_t id, uint32_t error_code, void* user) {
  EventsOf(user).OnStreamClose(id, error_code);
  return 0;
}

int SendData(nghttp2_session* /*session*/, nghttp2_frame* frame, const uint8_t* frame_head, size_t size,
             nghttp2_data_source* /*source*/, void* user) {
  constexpr size_t kFrameHeadBytes = 9;
  const bool more = EventsOf(user).OnSendBody(frame->hd.stream_id, Text(frame_head, kFrameHeadBytes), size);
  return more ? 0 : NGHTTP2_ERR_PAUSE;
}

/// What all sessions share; never changed, never freed.
struct Shared {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
};

Shared MakeShared() {
  Shared shared;
  if (nghttp2_session_callbacks_new(&shared.callbacks) != 0 || nghttp2_option_new(&shared.option) != 0) {
    throw std::bad_alloc();
  }
  nghttp2_session_callbacks_set_on_begin_headers_callback(shared.callbacks, OnBeginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(shared.callbacks, OnHeader);
  nghttp2_session_callbacks_set_on_invalid_header_callback(shared.callbacks, OnInvalidHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(shared.callbacks, OnDataChunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(shared.callbacks, OnFrameReceived);
  nghttp2_session_callbacks_set_on_frame_send_callback(shared.callbacks, OnFrameSent);
  nghttp2_session_callbacks_set_on_stream_close_callback(shared.callbacks, OnStreamClosed);
  nghttp2_session_callbacks_set_send_data_callback(shared.callbacks, SendData);
  nghttp2_option_set_no_auto_window_update(shared.option, 1);
  nghttp2_option_set_no_closed_streams(shared.option, 1);
  nghttp2_option_set_stream_reset_rate_limit(shared.option, kNoLimit, kNoLimit);
  return shared;
}

}  // namespace

Http2Session MakeHttp2Session(Http2Events& events, const ServerOptions& options) {
  static const Shared shared = MakeShared();
  nghttp2_session* session = nullptr;
  if (nghttp2_session_server_new2(&session, shared.callbacks, &events, shared.option) != 0) throw std::bad_alloc();
  Http2Session owner(session);
  const std::array<nghttp2_settings_entry, 3> settings{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, static_cast<uint32_t>(options.max_streams)},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<uint32_t>(kHttp2StreamWindow)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(options.limits.max_head_bytes)},
  }};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  return owner;
}

}  // namespace roost::net
