#include "net/http2.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "net/http2_session.h"

namespace roost::net {
namespace {

// Keep-alives and estimates of the bandwidth of real clients stay far below; so do those who give up on requests.
constexpr double kCheapFrames = 1'000;
constexpr double kCheapFramesPerSecond = 100;
// A stream that ends earlier than this without its answer has cost its client nothing but frames.
constexpr absl::Duration kYoung = absl::Milliseconds(100);
constexpr absl::Duration kDrainPatience = absl::Seconds(1);  // for the answer to our PING
constexpr size_t kMaxSpareStreams = 16;

void SetLowerCase(std::string& text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// RFC 9113, section 8.2.2; and the length, which is ours to tell.
bool IsForbidden(std::string_view name) {
  return name == "connection" || name == "keep-alive" || name == "proxy-connection" || name == "transfer-encoding" ||
         name == "upgrade" || name == "content-length";
}

nghttp2_nv Field(std::string_view name, std::string_view value) {
  // nghttp2 copies both and changes neither.
  return {const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(name.data())),
          const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

void AddFields(std::vector<std::pair<std::string, std::string>>& from, std::vector<nghttp2_nv>& fields) {
  for (auto& [name, value] : from) {
    SetLowerCase(name);
    if (!IsForbidden(name)) fields.push_back(Field(name, value));
  }
}

}  // namespace

Http2::Http2(ConnectionContext& context, const Peer& peer, OutputQueue& output)
    : context_(context),
      output_(output),
      session_(MakeHttp2Session(*this, *context.options)),
      later_slot_{context.mailbox, peer.connection, 0, nullptr, nullptr},
      peer_name_(peer.name),
      cheap_frames_left_(kCheapFrames),
      cheap_frames_since_(context.now),
      begun_(context.now),
      idle_since_(context.now),
      drain_since_(context.now) {
  request_.http2 = true;
  request_.tls = peer.tls;
  request_.peer_name = peer_name_;
  request_.peer_address = peer.address;
  request_.later_slot = &later_slot_;
}

Http2::~Http2() {
  for (const auto& stream : streams_) {
    if (stream->pending != nullptr) stream->pending->Cancel();
  }
}

bool Http2::wants_read() const { return !ended_ && !terminated_ && !broken_ && !output_.full(); }

Protocol::State Http2::state() const {
  if (broken_) return State::kFinished;
  if (nghttp2_session_want_write(session_.get()) != 0) return State::kServing;
  if (terminated_ || (ending_ && streams_.empty())) return State::kFinished;
  // nghttp2 takes the announcement of a drain for the end, although streams may still come.
  const bool over = nghttp2_session_want_read(session_.get()) == 0 && !drain_announced_;
  return over ? State::kFinished : State::kServing;
}

void Http2::OnBytes(std::string_view bytes) {
  if (terminated_ || broken_) return;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  const ssize_t taken = nghttp2_session_mem_recv(session_.get(), data, bytes.size());
  if (taken == NGHTTP2_ERR_FLOODED) {
    Terminate(NGHTTP2_ENHANCE_YOUR_CALM);
  } else if (taken < 0) {
    broken_ = true;
  }
}

void Http2::OnEnd() {
  ended_ = ending_ = true;
  for (const auto& stream : streams_) {
    if (stream->pending != nullptr) stream->pending->Cancel();
    if (!stream->received) nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_CANCEL);
  }
}

bool Http2::OnRoom() {
  const size_t before = output_.bytes();
  size_t start;
  do {
    start = output_.bytes();
    RunHandlers();
    while (!output_.full() && !broken_) {
      const uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
      if (size <= 0) {
        broken_ = size < 0;
        break;
      }
      output_.Append(std::string_view(reinterpret_cast<const char*>(data), static_cast<size_t>(size)));
    }
  } while (!whole_.empty() && !output_.full() && output_.bytes() != start);
  return output_.bytes() != before;
}

void Http2::OnReply(int32_t id, HttpResponse response) {
  Http2Stream* stream = Find(id);
  if (stream == nullptr || stream->state != Http2Stream::State::kWaiting) return;
  stream->pending.reset();
  Answer(*stream, std::move(response));
}

void Http2::OnTick() {
  const ServerOptions& options = *context_.options;
  const absl::Time now = context_.now;
  if (!greeted_ && now - begun_ > options.head_timeout) Terminate(NGHTTP2_SETTINGS_TIMEOUT);
  for (const auto& stream : streams_) CheckStream(*stream);
  if (context_.draining) OnDrain();  // where the connection has become HTTP/2 only after the drain began
  if (drain_announced_ && now - drain_since_ > kDrainPatience) FinishDrain();
  if (streams_.empty() && now - idle_since_ > options.idle_timeout) Terminate(NGHTTP2_NO_ERROR);
}

void Http2::CheckStream(Http2Stream& stream) {
  const ServerOptions& options = *context_.options;
  const absl::Time now = context_.now;
  switch (stream.state) {
    case Http2Stream::State::kHead:
      if (now - stream.begun > options.head_timeout) Terminate(NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    case Http2Stream::State::kBody: CheckBody(stream); break;
    default: break;
  }
  if (stream.unsent() > 0 && now - stream.sent_since > options.write_timeout) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_CANCEL);
  }
}

void Http2::CheckBody(Http2Stream& stream) {
  const ServerOptions& options = *context_.options;
  const absl::Duration waited = context_.now - stream.body_since;
  if (stream.in_parts && stream.body().empty()) {
    if (waited > options.idle_timeout) EndConversation(stream);
    return;
  }
  const size_t bytes = stream.body().size() - stream.body_at_since;
  if (stream.unacknowledged == 0 && waited > BodyPatience(options, bytes)) {
    FailStream(stream, 408, "the body of the request did not come in time");
  }
}

void Http2::OnDrain() {
  if (drain_announced_ || ending_) return;
  // First only a notice: requests that are under way to us already are still answered. Our PING comes back behind
  // them (RFC 9113, section 6.8).
  drain_announced_ = true;
  drain_since_ = context_.now;
  nghttp2_submit_shutdown_notice(session_.get());
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

void Http2::FinishDrain() {
  if (ending_) return;
  ending_ = true;
  for (const auto& stream : streams_) EndConversation(*stream);
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_.get()),
                        NGHTTP2_NO_ERROR, nullptr, 0);
}

