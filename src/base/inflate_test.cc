#include "base/inflate.h"

#include <zlib.h>

#include <random>

#include <gtest/gtest.h>

namespace roost {
namespace {

/// zlib's own compressor; `window_bits` says which format.
std::string Deflate(std::string_view bytes, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string output(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(output.data());
  stream.avail_out = static_cast<uInt>(output.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  output.resize(stream.total_out);
  deflateEnd(&stream);
  return output;
}

constexpr int kZlib = MAX_WBITS;
constexpr int kGzip = 16 + MAX_WBITS;
constexpr size_t kNoLimit = 64 << 20;

TEST(Inflate, GivesBackWhatWasCompressed) {
  std::mt19937 random(1);
  for (const size_t size : {0u, 1u, 16383u, 16384u, 16385u, 1'000'000u}) {
    std::string text(size, 'x');
    for (size_t i = 0; i < size; i += 3) text[i] = static_cast<char>(random());
    for (const int window_bits : {kZlib, kGzip}) {
      const Deflated format = window_bits == kGzip ? Deflated::kGzip : Deflated::kDeflate;
      const std::string bytes = Deflate(text, window_bits);
      const auto back = Inflate(bytes, format, kNoLimit);
      ASSERT_TRUE(back.ok()) << back.status();
      EXPECT_EQ(*back, text);
      EXPECT_TRUE(Inflate(bytes, format, size).ok());
      if (size > 0) {
        EXPECT_EQ(Inflate(bytes, format, size - 1).status().code(), absl::StatusCode::kOutOfRange);
      }
    }
  }
}

TEST(Inflate, StopsABombAtTheLimit) {
  const std::string bomb = Deflate(std::string(32 << 20, '\0'), kGzip);
  ASSERT_LT(bomb.size(), 100'000u);
  EXPECT_EQ(Inflate(bomb, Deflated::kGzip, 1 << 20).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(Inflate, RefusesWhatIsDamaged) {
  const std::string whole = Deflate("forty-two forty-two forty-two", kGzip);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(Inflate(whole.substr(0, size), Deflated::kGzip, kNoLimit).status().code(),
              absl::StatusCode::kInvalidArgument)
        << size;
  }
  EXPECT_EQ(Inflate(whole + "x", Deflated::kGzip, kNoLimit).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Inflate("forty-two", Deflated::kGzip, kNoLimit).status().code(), absl::StatusCode::kInvalidArgument);
  std::string wrong_sum = whole;
  wrong_sum[wrong_sum.size() - 6] ^= 1;
  EXPECT_EQ(Inflate(wrong_sum, Deflated::kGzip, kNoLimit).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace roost
