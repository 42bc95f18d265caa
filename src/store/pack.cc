#include "store/pack.h"

#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/status.h"

namespace roost::store {
namespace {

constexpr std::string_view kMagic("RoostPk\x01", 8);  // the last byte is the format's version
constexpr size_t kEntryBytes = 32 + 1 + 8 + 4 + 4;
constexpr size_t kTailBytes = 4 + 4 + 8;  // number of entries, CRC of entries and number, magic

}  // namespace

uint64_t SizeOfPack(uint64_t records, uint64_t record_bytes) {
  return kMagic.size() + record_bytes + records * kEntryBytes + kTailBytes;
}

std::string PackKey(const Digest& digest) { return fmt::format("packs/{}.pack", digest.ToHex()); }

PackWriter::PackWriter() { pack_.bytes = kMagic; }

void PackWriter::Add(const Digest& id, std::string_view record) {
  pack_.entries.push_back({.id = id,
                           .kind = static_cast<uint8_t>(record.front()),
                           .offset = pack_.bytes.size(),
                           .length = static_cast<uint32_t>(record.size()),
                           .crc = Crc32c(record)});
  // Room for a whole pack once it is a large one: growing by doubling would hold it twice. Pages not used cost nothing.
  if (pack_.bytes.size() > kPackBytes / 8) pack_.bytes.reserve(kPackBytes + kPackBytes / 8);
  pack_.bytes.append(record);
}

Pack PackWriter::Finish() {
  Pack pack = std::exchange(pack_, Pack{});
  pack_.bytes = kMagic;
  const size_t start = pack.bytes.size();
  for (const PackEntry& entry : pack.entries) {
    pack.bytes.append(reinterpret_cast<const char*>(entry.id.bytes.data()), entry.id.bytes.size());
    AppendFixed(pack.bytes, entry.kind);
    AppendFixed(pack.bytes, entry.offset);
    AppendFixed(pack.bytes, entry.length);
    AppendFixed(pack.bytes, entry.crc);
  }
  AppendFixed(pack.bytes, static_cast<uint32_t>(pack.entries.size()));
  AppendFixed(pack.bytes, Crc32c(std::string_view(pack.bytes).substr(start)));
  pack.bytes.append(kMagic);
  pack.digest = Sha256(pack.bytes);
  pack.bytes_total = pack.bytes.size();
  return pack;
}

uint64_t PackIndexBytes(std::string_view tail) {
  if (tail.size() < kTailBytes) return kTailBytes;
  ByteReader reader(tail.substr(tail.size() - kTailBytes));
  const auto count = reader.Fixed<uint32_t>();
  return count.ok() ? *count * kEntryBytes + kTailBytes : kTailBytes;
}

absl::StatusOr<std::vector<PackEntry>> ReadPackIndex(std::string_view pack) {
  if (!pack.starts_with(kMagic)) return absl::DataLossError("not a whole pack of format 1");
  return ReadPackIndex(pack, pack.size());
}

absl::StatusOr<std::vector<PackEntry>> ReadPackIndex(std::string_view tail, uint64_t size) {
  if (size < kMagic.size() + kTailBytes || tail.size() < kTailBytes || !tail.ends_with(kMagic)) {
    return absl::DataLossError("not a whole pack of format 1");
  }
  ByteReader end(tail.substr(tail.size() - kTailBytes));
  TRY_ASSIGN(const auto count, end.Fixed<uint32_t>());
  TRY_ASSIGN(const auto crc, end.Fixed<uint32_t>());
  const uint64_t index_bytes = count * kEntryBytes;
  if (index_bytes > size - kMagic.size() - kTailBytes || index_bytes > tail.size() - kTailBytes) {
    return absl::DataLossError("the index is too long");
  }
  const std::string_view index = tail.substr(tail.size() - kTailBytes - index_bytes, index_bytes + 4);
  if (Crc32c(index) != crc) return absl::DataLossError("the index is damaged");
  const uint64_t start = size - kTailBytes - index_bytes;
  ByteReader reader(index.substr(0, index_bytes));
  std::vector<PackEntry> entries(count);
  for (PackEntry& entry : entries) {
    TRY_ASSIGN(const std::string_view id, reader.Raw(entry.id.bytes.size()));
    std::memcpy(entry.id.bytes.data(), id.data(), id.size());
    TRY_ASSIGN(entry.kind, reader.Fixed<uint8_t>());
    TRY_ASSIGN(entry.offset, reader.Fixed<uint64_t>());
    TRY_ASSIGN(entry.length, reader.Fixed<uint32_t>());
    TRY_ASSIGN(entry.crc, reader.Fixed<uint32_t>());
    if (entry.offset < kMagic.size() || entry.offset > start || entry.length > start - entry.offset) {
      return absl::DataLossError("a record lies outside its pack");
    }
  }
  return entries;
}

}  // namespace roost::store