void Http2::Terminate(uint32_t error_code) {
  if (terminated_) return;
  terminated_ = true;
  nghttp2_session_terminate_session(session_.get(), error_code);
}

void Http2::Spend() {
  const double seconds = absl::ToDoubleSeconds(context_.now - cheap_frames_since_);
  cheap_frames_left_ = std::min(kCheapFrames, cheap_frames_left_ + seconds * kCheapFramesPerSecond);
  cheap_frames_since_ = context_.now;
  cheap_frames_left_ -= 1;
  if (cheap_frames_left_ < 0) Terminate(NGHTTP2_ENHANCE_YOUR_CALM);
}

Http2Stream* Http2::Find(int32_t id) const {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session_.get(), id));
}

void Http2::OnStreamOpen(int32_t id) {
  std::unique_ptr<Http2Stream> stream;
  if (spare_.empty()) {
    stream = std::make_unique<Http2Stream>();
  } else {
    stream = std::move(spare_.back());
    spare_.pop_back();
  }
  stream->Reset(id, context_.now);
  stream->index = streams_.size();
  nghttp2_session_set_stream_user_data(session_.get(), id, stream.get());
  streams_.push_back(std::move(stream));
}

void Http2::OnStreamClose(int32_t id, uint32_t error_code) {
  Http2Stream* stream = Find(id);
  if (stream == nullptr) return;
  const bool answered = stream->state == Http2Stream::State::kAnswering && stream->unsent() == 0;
  if ((!answered || error_code != NGHTTP2_NO_ERROR) && context_.now - stream->begun < kYoung) Spend();
  if (stream->pending != nullptr) stream->pending->Cancel();
  if (stream->state == Http2Stream::State::kWhole) std::erase(whole_, id);
  unsent_bytes_ -= stream->unsent();
  std::swap(streams_[stream->index], streams_.back());
  streams_[stream->index]->index = stream->index;
  std::unique_ptr<Http2Stream> owner = std::move(streams_.back());
  streams_.pop_back();
  DropRequest(*stream);
  if (spare_.size() < kMaxSpareStreams) spare_.push_back(std::move(owner));
  if (streams_.empty()) idle_since_ = context_.now;
}

