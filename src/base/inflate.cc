#include "base/inflate.h"

#include <zlib.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/format.h"

namespace roost {
namespace {

constexpr int kGzipOrZlib = 32 + MAX_WBITS;  // of inflateInit2: the header says which
constexpr size_t kFirstBytes = 16 << 10;

/// zlib's state for one stream.
class Stream {
 public:
  explicit Stream(std::string_view input) : valid_(inflateInit2(&stream_, kGzipOrZlib) == Z_OK) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));  // read only, by zlib's contract
    stream_.avail_in = static_cast<uInt>(input.size());
  }
  ~Stream() { inflateEnd(&stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  bool valid() const { return valid_; }
  bool has_input() const { return stream_.avail_in > 0; }

  /// Fills `output` from `size` on, moves `size`, and returns zlib's code.
  int Run(std::string& output, size_t& size) {
    stream_.next_out = reinterpret_cast<Bytef*>(output.data() + size);
    stream_.avail_out = static_cast<uInt>(output.size() - size);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    size = output.size() - stream_.avail_out;
    return code;
  }

 private:
  z_stream stream_{};
  bool valid_;
};

}  // namespace

absl::StatusOr<std::string> Inflate(std::string_view compressed, size_t max_bytes) {
  Stream stream(compressed);
  if (!stream.valid()) return absl::ResourceExhaustedError("there is no memory to decompress with");
  // One byte beyond the limit tells what is too long from what just fits.
  std::string output(std::min(kFirstBytes, max_bytes + 1), '\0');
  size_t size = 0;
  while (true) {
    const int code = stream.Run(output, size);
    if (size > max_bytes) {
      return absl::ResourceExhaustedError(
          fmt::format("the compressed data hold more than {}", FormatBytes(static_cast<int64_t>(max_bytes))));
    }
    if (code == Z_STREAM_END) break;
    if (code != Z_OK && code != Z_BUF_ERROR) {
      return absl::InvalidArgumentError("the compressed data are damaged, or neither gzip nor zlib");
    }
    if (size < output.size()) return absl::InvalidArgumentError("the compressed data are cut off");
    output.resize(std::min(2 * output.size(), max_bytes + 1));
  }
  if (stream.has_input()) return absl::InvalidArgumentError("bytes follow the compressed data");
  output.resize(size);
  return output;
}

}  // namespace roost
