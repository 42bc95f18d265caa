#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/testing.h"

namespace roost::net {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// For tests: what one stream got.
struct Http2Answer {
  std::vector<std::string> statuses;  ///< interim ones too
  std::map<std::string, std::string> fields, trailers;
  std::string body;
  bool closed = false;
  uint32_t error = 0;  ///< of RST_STREAM

  std::string status() const { return statuses.empty() ? "" : statuses.back(); }
};

/// For tests: nghttp2's own client over a blocking connection.
class Http2Client {
 public:
  struct Options {
    uint32_t stream_window = 65'535;
    bool renews_windows = true;
  };

  explicit Http2Client(Client& client) : Http2Client(client, Options{}) {}
  Http2Client(Client& client, const Options& options) : client_(client) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, options.renews_windows ? 0 : 1);
    nghttp2_session_client_new2(&session_, callbacks, this, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry window{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.stream_window};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &window, 1);
  }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;
  ~Http2Client() { nghttp2_session_del(session_); }

  nghttp2_session* session() { return session_; }

  /// Prepares a request with a body to come by Body; Flush sends it.
  int32_t Open(std::string_view method, std::string_view path, const Fields& more = {}) {
    return Submit(method, path, more, true);
  }
  int32_t Get(std::string_view path, const Fields& more = {}) { return Submit("GET", path, more, false); }
  int32_t Head(std::string_view path) { return Submit("HEAD", path, {}, false); }
  int32_t Post(std::string_view path, std::string_view body, const Fields& more = {}) {
    const int32_t id = Open("POST", path, more);
    Body(id, body, true);
    return id;
  }

  void Body(int32_t id, std::string_view bytes, bool last) {
    bodies_[id].bytes.append(bytes);
    bodies_[id].last = last;
    nghttp2_session_resume_data(session_, id);
  }

  /// The bytes that would be sent.
  std::string Bytes() {
    std::string bytes;
    const uint8_t* data = nullptr;
    for (ssize_t size; (size = nghttp2_session_mem_send(session_, &data)) > 0;) {
      bytes.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
    }
    return bytes;
  }
  void Flush() { client_.Send(Bytes()); }

  /// Sends, then takes what one read brings. False: the server has closed.
  bool Turn() {
    Flush();
    const std::string bytes = client_.Receive();
    if (bytes.empty()) return false;
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    const ssize_t taken = nghttp2_session_mem_recv(session_, data, bytes.size());
    EXPECT_EQ(taken, static_cast<ssize_t>(bytes.size())) << nghttp2_strerror(static_cast<int>(taken));
    Flush();
    return true;
  }

  /// Waits for the end of the stream, or of the connection.
  const Http2Answer& Wait(int32_t id) {
    while (!answers_[id].closed && Turn()) {
    }
    return answers_[id];
  }
  const Http2Answer& answer(int32_t id) { return answers_[id]; }

  /// Reads until the server closes. The error code of its last GOAWAY, -1 without one.
  int64_t GoAway() {
    while (Turn()) {
    }
    return goaway_;
  }
  int64_t goaway() const { return goaway_; }
  int pongs() const { return pongs_; }

 private:
  struct OutBody {
    std::string bytes;
    bool last = false;
  };

  static nghttp2_nv Field(const std::string& name, const std::string& value) {
    return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
            reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(), 0};
  }

  int32_t Submit(std::string_view method, std::string_view path, const Fields& more, bool with_body) {
    Fields fields{{":method", std::string(method)}, {":path", std::string(path)}, {":scheme", "http"}};
    const auto has_host = [](const auto& field) { return field.first == ":authority" || field.first == "host"; };
    if (std::none_of(more.begin(), more.end(), has_host)) fields.emplace_back(":authority", "localhost");
    fields.insert(fields.end(), more.begin(), more.end());
    std::vector<nghttp2_nv> values;
    for (const auto& [name, value] : fields) values.push_back(Field(name, value));
    const nghttp2_data_provider provider{{.ptr = nullptr}, ReadBody};
    return nghttp2_submit_request(session_, nullptr, values.data(), values.size(), with_body ? &provider : nullptr,
                                  nullptr);
  }

  static ssize_t ReadBody(nghttp2_session*, int32_t id, uint8_t* buffer, size_t length, uint32_t* flags,
                          nghttp2_data_source*, void* self) {
    OutBody& body = static_cast<Http2Client*>(self)->bodies_[id];
    const size_t size = std::min(length, body.bytes.size());
    std::memcpy(buffer, body.bytes.data(), size);
    body.bytes.erase(0, size);
    if (body.bytes.empty() && body.last) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (size == 0 && !body.last) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(size);
  }
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* self) {
    Http2Answer& answer = static_cast<Http2Client*>(self)->answers_[frame->hd.stream_id];
    const std::string key(reinterpret_cast<const char*>(name), name_size);
    const std::string text(reinterpret_cast<const char*>(value), value_size);
    const bool is_trailer = frame->headers.cat == NGHTTP2_HCAT_HEADERS && answer.status() != "100";
    if (key == ":status") {
      answer.statuses.push_back(text);
    } else {
      (is_trailer && key[0] != ':' ? answer.trailers : answer.fields)[key] = text;
    }
    return 0;
  }
  static int OnData(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* self) {
    static_cast<Http2Client*>(self)->answers_[id].body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int OnClose(nghttp2_session*, int32_t id, uint32_t error, void* self) {
    Http2Answer& answer = static_cast<Http2Client*>(self)->answers_[id];
    answer.closed = true;
    answer.error = error;
    return 0;
  }
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    auto& client = *static_cast<Http2Client*>(self);
    if (frame->hd.type == NGHTTP2_GOAWAY) client.goaway_ = frame->goaway.error_code;
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) ++client.pongs_;
    return 0;
  }

  Client& client_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Http2Answer> answers_;
  std::map<int32_t, OutBody> bodies_;
  int64_t goaway_ = -1;
  int pongs_ = 0;
};

}  // namespace roost::net
