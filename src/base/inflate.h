#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost {

/// How bytes were compressed, as HTTP and gRPC name it: gzip is RFC 1952, where members may follow each other; deflate
/// is zlib's format (RFC 1950), and may lack zlib's head, as some clients send it.
enum class Deflated { kGzip, kDeflate };

/// The bytes that `compressed` holds. InvalidArgument where they are damaged, cut short or followed by others;
/// OutOfRange as soon as they exceed `max_bytes`, so that memory is bounded whatever is sent.
absl::StatusOr<std::string> Inflate(std::string_view compressed, Deflated format, size_t max_bytes);

}  // namespace roost
