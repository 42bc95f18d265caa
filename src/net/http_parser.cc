#include "net/http_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace roost::net {
namespace {

constexpr size_t kReservedBodyBytes = 1 << 20;  // a promised length alone allocates no more than this

/// RFC 9110, section 5.6.2.
constexpr std::array<bool, 256> kTokenCharacters = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<size_t>(c)] = true;
  return table;
}();

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return kTokenCharacters[c]; });
}

bool IsFieldValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

/// Digits of `base` only: no sign, no space. Saturates at the largest number, which is above every limit.
std::optional<uint64_t> ParseDigits(std::string_view text, int base) {
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  return error == std::errc() ? value : UINT64_MAX;
}

bool IsVisible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

}  // namespace

bool IsRequestTarget(std::string_view text) { return text.starts_with('/') && IsVisible(text); }

void HttpParser::SetOrigin(bool tls, std::string_view peer_name, std::string_view peer_address, LaterSlot* later_slot) {
  request_.tls = tls;
  request_.peer_name = peer_name;
  request_.peer_address = peer_address;
  request_.later_slot = later_slot;
}

void HttpParser::Reset() {
  state_ = State::kRequestLine;
  head_.clear();
  body_.clear();
  if (body_.capacity() > kReservedBodyBytes) body_.shrink_to_fit();
  line_begin_ = 0;
  skipped_empty_ = false;
  method_ = path_ = query_ = authority_ = Span{};
  fields_.clear();
  remaining_ = 0;
  chunked_ = expects_continue_ = false;
  request_.headers.clear();
}

size_t HttpParser::Consume(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && !done() && !failed()) {
    const bool raw = state_ == State::kBody || state_ == State::kChunkData;
    taken += raw ? ConsumeBody(bytes.substr(taken)) : ConsumeLine(bytes.substr(taken));
  }
  return taken;
}

size_t HttpParser::ConsumeLine(std::string_view bytes) {
  const size_t newline = bytes.find('\n');
  const size_t size = newline == std::string_view::npos ? bytes.size() : newline + 1;
  if (size > limits_.max_head_bytes - head_.size()) {
    Fail(431, "the request line and header fields are too large");
    return size;
  }
  head_.append(bytes.substr(0, size));
  if (newline == std::string_view::npos) return size;
  const size_t begin = line_begin_;
  const size_t line_size = head_.size() - begin;
  if (line_size < 2 || head_[head_.size() - 2] != '\r') {
    Fail(400, "a line does not end in CR LF");
    return size;
  }
  line_begin_ = head_.size();
  OnLine(begin, line_size - 2);
  return size;
}

size_t HttpParser::ConsumeBody(std::string_view bytes) {
  const size_t size = static_cast<size_t>(std::min<uint64_t>(remaining_, bytes.size()));
  body_.append(bytes.substr(0, size));
  remaining_ -= size;
  if (remaining_ > 0) return size;
  if (chunked_) {
    state_ = State::kChunkEnd;
  } else {
    Finish();
  }
  return size;
}

void HttpParser::OnLine(size_t begin, size_t size) {
  switch (state_) {
    case State::kRequestLine: return OnRequestLine(begin, size);
    case State::kFields: return size == 0 ? OnHeadEnd() : OnField(begin, size);
    case State::kChunkSize: return OnChunkSize(std::string_view(head_).substr(begin, size));
    case State::kChunkEnd:
      if (size != 0) return Fail(400, "a chunk is longer than its size says");
      // However many chunks there are, they take no room from the head's limit.
      head_.resize(head_size_);
      line_begin_ = head_size_;
      state_ = State::kChunkSize;
      return;
    case State::kTrailers:
      if (size == 0) return Finish();
      OnField(begin, size);
      if (!failed()) fields_.pop_back();  // trailers are checked and dropped: nothing here needs any
      return;
    default: return;
  }
}

