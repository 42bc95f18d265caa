#include "profile/images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profile/law_testing.h"

namespace roost::profile {
namespace {

using ::testing::HasSubstr;

std::string Little(uint32_t value, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string Big(uint32_t value, size_t size) {
  const std::string bytes = Little(value, size);
  return {bytes.rbegin(), bytes.rend()};
}

// Headers by the formats' specifications, as far as width and height.
std::string Png(uint32_t width, uint32_t height) {
  return "\x89PNG\r\n\x1a\n" + Big(13, 4) + "IHDR" + Big(width, 4) + Big(height, 4);
}
std::string Gif(uint32_t width, uint32_t height) { return "GIF89a" + Little(width, 2) + Little(height, 2); }
std::string Bmp(uint32_t width, int32_t height) {
  return "BM" + std::string(12, '\0') + Little(40, 4) + Little(width, 4) + Little(static_cast<uint32_t>(height), 4);
}
std::string OldBmp(uint32_t width, uint32_t height) {
  return "BM" + std::string(12, '\0') + Little(12, 4) + Little(width, 2) + Little(height, 2);
}
std::string Jpeg(uint32_t width, uint32_t height) {
  const std::string exif = "\xff\xe1" + Big(10, 2) + std::string(8, '\xff');
  const std::string tables = "\xff\xff\xc4" + Big(3, 2) + "x";  // after a byte of padding
  return "\xff\xd8" + exif + tables + "\xff\xc2" + Big(11, 2) + "\x08" + Big(height, 2) + Big(width, 2) + "...";
}
std::string Tiff(uint32_t width, uint32_t height, bool big) {
  const auto integer = [big](uint32_t value, size_t size) { return big ? Big(value, size) : Little(value, size); };
  const auto entry = [&](uint32_t tag, uint32_t value, bool is_short) {
    const std::string stored = is_short ? integer(value, 2) + std::string(2, '\0') : integer(value, 4);
    return integer(tag, 2) + integer(is_short ? 3 : 4, 2) + integer(1, 4) + stored;
  };
  return (big ? "MM" : "II") + integer(42, 2) + integer(10, 4) + ".." + integer(3, 2) + entry(254, 0, false) +
         entry(256, width, true) + entry(257, height, false);
}
std::string Webp(const std::string& chunk) { return "RIFF" + Little(0, 4) + "WEBP" + chunk; }
std::string LossyWebp(uint32_t width, uint32_t height) {
  return Webp("VP8 " + Little(0, 4) + "..." + "\x9d\x01\x2a" + Little(width | 0x4000, 2) + Little(height, 2));
}
std::string LosslessWebp(uint32_t width, uint32_t height) {
  return Webp("VP8L" + Little(0, 4) + "\x2f" + Little((width - 1) | (height - 1) << 14, 4));
}
std::string ExtendedWebp(uint32_t width, uint32_t height) {
  return Webp("VP8X" + Little(10, 4) + Little(0, 4) + Little(width - 1, 3) + Little(height - 1, 3));
}

struct Example {
  ImageFormat format;
  std::string bytes;
};

std::vector<Example> Examples() {
  return {{ImageFormat::kPng, Png(640, 481)},          {ImageFormat::kGif, Gif(640, 481)},
          {ImageFormat::kBmp, Bmp(640, 481)},          {ImageFormat::kBmp, Bmp(640, -481)},
          {ImageFormat::kBmp, OldBmp(640, 481)},       {ImageFormat::kJpeg, Jpeg(640, 481)},
          {ImageFormat::kTiff, Tiff(640, 481, false)}, {ImageFormat::kTiff, Tiff(640, 481, true)},
          {ImageFormat::kWebp, LossyWebp(640, 481)},   {ImageFormat::kWebp, LosslessWebp(640, 481)},
          {ImageFormat::kWebp, ExtendedWebp(640, 481)}};
}

TEST(Images, EachFormatTellsItsSize) {
  for (const Example& example : Examples()) {
    const auto header = ReadImageHeader(example.bytes);
    ASSERT_TRUE(header.has_value()) << static_cast<int>(example.format);
    EXPECT_EQ(header->format, example.format);
    EXPECT_EQ(header->width, 640u) << static_cast<int>(example.format);
    EXPECT_EQ(header->height, 481u) << static_cast<int>(example.format);
  }
}

TEST(Images, OtherBytesAreNoImage) {
  for (const std::string& bytes :
       {std::string(), std::string("BM"), std::string("BMW 320d, a car in the color red"), std::string("GIF of a cat"),
        std::string("RIFF....WAVEfmt "), std::string("MMXXIV is a year"), std::string("III"),
        std::string("\xff\xfe text"), std::string("\x89PNG for short")}) {
    EXPECT_FALSE(ReadImageHeader(bytes).has_value()) << bytes;
  }
}

TEST(Images, CutAndWrongHeadersNeverReadBeyondTheirEnd) {
  std::mt19937 random(1);
  for (const Example& example : Examples()) {
    for (size_t length = 0; length < example.bytes.size(); ++length) {
      // A copy of its own, whose end a sanitizer guards.
      const std::vector<char> cut(example.bytes.begin(), example.bytes.begin() + static_cast<int64_t>(length));
      if (const auto header = ReadImageHeader({cut.data(), cut.size()})) {
        EXPECT_LE(header->width, 640u);
        EXPECT_LE(header->height, 481u);
      }
    }
    for (int round = 0; round < 2'000; ++round) {
      std::vector<char> wrong(example.bytes.begin(), example.bytes.end());
      for (int i = 0; i < 3; ++i) wrong[2 + random() % (wrong.size() - 2)] = static_cast<char>(random());
      static_cast<void>(ReadImageHeader({wrong.data(), wrong.size()}));
    }
  }
}

void AddValue(ImageState& state, const std::string& value) { state.Add(value, 1); }

std::vector<std::string> RandomValues(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::string> values;
  for (int i = 0; i < 500; ++i) {
    const uint32_t width = 1 + random() % 5'000;
    const uint32_t height = 1 + random() % 5'000;
    const std::string all[] = {Png(width, height), Gif(width, height), Jpeg(width, height), "no image"};
    values.push_back(all[random() % 4]);
  }
  return values;
}

TEST(Images, KeepTheLaw) { ExpectTheLaw(ImageState(), RandomValues(/*seed=*/2), AddValue, /*rounds=*/10, /*seed=*/3); }

TEST(Images, AreCountedByFormat) {
  ImageState state;
  state.Add(Png(10, 2'000), 3);
  state.Add(Jpeg(300, 20), 5);
  state.Add(Gif(1, 1), 3);
  state.Add("no image", 7);
  const ImageSummary summary = state.Summarize();
  EXPECT_EQ(summary.images, 11);
  EXPECT_EQ(summary.formats, (std::vector<ValueCount>{{"jpeg", 5}, {"gif", 3}, {"png", 3}}));
  EXPECT_EQ(summary.max_width, 300);
  EXPECT_EQ(summary.max_height, 2'000);
}

TEST(Images, ReadWhatTheyWrote) {
  ImageState state;
  for (const std::string& value : RandomValues(/*seed=*/4)) state.Add(value, 1);
  const auto parse = [](ByteReader& reader) { return ImageState::Parse(reader, 500); };
  ExpectSoundBytes(
      state, parse, [](const ImageState& read) { static_cast<void>(read.Summarize()); }, /*seed=*/5);
  const std::string bytes = BytesOf(state);
  ByteReader reader(bytes);
  EXPECT_THAT(ImageState::Parse(reader, 100).status().message(),
              HasSubstr("images at byte 0: more than there are values"));
}

}  // namespace
}  // namespace roost::profile
