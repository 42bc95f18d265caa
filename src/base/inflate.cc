#include "base/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/check.h"
#include "base/format.h"

namespace roost {
namespace {

constexpr size_t kChunk = 64 << 10;
constexpr size_t kMaxAtOnce = 1 << 30;  // bytes that zlib is handed: it counts them in 32 bits
// Window bits of zlib: its own format, with 16 that of gzip, negative without any head.
constexpr int kZlib = 15;
constexpr int kGzip = 15 + 16;
constexpr int kRaw = -15;

struct End {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

absl::Status Damaged(const z_stream& stream) {
  return absl::InvalidArgumentError(
      fmt::format("the compressed data are damaged: {}", stream.msg == nullptr ? "they end too early" : stream.msg));
}

bool HasZlibHead(std::string_view bytes) {
  if (bytes.size() < 2) return false;
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  return (first & 15) == Z_DEFLATED && (first * 256 + second) % 31 == 0;  // RFC 1950, 2.2
}

// One member of `bytes`, of which it takes what it reads, is appended to `output`.
absl::Status InflateMember(std::string_view& bytes, int window_bits, size_t max_bytes, std::string& output) {
  z_stream stream{};
  ROOST_CHECK(inflateInit2(&stream, window_bits) == Z_OK, "zlib has no memory");
  const std::unique_ptr<z_stream, End> end(&stream);
  int code = Z_OK;
  while (code != Z_STREAM_END) {
    const size_t before = output.size();
    const size_t room = std::min(kChunk, max_bytes + 1 - before);  // a byte too many tells what is too long
    if (stream.avail_in == 0) {
      stream.avail_in = static_cast<uInt>(std::min(bytes.size(), kMaxAtOnce));
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    }
    const uInt given = stream.avail_in;
    output.resize(before + room);
    stream.avail_out = static_cast<uInt>(room);
    stream.next_out = reinterpret_cast<Bytef*>(output.data() + before);
    code = inflate(&stream, Z_NO_FLUSH);
    bytes.remove_prefix(given - stream.avail_in);
    output.resize(before + room - stream.avail_out);
    if (code != Z_OK && code != Z_STREAM_END) return Damaged(stream);
    if (output.size() > max_bytes) {
      return absl::OutOfRangeError(
          fmt::format("the compressed data hold more than {}", FormatBytes(static_cast<int64_t>(max_bytes))));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> Inflate(std::string_view compressed, Deflated format, size_t max_bytes) {
  const int window_bits = format == Deflated::kGzip ? kGzip : HasZlibHead(compressed) ? kZlib : kRaw;
  std::string output;
  do {
    const absl::Status member = InflateMember(compressed, window_bits, max_bytes, output);
    if (!member.ok()) return member;
  } while (format == Deflated::kGzip && !compressed.empty());
  if (!compressed.empty()) return absl::InvalidArgumentError("bytes follow the compressed data");
  return output;
}

}  // namespace roost