void HttpParser::OnRequestLine(size_t begin, size_t size) {
  if (size == 0) {
    if (skipped_empty_) return Fail(400, "the request line is empty");
    skipped_empty_ = true;
    head_.clear();
    line_begin_ = 0;
    return;
  }
  const std::string_view line = std::string_view(head_).substr(begin, size);
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return Fail(400, "the request line is not METHOD TARGET VERSION");
  const std::string_view version = line.substr(last + 1);
  method_ = {begin, first};
  if (!IsToken(View(method_))) return Fail(400, "the method has characters that are not allowed");
  if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || version[6] != '.') {
    return Fail(400, "the request line does not end in HTTP/1.1");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return Fail(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  request_.minor_version = version.back() - '0';
  if (OnTarget(line.substr(first + 1, last - first - 1), begin + first + 1)) state_ = State::kFields;
}

bool HttpParser::OnTarget(std::string_view target, size_t begin) {
  if (!IsVisible(target)) {
    Fail(400, "the request target has characters that are not allowed");
    return false;
  }
  constexpr std::string_view kScheme = "http://";
  if (target.size() > kScheme.size() && EqualIgnoringCase(target.substr(0, kScheme.size()), kScheme)) {
    const size_t slash = target.find('/', kScheme.size());
    if (slash == std::string_view::npos || slash == kScheme.size()) {
      Fail(400, "the request target is a URL without host or path");
      return false;
    }
    authority_ = {begin + kScheme.size(), slash - kScheme.size()};
    target.remove_prefix(slash);
    begin += slash;
  }
  if (target.empty() || target.front() != '/') {
    Fail(400, "the request target does not begin with a slash");
    return false;
  }
  const size_t question = std::min(target.find('?'), target.size());
  path_ = {begin, question};
  if (question < target.size()) query_ = {begin + question + 1, target.size() - question - 1};
  return true;
}

void HttpParser::OnField(size_t begin, size_t size) {
  const std::string_view line = std::string_view(head_).substr(begin, size);
  if (IsBlank(line.front())) return Fail(400, "a header field is folded over several lines");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Fail(400, "a header field has no colon");
  if (!IsToken(line.substr(0, colon)))
    return Fail(400, "the name of a header field has characters that are not allowed");
  const std::string_view value = Trim(line.substr(colon + 1));
  if (!IsFieldValue(value)) return Fail(400, "the value of a header field has control characters");
  if (fields_.size() >= limits_.max_headers) return Fail(431, "the request has too many header fields");
  const size_t value_begin = static_cast<size_t>(value.data() - head_.data());
  fields_.push_back({{begin, colon}, {value_begin, value.size()}});
}

void HttpParser::OnHeadEnd() {
  for (const FieldSpan& field : fields_) request_.headers.push_back({View(field.name), View(field.value)});
  head_size_ = head_.size();
  if (!ReadHost() || !ReadFraming()) return;
  if (const auto expect = request_.Header("Expect"); expect.has_value()) {
    if (!EqualIgnoringCase(*expect, "100-continue")) return Fail(417, "only 'Expect: 100-continue' is understood");
    expects_continue_ = request_.minor_version == 1;
  }
  if (chunked_) {
    state_ = State::kChunkSize;
  } else if (remaining_ > 0) {
    body_.reserve(static_cast<size_t>(std::min<uint64_t>(remaining_, kReservedBodyBytes)));
    state_ = State::kBody;
  } else {
    Finish();
  }
}

bool HttpParser::ReadHost() {
  const auto is_host = [](const HttpHeader& header) { return EqualIgnoringCase(header.name, "Host"); };
  const auto count = std::count_if(request_.headers.begin(), request_.headers.end(), is_host);
  if (count > 1 || (count == 0 && request_.minor_version == 1)) {
    Fail(400, count == 0 ? "the Host header field is missing" : "the Host header field comes more than once");
    return false;
  }
  return true;
}

bool HttpParser::ReadFraming() {
  std::optional<std::string_view> length, encoding;
  for (const HttpHeader& header : request_.headers) {
    const bool is_length = EqualIgnoringCase(header.name, "Content-Length");
    if (!is_length && !EqualIgnoringCase(header.name, "Transfer-Encoding")) continue;
    std::optional<std::string_view>& slot = is_length ? length : encoding;
    if (slot.has_value()) {
      Fail(400, is_length ? "Content-Length comes more than once" : "Transfer-Encoding comes more than once");
      return false;
    }
    slot = header.value;
  }
  if (length.has_value() && encoding.has_value()) {
    Fail(400, "Content-Length and Transfer-Encoding exclude each other");
  } else if (encoding.has_value() && request_.minor_version == 0) {
    Fail(400, "HTTP/1.0 has no Transfer-Encoding");
  } else if (encoding.has_value() && !EqualIgnoringCase(*encoding, "chunked")) {
    Fail(501, "the only Transfer-Encoding understood is 'chunked'");
  } else if (length.has_value()) {
    const std::optional<uint64_t> size = ParseDigits(*length, 10);
    if (!size.has_value()) Fail(400, "Content-Length is not a number");
    if (size.has_value() && *size > limits_.max_body_bytes) Fail(413, "the body is larger than this server takes");
    remaining_ = size.value_or(0);
  }
  chunked_ = encoding.has_value();
  return !failed();
}

void HttpParser::OnChunkSize(std::string_view line) {
  const std::string_view digits = Trim(line.substr(0, line.find(';')));
  const std::optional<uint64_t> size = IsFieldValue(line) ? ParseDigits(digits, 16) : std::nullopt;
  if (!size.has_value()) return Fail(400, "the size of a chunk is not a hexadecimal number");
  if (*size > limits_.max_body_bytes - body_.size()) return Fail(413, "the body is larger than this server takes");
  remaining_ = *size;
  state_ = *size == 0 ? State::kTrailers : State::kChunkData;
}

void HttpParser::ReadConnection() {
  bool close = false;
  bool keep_alive = false;
  for (const HttpHeader& header : request_.headers) {
    if (!EqualIgnoringCase(header.name, "Connection")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view option = Trim(rest.substr(0, comma));
      close |= EqualIgnoringCase(option, "close");
      keep_alive |= EqualIgnoringCase(option, "keep-alive");
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  request_.keep_alive = !close && (request_.minor_version == 1 || keep_alive);
}

void HttpParser::Finish() {
  // Chunk sizes and trailers may have moved head_: the views are made now, when it no longer grows.
  for (size_t i = 0; i < fields_.size(); ++i) {
    request_.headers[i] = {View(fields_[i].name), View(fields_[i].value)};
  }
  request_.method = View(method_);
  request_.path = View(path_);
  request_.query = View(query_);
  request_.host = authority_.size > 0 ? View(authority_) : request_.Header("Host").value_or("");
  request_.body = body_;
  ReadConnection();
  state_ = State::kDone;
}

void HttpParser::Fail(int status, std::string_view message) {
  state_ = State::kFailed;
  error_ = {status, std::string(message)};
}

}  // namespace roost::net
