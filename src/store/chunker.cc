#include "store/chunker.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "base/hash.h"

namespace roost::store {
namespace {

// A byte's number stays in the upper bits of the hash the longest: the cut looks at those. Two bits more than the
// average asks for before the normal size and two fewer behind it keep sizes near to it (normalisation 2).
constexpr uint64_t kMaskBefore = ~uint64_t{0} << (64 - 18);
constexpr uint64_t kMaskBehind = ~uint64_t{0} << (64 - 14);

using Gear = std::array<uint64_t, 256>;

Gear MakeGear() {
  Gear gear;
  for (size_t byte = 0; byte < gear.size(); ++byte) {
    std::string text = "roost gear";
    text.push_back(static_cast<char>(byte));
    const Digest digest = Sha256(text);
    std::memcpy(&gear[byte], digest.bytes.data(), sizeof gear[byte]);
  }
  return gear;
}

const Gear& TheGear() {
  static const Gear gear = MakeGear();
  return gear;
}

}  // namespace

void Chunker::Add(std::string_view bytes, std::vector<size_t>& sizes) {
  const Gear& gear = TheGear();
  size_t next = 0;
  while (next < bytes.size()) {
    if (length_ < kMinChunkBytes) {
      const size_t skipped = std::min(kMinChunkBytes - length_, bytes.size() - next);
      next += skipped;
      length_ += skipped;
      continue;
    }
    const bool before = length_ < kNormalChunkBytes;
    const uint64_t mask = before ? kMaskBefore : kMaskBehind;
    const size_t end = next + std::min((before ? kNormalChunkBytes : kMaxChunkBytes) - length_, bytes.size() - next);
    const size_t start = next;
    uint64_t hash = hash_;
    bool is_cut = false;
    while (next < end && !is_cut) {
      hash = (hash << 1) + gear[static_cast<uint8_t>(bytes[next++])];
      is_cut = (hash & mask) == 0;
    }
    hash_ = hash;
    length_ += next - start;
    if (is_cut || length_ == kMaxChunkBytes) sizes.push_back(Finish());
  }
}

size_t Chunker::Finish() {
  hash_ = 0;
  return std::exchange(length_, 0);
}

std::vector<size_t> ChunkSizes(std::string_view bytes) {
  Chunker chunker;
  std::vector<size_t> sizes;
  chunker.Add(bytes, sizes);
  if (const size_t last = chunker.Finish(); last > 0) sizes.push_back(last);
  return sizes;
}

}  // namespace roost::store