void Http2::OnField(int32_t id, std::string_view name, std::string_view value) {
  if (Http2Stream* stream = Find(id); stream != nullptr) stream->AddField(name, value, context_.options->limits);
}

void Http2::OnBadField(int32_t id) {
  if (Http2Stream* stream = Find(id); stream != nullptr) {
    stream->Fail(400, "a header field has characters that are not allowed");
  }
}

void Http2::OnFrame(const nghttp2_frame& frame) {
  const bool is_last = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  const bool is_answer = (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA: {
      const bool is_data = frame.hd.type == NGHTTP2_DATA;
      if (is_data && !is_last && frame.hd.length == frame.data.padlen) Spend();
      Http2Stream* stream = Find(frame.hd.stream_id);
      if (stream == nullptr) return;
      stream->received = is_last;
      if (!is_data && frame.headers.cat == NGHTTP2_HCAT_REQUEST) OnHead(*stream);
      if (is_last && stream->state == Http2Stream::State::kBody) OnWhole(*stream);
      return;
    }
    case NGHTTP2_SETTINGS:
      greeted_ = true;
      if (!is_answer) Spend();
      return;
    case NGHTTP2_PING:
      if (!is_answer) return Spend();
      if (drain_announced_) FinishDrain();
      return;
    case NGHTTP2_PRIORITY: return Spend();
    case NGHTTP2_GOAWAY: ending_ = true; return;
    default: return;
  }
}

void Http2::OnHead(Http2Stream& stream) {
  stream.EndHead(context_.options->limits);
  stream.body_since = context_.now;
  if (stream.error().status != 0) {
    FailStream(stream, stream.error().status, stream.error().message);
  } else if (!stream.received) {
    stream.in_parts = IsConversation(stream);
    if (!stream.expects_continue()) return;
    const nghttp2_nv status = Field(":status", "100");
    nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream.id, nullptr, &status, 1, nullptr);
  }
}

void Http2::OnBody(int32_t id, std::string_view bytes) {
  // Bodies are held up by the windows of their streams; a window of all together could hold up the one that must end.
  nghttp2_session_consume_connection(session_.get(), bytes.size());
  Http2Stream* stream = Find(id);
  if (stream == nullptr || !stream->takes_body()) return;
  const size_t before = stream->body().size();
  stream->AddBody(bytes, context_.options->limits);
  body_bytes_ += stream->body().size() - before;
  if (stream->error().status != 0) return FailStream(*stream, stream->error().status, stream->error().message);
  if (stream->unacknowledged == 0) ++num_held_;
  stream->unacknowledged += bytes.size();
  LetGoOn(*stream);
  if (stream->in_parts && stream->state == Http2Stream::State::kBody && PartBytes(*stream) > 0) OnWhole(*stream);
}

void Http2::OnWhole(Http2Stream& stream) {
  stream.state = Http2Stream::State::kWhole;
  whole_.push_back(stream.id);
}

void Http2::LetGoOn(Http2Stream& stream) {
  const auto holds_body = [](const Http2Stream& other) {
    return other.state == Http2Stream::State::kBody || other.state == Http2Stream::State::kWhole;
  };
  if (body_bytes_ >= context_.options->limits.max_body_bytes) {
    for (const auto& other : streams_) {
      if (other->id < stream.id && holds_body(*other)) return;
    }
  }
  nghttp2_session_consume_stream(session_.get(), stream.id, std::exchange(stream.unacknowledged, 0));
  --num_held_;
}

