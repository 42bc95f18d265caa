#include "net/http2_stream.h"

#include <algorithm>
#include <charconv>

namespace roost::net {
namespace {

constexpr size_t kFieldOverhead = 32;             // RFC 9113, section 6.5.2
constexpr size_t kKeptBodyBytes = 64 << 10;       // of a stream that waits to be used again
constexpr size_t kReservedBodyBytes = 256 << 10;  // a promised length alone allocates no more than this

}  // namespace

void Http2Stream::Reset(int32_t new_id, absl::Time now) {
  DropRequest();
  id = new_id;
  state = State::kHead;
  received = false;
  begun = body_since = sent_since = now;
  body_at_since = unacknowledged = sent = 0;
  in_parts = closing = goes_on = false;
  pending.reset();
  response = HttpResponse();
  method_ = path_ = authority_ = host_ = Span{};
  head_bytes_ = 0;
  length_ = 0;
  expects_continue_ = is_head_ = false;
  error_ = HttpError();
}

size_t Http2Stream::DropRequest() {
  const size_t size = body().size();
  head_.clear();
  fields_.clear();
  body_.clear();
  taken_ = 0;
  if (body_.capacity() > kKeptBodyBytes) body_.shrink_to_fit();
  return size;
}

void Http2Stream::DropPart(size_t size) {
  taken_ += size;
  if (2 * taken_ < body_.size()) return;
  body_.erase(0, taken_);
  taken_ = 0;
}

void Http2Stream::Fail(int status, std::string_view message) {
  if (error_.status == 0) error_ = {status, std::string(message)};
}

Http2Stream::Span Http2Stream::Keep(std::string_view text) {
  const Span span{head_.size(), text.size()};
  head_.append(text);
  return span;
}

void Http2Stream::AddField(std::string_view name, std::string_view value, const HttpLimits& limits) {
  if (state != State::kHead) return;  // trailers are checked by nghttp2 and dropped: nothing here needs any
  head_bytes_ += name.size() + value.size() + kFieldOverhead;
  if (head_bytes_ > limits.max_head_bytes) return Fail(431, "the header fields are too large");
  if (name.starts_with(':')) {
    if (name == ":method") method_ = Keep(value);
    if (name == ":path") path_ = Keep(value);
    if (name == ":authority") authority_ = Keep(value);
    return;
  }
  if (fields_.size() >= limits.max_headers) return Fail(431, "the request has too many header fields");
  const Span name_span = Keep(name);
  fields_.push_back({name_span, Keep(value)});
  if (name == "host") {
    if (host_.size > 0) Fail(400, "the Host header field comes more than once");
    host_ = fields_.back().value;
  } else if (name == "content-length") {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length_);
    if (error != std::errc() || end != value.data() + value.size()) Fail(400, "Content-Length is not a number");
  } else if (name == "expect") {
    expects_continue_ = EqualIgnoringCase(value, "100-continue");
    if (!expects_continue_) Fail(417, "only 'Expect: 100-continue' is understood");
  }
}

void Http2Stream::EndHead(const HttpLimits& limits) {
  if (error_.status == 0 && Check(limits)) {
    is_head_ = View(method_) == "HEAD";
    body_.reserve(static_cast<size_t>(std::min<uint64_t>(length_, kReservedBodyBytes)));
  }
  state = State::kBody;
}

bool Http2Stream::Check(const HttpLimits& limits) {
  if (authority_.size > 0 && host_.size > 0 && !EqualIgnoringCase(View(authority_), View(host_))) {
    Fail(400, "the Host header field is not the authority of the request");
  } else if (authority_.size == 0 && host_.size == 0) {
    Fail(400, "the request names no host");
  } else if (!IsRequestTarget(View(path_))) {
    Fail(400, "the path does not begin with a slash or has characters that are not allowed");
  } else if (length_ > limits.max_body_bytes) {
    Fail(413, "the body is larger than this server takes");
  }
  return error_.status == 0;
}

void Http2Stream::AddBody(std::string_view bytes, const HttpLimits& limits) {
  if (bytes.size() > limits.max_body_bytes - body().size()) {
    return Fail(413, "the body is larger than this server takes");
  }
  body_.append(bytes);
}

void Http2Stream::FillRequest(HttpRequest& request) const {
  const std::string_view target = View(path_);
  const size_t question = std::min(target.find('?'), target.size());
  request.method = View(method_);
  request.path = target.substr(0, question);
  request.query = target.substr(std::min(question + 1, target.size()));
  request.host = View(authority_.size > 0 ? authority_ : host_);
  request.headers.clear();
  for (const FieldSpan& field : fields_) request.headers.push_back({View(field.name), View(field.value)});
  request.body = body();
}

}  // namespace roost::net
