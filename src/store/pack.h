#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/hash.h"

namespace roost::store {

/// A pack is closed when it has this many bytes.
inline constexpr uint64_t kPackBytes = uint64_t{64} << 20;

/// Where a record lies in its pack.
struct PackEntry {
  Digest id;            ///< logical id of what the record holds
  uint8_t kind = 0;     ///< RecordKind
  uint64_t offset = 0;  ///< from the start of the pack
  uint32_t length = 0;
  uint32_t crc = 0;  ///< CRC-32C of the record

  friend bool operator==(const PackEntry&, const PackEntry&) = default;
};

struct Pack {
  Digest digest;  ///< SHA-256 of `bytes`
  std::string bytes;
  uint64_t bytes_total = 0;  ///< the size of `bytes`, also after they were let go
  std::vector<PackEntry> entries;
};

/// The bytes of a pack that holds so many records, of so many bytes together, and nothing else.
uint64_t SizeOfPack(uint64_t records, uint64_t record_bytes);

/// "packs/<digest>.pack".
std::string PackKey(const Digest& digest);

/// Collects records into a pack.
class PackWriter {
 public:
  PackWriter();

  /// Adds `record` (its first byte is its kind) under `id`.
  void Add(const Digest& id, std::string_view record);

  uint64_t size() const { return pack_.bytes.size(); }
  bool empty() const { return pack_.entries.empty(); }

  /// The pack of all records since the last call.
  Pack Finish();

 private:
  Pack pack_;
};

/// The index of a pack, read from its end. DataLoss for bytes that are no whole pack; the records themselves are not
/// checked.
absl::StatusOr<std::vector<PackEntry>> ReadPackIndex(std::string_view pack);

/// The same from the last bytes of a pack of `size` bytes, which need PackIndexBytes of them.
absl::StatusOr<std::vector<PackEntry>> ReadPackIndex(std::string_view tail, uint64_t size);

/// How many bytes at the end of a pack its index takes, as its last bytes say.
uint64_t PackIndexBytes(std::string_view tail);

}  // namespace roost::store