void Http2::DropRequest(Http2Stream& stream) {
  body_bytes_ -= stream.DropRequest();
  if (std::exchange(stream.unacknowledged, 0) > 0) --num_held_;
  if (num_held_ == 0) return;
  for (const auto& held : streams_) {
    if (held->unacknowledged == 0) continue;
    held->body_since = context_.now;  // the time in which it could not go on does not count
    held->body_at_since = held->body().size();
    LetGoOn(*held);
  }
}

void Http2::RunHandlers() {
  while (!whole_.empty() && unsent_bytes_ + output_.bytes() < OutputQueue::kFullBytes && !terminated_) {
    Http2Stream* stream = Find(whole_.front());
    whole_.pop_front();
    if (stream == nullptr || stream->state != Http2Stream::State::kWhole) continue;
    stream->in_parts ? HandlePart(*stream) : Handle(*stream);
  }
}

void Http2::Handle(Http2Stream& stream) {
  stream.FillRequest(request_);
  request_.received = context_.turn;
  later_slot_.stream = stream.id;
  HttpResponse response;
  (*context_.handler)(request_, response);
  if (later_slot_.taken != nullptr) {
    stream.state = Http2Stream::State::kWaiting;
    stream.pending = std::exchange(later_slot_.taken, nullptr);
    if (ended_) stream.pending->Cancel();
    DropRequest(stream);
  } else {
    Answer(stream, std::move(response));
  }
}

bool Http2::IsConversation(const Http2Stream& stream) const {
  const auto& paths = context_.options->conversations.paths;
  return std::find(paths.begin(), paths.end(), stream.target()) != paths.end() && stream.method() == "POST";
}

size_t Http2::PartBytes(const Http2Stream& stream) const {
  const std::string_view body = stream.body();
  return body.empty() ? 0 : std::min(body.size(), context_.options->conversations.part_bytes(body));
}

void Http2::HandlePart(Http2Stream& stream) {
  const size_t whole = PartBytes(stream);
  if (whole == 0 && stream.body().empty() && stream.goes_on) {  // the client has ended after the last answer
    HttpResponse end;
    end.trailers = std::move(stream.response.trailers);
    return AnswerPart(stream, std::move(end), true);
  }
  const size_t size = whole > 0 ? whole : stream.body().size();
  stream.FillRequest(request_);
  request_.body = request_.body.substr(0, size);
  request_.received = context_.turn;
  request_.later_slot = nullptr;
  HttpResponse response;
  (*context_.handler)(request_, response);
  request_.later_slot = &later_slot_;
  stream.DropPart(size);
  body_bytes_ -= size;
  const bool is_end = stream.body().empty() && (stream.received || stream.closing);
  const bool is_last = whole == 0 || is_end || !response.goes_on;
  AnswerPart(stream, std::move(response), is_last);
  if (is_last) return;
  if (stream.received || PartBytes(stream) > 0) return OnWhole(stream);
  stream.state = Http2Stream::State::kBody;
  stream.body_since = context_.now;
  stream.body_at_since = stream.body().size();
}

void Http2::AnswerPart(Http2Stream& stream, HttpResponse response, bool is_last) {
  const bool is_first = !std::exchange(stream.goes_on, !is_last);
  if (is_first) return Answer(stream, std::move(response));
  HttpResponse& answer = stream.response;
  if (stream.unsent() == 0) stream.sent_since = context_.now;
  answer.body.erase(0, std::exchange(stream.sent, 0));
  answer.body.append(response.body);
  answer.trailers = std::move(response.trailers);
  unsent_bytes_ += response.body.size();
  if (is_last) {
    stream.state = Http2Stream::State::kAnswering;
    DropRequest(stream);
  }
  nghttp2_session_resume_data(session_.get(), stream.id);  // fails where there are bytes yet, and does no harm
}

