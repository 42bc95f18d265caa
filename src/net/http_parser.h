#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"

namespace roost::net {

struct HttpLimits {
  size_t max_head_bytes = 16 << 10;  ///< request line, fields and trailers together
  size_t max_headers = 100;
  size_t max_body_bytes = 64 << 20;
};

/// What to answer to bytes that are no request. `message` holds no byte of the client's and needs no escaping in JSON.
struct HttpError {
  int status = 0;
  std::string message;
};

/// Whether `text` is the target of a request as an origin server wants it: begins with a slash, visible ASCII
/// characters only, no fragment.
bool IsRequestTarget(std::string_view text);

/// Reads HTTP/1.1 requests (RFC 9112) from bytes that come in pieces of any size; pure, no I/O.
///
/// Strict, because a lenient reader behind a proxy is how requests get smuggled: lines end in CR LF, no folded fields,
/// one Host, one plain Content-Length or one "chunked" Transfer-Encoding but never both. The result does not depend
/// on how the bytes are cut into pieces. Memory is bounded by the limits.
class HttpParser {
 public:
  explicit HttpParser(const HttpLimits& limits) : limits_(limits) {}

  /// What every request says of its connection from now on. The peer's texts are seen in place.
  void SetOrigin(bool tls, std::string_view peer_name, std::string_view peer_address, LaterSlot* later_slot);
  /// What the current request has as HttpRequest::received.
  void SetReceived(std::chrono::steady_clock::time_point time) { request_.received = time; }

  /// Takes bytes of the current request and returns how many. It takes fewer than there are only where the request is
  /// done (the rest belongs to the next one) or has failed.
  size_t Consume(std::string_view bytes);

  bool done() const { return state_ == State::kDone; }
  bool failed() const { return state_ == State::kFailed; }
  /// A byte of the current request has come.
  bool started() const { return state_ != State::kRequestLine || !head_.empty(); }
  /// All fields have come, but not yet the whole body.
  bool in_body() const { return state_ > State::kFields && state_ < State::kDone; }
  /// The client waits for "100 Continue" before it sends its body.
  bool expects_continue() const { return expects_continue_ && in_body(); }
  size_t body_bytes() const { return body_.size(); }

  /// Legal when failed().
  const HttpError& error() const { return error_; }

  /// Legal when done(); valid until Reset.
  const HttpRequest& request() const { return request_; }

  /// Gets ready for the next request.
  void Reset();

 private:
  enum class State { kRequestLine, kFields, kBody, kChunkSize, kChunkData, kChunkEnd, kTrailers, kDone, kFailed };
  /// Positions in head_, which may move while it grows.
  struct Span {
    size_t begin;
    size_t size;
  };
  struct FieldSpan {
    Span name;
    Span value;
  };

  size_t ConsumeLine(std::string_view bytes);
  size_t ConsumeBody(std::string_view bytes);
  void OnLine(size_t begin, size_t size);
  void OnRequestLine(size_t begin, size_t size);
  bool OnTarget(std::string_view target, size_t begin);
  void OnField(size_t begin, size_t size);
  void OnHeadEnd();
  void OnChunkSize(std::string_view line);
  bool ReadFraming();
  bool ReadHost();
  void ReadConnection();
  void Finish();
  void Fail(int status, std::string_view message);
  std::string_view View(Span span) const { return std::string_view(head_).substr(span.begin, span.size); }

  HttpLimits limits_;
  State state_ = State::kRequestLine;
  std::string head_;  // every line of the head, chunk sizes and trailers
  std::string body_;
  size_t head_size_ = 0;        // of request line and fields, once they are whole
  size_t line_begin_ = 0;       // where the line that is being read begins in head_
  bool skipped_empty_ = false;  // one empty line before a request is forgiven
  Span method_{}, path_{}, query_{}, authority_{};
  std::vector<FieldSpan> fields_;
  uint64_t remaining_ = 0;  // bytes of the body or of the chunk that are still to come
  bool chunked_ = false;
  bool expects_continue_ = false;
  HttpRequest request_;
  HttpError error_;
};

}  // namespace roost::net
