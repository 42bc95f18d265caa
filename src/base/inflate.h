#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost {

/// The bytes that `compressed` holds, of which there may be at most `max_bytes`: gzip (RFC 1952) or zlib (RFC 1950,
/// which HTTP and gRPC call "deflate"), told apart by their first bytes.
/// InvalidArgument where they are neither, damaged, cut off or followed by others; ResourceExhausted where there are
/// more than `max_bytes`. Both are below 4 GiB. Memory: never more than a small multiple of what comes out.
absl::StatusOr<std::string> Inflate(std::string_view compressed, size_t max_bytes);

}  // namespace roost
