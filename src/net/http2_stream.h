#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "net/http_message.h"
#include "net/http_parser.h"
#include "net/later_reply.h"

namespace roost::net {

/// One stream of an HTTP/2 connection: a request on its way in, then its answer on its way out. Pure, no I/O. Used
/// again for another stream after Reset, so that its memory need not be asked for again.
class Http2Stream {
 public:
  enum class State {
    kHead,
    kBody,
    kWhole,      ///< waits for the handler
    kWaiting,    ///< the answer comes later
    kAnswering,  ///< what the client still sends is thrown away
  };

  void Reset(int32_t new_id, absl::Time now);

  /// Takes the next field of the head, pseudo-header fields (":path") too. What is too much is not kept.
  void AddField(std::string_view name, std::string_view value, const HttpLimits& limits);
  /// The head is whole: checks it (RFC 9113, section 8.3, beyond what nghttp2 checks).
  void EndHead(const HttpLimits& limits);
  /// Takes some bytes of the body.
  void AddBody(std::string_view bytes, const HttpLimits& limits);
  /// The client has broken a rule; the first breach counts.
  void Fail(int status, std::string_view message);

  /// `status` is 0 where all is well.
  const HttpError& error() const { return error_; }
  /// The client waits for "100 Continue".
  bool expects_continue() const { return expects_continue_; }
  bool is_head() const { return is_head_; }
  std::string_view method() const { return View(method_); }
  std::string_view target() const { return View(path_); }
  /// What has come of it and was not answered.
  std::string_view body() const { return std::string_view(body_).substr(taken_); }
  /// Of a conversation also while one of its parts waits for the handler.
  bool takes_body() const { return state == State::kBody || (in_parts && state == State::kWhole); }

  /// Makes `request` see this one; valid until the stream is Reset or DropRequest.
  void FillRequest(HttpRequest& request) const;
  /// Returns how many bytes of the body were dropped.
  size_t DropRequest();
  /// Drops the first `size` bytes of the body, which are answered. Cost: constant for each byte that ever came.
  void DropPart(size_t size);

  size_t unsent() const { return response.body.size() - sent; }

  int32_t id = 0;
  size_t index = 0;  ///< among the open streams
  State state = State::kHead;
  bool received = false;      ///< the client has sent all
  absl::Time begun;           ///< first byte of the head
  absl::Time body_since;      ///< when the body began, or was let go on
  size_t body_at_since = 0;   ///< bytes of the body at that time
  size_t unacknowledged = 0;  ///< bytes that were received and for which the client may not send others yet

  bool in_parts = false;  ///< its body is a conversation (http_server.h)
  bool closing = false;   ///< no further part is waited for
  bool goes_on = false;   ///< the head of the answer is submitted, and bytes may be added to its body

  std::shared_ptr<PendingReply> pending;  ///< in kWaiting
  HttpResponse response;                  ///< in kAnswering, or while it goes on
  size_t sent = 0;                        ///< of its body
  absl::Time sent_since;                  ///< last time that a byte of it was taken

 private:
  struct Span {
    size_t begin = 0;
    size_t size = 0;
  };
  struct FieldSpan {
    Span name;
    Span value;
  };

  Span Keep(std::string_view text);
  std::string_view View(Span span) const { return std::string_view(head_).substr(span.begin, span.size); }
  bool Check(const HttpLimits& limits);

  std::string head_;  // names and values one after another
  std::vector<FieldSpan> fields_;
  Span method_, path_, authority_, host_;
  size_t head_bytes_ = 0;  // as SETTINGS_MAX_HEADER_LIST_SIZE counts them
  std::string body_;
  size_t taken_ = 0;     // bytes of it that were answered
  uint64_t length_ = 0;  // that the client has announced
  bool expects_continue_ = false;
  bool is_head_ = false;
  HttpError error_;
};

}  // namespace roost::net
