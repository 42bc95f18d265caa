#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost::store {

/// `bytes` as one zstd frame of level 3, without a checksum: packs have their own.
std::string Compress(std::string_view bytes);

/// The inverse. DataLoss unless `compressed` is one whole frame of exactly `size` bytes.
absl::StatusOr<std::string> Decompress(std::string_view compressed, uint64_t size);

/// Appends `bytes` with what is needed to read them back: u8 compression (0 none, 1 zstd), varint size, then the
/// bytes to the end. Compressed only where that is smaller.
void AppendCompressed(std::string& record, std::string_view bytes);

/// The same without trying to compress: for bytes that are known not to.
void AppendStored(std::string& record, std::string_view bytes);

/// Reads what AppendCompressed or AppendStored wrote at the start of `rest`, to its end. DataLoss also for more than
/// `max_size` bytes.
absl::StatusOr<std::string> ReadCompressed(std::string_view rest, uint64_t max_size);

}  // namespace roost::store
