#include "profile/images.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::profile {
namespace {

constexpr std::string_view kNames[] = {"bmp", "gif", "jpeg", "png", "tiff", "webp"};

// Reads unsigned integers at any position: 0 beyond the end, which no width or height is.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view bytes) : bytes_(bytes) {}

  uint32_t Little(size_t position, size_t size) const {
    uint32_t value = 0;
    for (size_t i = size; i-- > 0;) value = value << 8 | Byte(position, size, i);
    return value;
  }
  uint32_t Big(size_t position, size_t size) const {
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) value = value << 8 | Byte(position, size, i);
    return value;
  }
  bool Has(size_t position, std::string_view text) const {
    return position <= bytes_.size() && bytes_.substr(position).starts_with(text);
  }
  size_t size() const { return bytes_.size(); }

 private:
  // Byte `i` of the integer of `size` bytes at `position`.
  uint32_t Byte(size_t position, size_t size, size_t i) const {
    if (size > bytes_.size() || position > bytes_.size() - size) return 0;
    return static_cast<uint8_t>(bytes_[position + i]);
  }

  std::string_view bytes_;
};

using std::string_view_literals::operator""sv;

std::optional<ImageHeader> ReadBmp(const HeaderReader& reader) {
  // Two letters are no proof: the size of the header that follows must be one that there is.
  constexpr uint32_t kOldHeader = 12;
  constexpr uint32_t kHeaders[] = {kOldHeader, 16, 40, 52, 56, 64, 108, 124};
  const uint32_t header = reader.Little(14, 4);
  if (std::find(std::begin(kHeaders), std::end(kHeaders), header) == std::end(kHeaders)) return std::nullopt;
  if (header == kOldHeader) return ImageHeader{ImageFormat::kBmp, reader.Little(18, 2), reader.Little(20, 2)};
  // A negative height says that the rows go from top to bottom.
  const uint32_t height = reader.Little(22, 4);
  return ImageHeader{ImageFormat::kBmp, reader.Little(18, 4), height >> 31 != 0 ? -height : height};
}

ImageHeader ReadJpeg(const HeaderReader& reader) {
  ImageHeader header{ImageFormat::kJpeg};
  size_t position = 2;
  while (position < reader.size() && reader.Big(position, 1) == 0xff) {
    const uint32_t marker = reader.Big(position + 1, 1);
    if (marker == 0xff) {  // a byte of padding
      ++position;
      continue;
    }
    const bool is_frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (is_frame) {
      header.height = reader.Big(position + 5, 2);
      header.width = reader.Big(position + 7, 2);
      return header;
    }
    const uint32_t length = reader.Big(position + 2, 2);
    if (marker == 0xda || marker == 0xd9 || length < 2) return header;  // the scan, the end, or none
    position += 2 + length;
  }
  return header;
}

ImageHeader ReadTiff(const HeaderReader& reader, bool big) {
  ImageHeader header{ImageFormat::kTiff};
  const auto integer = [&](size_t position, size_t size) {
    return big ? reader.Big(position, size) : reader.Little(position, size);
  };
  const size_t directory = integer(4, 4);
  const uint32_t entries = integer(directory, 2);
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + size_t{12} * i;
    const uint32_t tag = integer(entry, 2);
    if (tag > 257 || entry >= reader.size()) break;  // tags ascend
    constexpr uint32_t kShort = 3;
    const uint32_t value = integer(entry + 8, integer(entry + 2, 2) == kShort ? 2 : 4);
    if (tag == 256) header.width = value;
    if (tag == 257) header.height = value;
  }
  return header;
}

std::optional<ImageHeader> ReadWebp(const HeaderReader& reader) {
  if (!reader.Has(8, "WEBP")) return std::nullopt;
  ImageHeader header{ImageFormat::kWebp};
  if (reader.Has(12, "VP8 ") && reader.Has(23, "\x9d\x01\x2a")) {
    header.width = reader.Little(26, 2) & 0x3fff;
    header.height = reader.Little(28, 2) & 0x3fff;
  } else if (reader.Has(12, "VP8L") && reader.Has(20, "\x2f") && reader.size() >= 25) {
    const uint32_t bits = reader.Little(21, 4);
    header.width = (bits & 0x3fff) + 1;
    header.height = (bits >> 14 & 0x3fff) + 1;
  } else if (reader.Has(12, "VP8X") && reader.size() >= 30) {
    header.width = reader.Little(24, 3) + 1;
    header.height = reader.Little(27, 3) + 1;
  }
  return header;
}

}  // namespace

