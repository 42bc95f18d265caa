#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "profile/summary.h"

namespace roost::profile {

/// In the order of their names.
enum class ImageFormat : uint8_t { kBmp, kGif, kJpeg, kPng, kTiff, kWebp };
constexpr size_t kImageFormats = 6;

/// What the first bytes of an image say; width and height in pixels, 0 where the header does not tell.
struct ImageHeader {
  ImageFormat format = ImageFormat::kBmp;
  uint32_t width = 0;
  uint32_t height = 0;
};

/// Empty where `bytes` do not begin as an image of a known format. Reads nothing beyond `bytes`, whatever they say.
/// Cost: about 2 ns where they are no image; of a JPEG it grows with the segments before the frame's header.
/// Source: the formats' specifications (ISO/IEC 15948, ITU-T T.81, GIF89a, TIFF 6.0, RFC 9649; BMP by its DIB header).
std::optional<ImageHeader> ReadImageHeader(std::string_view bytes);

/// How many values of a binary column are images, of which formats, and how large at most. A law-abiding state: see
/// README.md. Threads: a state belongs to one thread at a time.
class ImageState {
 public:
  /// `count` rows with `value`.
  void Add(std::string_view value, int64_t count);
  void Merge(const ImageState& other);

  ImageSummary Summarize() const;

  void Serialize(std::string& bytes) const;
  /// DataLoss where `reader` is not at a whole state, or one of more than `max_count` images.
  static absl::StatusOr<ImageState> Parse(ByteReader& reader, int64_t max_count);

 private:
  std::array<int64_t, kImageFormats> counts_{};
  uint32_t max_width_ = 0;
  uint32_t max_height_ = 0;
};

}  // namespace roost::profile
