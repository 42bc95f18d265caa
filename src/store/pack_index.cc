#include "store/pack_index.h"

#include <algorithm>

#include "base/status.h"

namespace roost::store {

absl::StatusOr<std::vector<PackEntry>> LoadPackIndex(ObjectStore& objects, const std::string& key) {
  // Most indexes are shorter.
  constexpr uint64_t kFirstRead = uint64_t{64} << 10;
  TRY_ASSIGN(const uint64_t size, objects.Size(key));
  uint64_t length = std::min(size, kFirstRead);
  while (true) {
    TRY_ASSIGN(const std::string tail, objects.GetRange(key, size - length, length));
    const uint64_t needed = PackIndexBytes(tail);
    if (needed <= length || length == size) {
      absl::StatusOr<std::vector<PackEntry>> entries = ReadPackIndex(tail, size);
      if (!entries.ok()) return Annotate(entries.status(), key);
      return entries;
    }
    length = std::min(size, needed);
  }
}

}  // namespace roost::store
