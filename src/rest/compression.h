#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost::rest {

/// How a body is compressed (RFC 9110, 8.4.1): kDeflate is the zlib format.
enum class Coding { kIdentity, kGzip, kDeflate };

/// The coding that a Content-Encoding names, in any case of letters; "" is kIdentity. Unimplemented for all others, and
/// for several.
absl::StatusOr<Coding> ParseCoding(std::string_view content_encoding);

/// "gzip", "deflate"; "identity".
std::string_view CodingName(Coding coding);

/// The coding for the answer to a request with this Accept-Encoding: gzip before deflate, where they are accepted (a
/// weight of 0 refuses); else none.
Coding ChooseCoding(std::string_view accept_encoding);

/// The body that `bytes` are; errors as Inflate (base/inflate.h).
absl::StatusOr<std::string> Decompress(std::string_view bytes, Coding coding, size_t max_bytes);

/// The bytes of `body` in `coding`, at zlib's quickest level.
std::string Compress(std::string_view body, Coding coding);

}  // namespace roost::rest