std::optional<ImageHeader> ReadImageHeader(std::string_view bytes) {
  if (bytes.size() < 6) return std::nullopt;
  const HeaderReader reader(bytes);
  switch (bytes[0]) {
    case '\x89':
      if (!reader.Has(0, "\x89PNG\r\n\x1a\n")) return std::nullopt;
      if (!reader.Has(12, "IHDR")) return ImageHeader{ImageFormat::kPng};
      return ImageHeader{ImageFormat::kPng, reader.Big(16, 4), reader.Big(20, 4)};
    case 'G':
      if (!reader.Has(0, "GIF87a") && !reader.Has(0, "GIF89a")) return std::nullopt;
      return ImageHeader{ImageFormat::kGif, reader.Little(6, 2), reader.Little(8, 2)};
    case 'B':
      if (!reader.Has(0, "BM")) return std::nullopt;
      return ReadBmp(reader);
    case 'R':
      if (!reader.Has(0, "RIFF")) return std::nullopt;
      return ReadWebp(reader);
    case 'I':
      if (!reader.Has(0, "II*\0"sv)) return std::nullopt;
      return ReadTiff(reader, /*big=*/false);
    case 'M':
      if (!reader.Has(0, "MM\0*"sv)) return std::nullopt;
      return ReadTiff(reader, /*big=*/true);
    case '\xff':
      if (!reader.Has(0, "\xff\xd8\xff")) return std::nullopt;
      return ReadJpeg(reader);
    default: return std::nullopt;
  }
}

void ImageState::Add(std::string_view value, int64_t count) {
  const std::optional<ImageHeader> header = ReadImageHeader(value);
  if (!header) return;
  counts_[static_cast<size_t>(header->format)] += count;
  max_width_ = std::max(max_width_, header->width);
  max_height_ = std::max(max_height_, header->height);
}

void ImageState::Merge(const ImageState& other) {
  for (size_t i = 0; i < kImageFormats; ++i) counts_[i] += other.counts_[i];
  max_width_ = std::max(max_width_, other.max_width_);
  max_height_ = std::max(max_height_, other.max_height_);
}

ImageSummary ImageState::Summarize() const {
  ImageSummary summary{.images = std::accumulate(counts_.begin(), counts_.end(), int64_t{0}),
                       .max_width = max_width_,
                       .max_height = max_height_};
  for (size_t i = 0; i < kImageFormats; ++i) {
    if (counts_[i] > 0) summary.formats.push_back({.value = std::string(kNames[i]), .count = counts_[i]});
  }
  std::stable_sort(summary.formats.begin(), summary.formats.end(),
                   [](const ValueCount& a, const ValueCount& b) { return a.count > b.count; });
  return summary;
}

void ImageState::Serialize(std::string& bytes) const {
  for (const int64_t count : counts_) AppendVarint(bytes, static_cast<uint64_t>(count));
  AppendVarint(bytes, max_width_);
  AppendVarint(bytes, max_height_);
}

absl::StatusOr<ImageState> ImageState::Parse(ByteReader& reader, int64_t max_count) {
  const size_t start = reader.position();
  const auto broken = [start](std::string_view what) {
    return absl::DataLossError(fmt::format("images at byte {}: {}", start, what));
  };
  ImageState state;
  int64_t rest = max_count;
  for (int64_t& count : state.counts_) {
    TRY_ASSIGN(const uint64_t stored, reader.Varint());
    if (stored > static_cast<uint64_t>(rest)) return broken("more than there are values");
    count = static_cast<int64_t>(stored);
    rest -= count;
  }
  for (uint32_t* size : {&state.max_width_, &state.max_height_}) {
    TRY_ASSIGN(const uint64_t stored, reader.Varint());
    if (stored > std::numeric_limits<uint32_t>::max() || (stored > 0 && rest == max_count)) {
      return broken("a width or height that no image has");
    }
    *size = static_cast<uint32_t>(stored);
  }
  return state;
}

}  // namespace roost::profile
