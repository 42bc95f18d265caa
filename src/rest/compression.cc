#include "rest/compression.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <zlib.h>

#include "base/check.h"
#include "base/inflate.h"
#include "base/number_text.h"
#include "net/http_message.h"

namespace roost::rest {
namespace {

constexpr size_t kChunk = 64 << 10;
constexpr size_t kMaxAtOnce = 1 << 30;  // bytes that zlib is handed: it counts them in 32 bits
constexpr int kZlib = 15;               // window bits: zlib's own format
constexpr int kGzip = 15 + 16;

struct EndDeflate {
  void operator()(z_stream* stream) const { deflateEnd(stream); }
};

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
  return Inflate(bytes, coding == Coding::kGzip ? Deflated::kGzip : Deflated::kDeflate, max_bytes);
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