void Http2::EndConversation(Http2Stream& stream) {
  if (!stream.in_parts) return;
  stream.closing = true;
  if (stream.state == Http2Stream::State::kBody && stream.body().empty()) OnWhole(stream);
}

void Http2::FailStream(Http2Stream& stream, int status, std::string_view message) {
  if (stream.goes_on) {  // its status is sent
    stream.state = Http2Stream::State::kAnswering;
    DropRequest(stream);
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_CANCEL);
    return;
  }
  Answer(stream, Refusal(*context_.options, status, message));
}

void Http2::Answer(Http2Stream& stream, HttpResponse response) {
  stream.state = Http2Stream::State::kAnswering;
  stream.response = std::move(response);
  stream.sent_since = context_.now;
  if (!stream.goes_on) DropRequest(stream);
  HttpResponse& answer = stream.response;
  context_.overloaded |= answer.overloaded;
  if (stream.is_head()) answer.trailers.clear();
  char status[20];
  char length[20];
  const auto text = [](char(&digits)[20], size_t number) {
    return std::string_view(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  };
  fields_.clear();
  fields_.push_back(Field(":status", text(status, static_cast<size_t>(answer.status))));
  fields_.push_back(Field("date", context_.date));
  if (!answer.content_type.empty()) fields_.push_back(Field("content-type", answer.content_type));
  AddFields(answer.headers, fields_);
  if (answer.trailers.empty()) fields_.push_back(Field("content-length", text(length, answer.body.size())));
  if (stream.is_head()) answer.body.clear();
  unsent_bytes_ += answer.body.size();
  if (!answer.body.empty() || stream.goes_on) {
    nghttp2_data_provider provider{{.ptr = &stream}, ReadBody};
    nghttp2_submit_response(session_.get(), stream.id, fields_.data(), fields_.size(), &provider);
  } else if (answer.trailers.empty()) {
    nghttp2_submit_response(session_.get(), stream.id, fields_.data(), fields_.size(), nullptr);
  } else {
    nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream.id, nullptr, fields_.data(), fields_.size(),
                           nullptr);
    SubmitTrailers(stream);
  }
}

void Http2::SubmitTrailers(Http2Stream& stream) {
  fields_.clear();
  AddFields(stream.response.trailers, fields_);
  nghttp2_submit_trailer(session_.get(), stream.id, fields_.data(), fields_.size());
}

ssize_t Http2::ReadBody(nghttp2_session* /*session*/, int32_t /*id*/, uint8_t* /*buffer*/, size_t length,
                        uint32_t* flags, nghttp2_data_source* source, void* events) {
  auto& stream = *static_cast<Http2Stream*>(source->ptr);
  const size_t size = std::min(length, stream.unsent());
  if (size == 0 && stream.goes_on) return NGHTTP2_ERR_DEFERRED;
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;  // OnSendBody copies
  if (size == stream.unsent() && !stream.goes_on) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream.response.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      static_cast<Http2*>(static_cast<Http2Events*>(events))->SubmitTrailers(stream);
    }
  }
  return static_cast<ssize_t>(size);
}

bool Http2::OnSendBody(int32_t id, std::string_view frame_head, size_t size) {
  Http2Stream& stream = *Find(id);
  std::string& bytes = output_.Begin(frame_head.size() + size);
  bytes.append(frame_head).append(stream.response.body, stream.sent, size);
  output_.End();
  stream.sent += size;
  stream.sent_since = context_.now;
  unsent_bytes_ -= size;
  return !output_.full();
}

void Http2::OnSent(const nghttp2_frame& frame) {
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return;
  const Http2Stream* stream = Find(frame.hd.stream_id);
  if (stream == nullptr || stream->received) return;
  // The request was refused before its end: the client need not send the rest (RFC 9113, section 8.1).
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_NO_ERROR);
}

}  // namespace roost::net
