#include "rest/compression.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <zlib.h>

#include "base/check.h"
#include "base/number_text.h"
#include "net/http_message.h"

namespace roost::rest {
namespace {

constexpr size_t kChunk = 64 << 10;
constexpr size_t kMaxAtOnce = 1 << 30;  // bytes that zlib is handed: it counts them in 32 bits
// Window bits of zlib: its own format, with 16 that of gzip, negative without any head.
constexpr int kZlib = 15;
constexpr int kGzip = 15 + 16;
constexpr int kRaw = -15;

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};
struct EndDeflate {
  void operator()(z_stream* stream) const { deflateEnd(stream); }
};

absl::Status Damaged(const z_stream& stream) {
  return absl::InvalidArgumentError(
      fmt::format("the compressed body is damaged: {}", stream.msg == nullptr ? "it ends too early" : stream.msg));
}

bool HasZlibHead(std::string_view bytes) {
  if (bytes.size() < 2) return false;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  return (first & 15) == Z_DEFLATED && (first * 256 + second) % 31 == 0;  // RFC 1950, 2.2
}

/// One member of `bytes`, of which it takes what it reads, is appended to `body`.
absl::Status InflateMember(std::string_view& bytes, int window_bits, size_t max_bytes, std::string& body) {
  z_stream stream{};
  ROOST_CHECK(inflateInit2(&stream, window_bits) == Z_OK, "zlib has no memory");
  const std::unique_ptr<z_stream, EndInflate> end(&stream);
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    const size_t before = body.size();
    const size_t room = std::min(kChunk, max_bytes + 1 - before);
    if (stream.avail_in == 0) {
      stream.avail_in = static_cast<uInt>(std::min(bytes.size(), kMaxAtOnce));
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    }
    const uInt given = stream.avail_in;
    body.resize(before + room);
    stream.avail_out = static_cast<uInt>(room);
    stream.next_out = reinterpret_cast<Bytef*>(body.data() + before);
    code = inflate(&stream, Z_NO_FLUSH);
    bytes.remove_prefix(given - stream.avail_in);
    body.resize(before + room - stream.avail_out);
    if (code != Z_OK && code != Z_STREAM_END) return Damaged(stream);
    if (body.size() > max_bytes) {
      return absl::OutOfRangeError(fmt::format("the body is more than {} bytes when it is decompressed", max_bytes));
    }
  }
  return absl::OkStatus();
}

/// Whether the element of an Accept-Encoding, such as "gzip;q=0.5", has a weight of 0.
bool IsRefused(std::string_view parameters) {
  const size_t begin = parameters.find("q=");
  if (begin == std::string_view::npos) return false;
  return NumberIn(WithoutSpaces(parameters.substr(begin + 2))).value_or(0) <= 0;
}

}  // namespace

absl::StatusOr<Coding> ParseCoding(std::string_view content_encoding) {
  const std::string_view name = WithoutSpaces(content_encoding);
  if (name.empty() || net::EqualIgnoringCase(name, "identity")) return Coding::kIdentity;
  if (net::EqualIgnoringCase(name, "gzip") || net::EqualIgnoringCase(name, "x-gzip")) return Coding::kGzip;
  if (net::EqualIgnoringCase(name, "deflate")) return Coding::kDeflate;
  return absl::UnimplementedError("a body may be compressed by gzip or deflate, and by nothing else");
}

std::string_view CodingName(Coding coding) {
  switch (coding) {
    case Coding::kGzip: return "gzip";
    case Coding::kDeflate: return "deflate";
    case Coding::kIdentity: break;
  }
  return "identity";
}

Coding ChooseCoding(std::string_view accept_encoding) {
  Coding chosen = Coding::kIdentity;
  while (!accept_encoding.empty()) {
    const std::string_view element = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(element.size() + 1, accept_encoding.size()));
    const size_t end = std::min(element.find(';'), element.size());
    const auto coding = ParseCoding(element.substr(0, end));
    if (!coding.ok() || *coding == Coding::kIdentity || IsRefused(element.substr(end))) continue;
    if (*coding == Coding::kGzip || chosen == Coding::kIdentity) chosen = *coding;
  }
  return chosen;
}

absl::StatusOr<std::string> Decompress(std::string_view bytes, Coding coding, size_t max_bytes) {
  if (coding == Coding::kIdentity) return std::string(bytes);
  const int window_bits = coding == Coding::kGzip ? kGzip : HasZlibHead(bytes) ? kZlib : kRaw;
  std::string body;
  do {  // gzip: members may follow each other (RFC 1952, 2.2)
    const absl::Status member = InflateMember(bytes, window_bits, max_bytes, body);
    if (!member.ok()) return member;
  } while (coding == Coding::kGzip && !bytes.empty());
  if (!bytes.empty()) return absl::InvalidArgumentError("bytes follow the compressed body");
  return body;
}

std::string Compress(std::string_view body, Coding coding) {
  if (coding == Coding::kIdentity) return std::string(body);
  constexpr int kDefaultMemory = 8;
  z_stream stream{};
  const int window_bits = coding == Coding::kGzip ? kGzip : kZlib;
  ROOST_CHECK(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_bits, kDefaultMemory, Z_DEFAULT_STRATEGY) == Z_OK,
              "zlib has no memory");
  const std::unique_ptr<z_stream, EndDeflate> end(&stream);
  std::string bytes;
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    if (stream.avail_in == 0) {
      stream.avail_in = static_cast<uInt>(std::min(body.size(), kMaxAtOnce));
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
      body.remove_prefix(stream.avail_in);
    }
    const size_t before = bytes.size();
    bytes.resize(before + kChunk);
    stream.avail_out = static_cast<uInt>(kChunk);
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + before);
    code = deflate(&stream, body.empty() ? Z_FINISH : Z_NO_FLUSH);
    ROOST_CHECK(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR, "zlib's deflate says " << code);
    bytes.resize(before + kChunk - stream.avail_out);
  }
  return bytes;
}

}  // namespace roost::rest
