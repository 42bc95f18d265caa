#include "store/object_copier.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/status.h"
#include "base/thread_pool.h"

namespace roost::store {
namespace {

constexpr size_t kObjectsAtOnce = 16;  // then progress is told

/// Whether the object is what its key says, where the key says it.
bool IsSound(const std::string& key, const std::string& bytes) {
  if (!key.starts_with("packs/") && !key.starts_with("commits/") && !key.starts_with("models/")) return true;
  const size_t start = key.rfind('/') + 1;
  const absl::StatusOr<Digest> digest = Digest::FromHex(std::string_view(key).substr(start, 64));
  return !digest.ok() || Sha256(bytes) == *digest;
}

}  // namespace

absl::Status ObjectCopier::Look() {
  TRY_ASSIGN(const std::vector<std::string> keys, to_.List(""));
  there_ = {keys.begin(), keys.end()};
  return absl::OkStatus();
}

absl::Status ObjectCopier::Copy(const std::vector<std::string>& keys, bool& vanished) {
  damages_.clear();
  std::vector<std::string> missing;
  for (const std::string& key : keys) {
    if (!IsThere(key)) missing.push_back(key);
  }
  for (size_t first = 0; first < missing.size(); first += kObjectsAtOnce) {
    TRY(context_.CheckCancelled());
    context_.Report({.stage = "copying",
                     .unit = "objects",
                     .done = static_cast<int64_t>(first),
                     .total = static_cast<int64_t>(missing.size())});
    const size_t count = std::min(kObjectsAtOnce, missing.size() - first);
    TRY(context_.pool->ParallelFor(count, [&](size_t i) { return CopyOne(missing[first + i], vanished); }));
  }
  std::sort(damages_.begin(), damages_.end());
  return absl::OkStatus();
}

absl::Status ObjectCopier::CopyOne(const std::string& key, bool& vanished) {
  TRY(context_.CheckCancelled());
  const absl::StatusOr<std::string> bytes = from_.Get(key);
  if (!bytes.ok() && !absl::IsNotFound(bytes.status())) return bytes.status();
  const bool is_sound = bytes.ok() && IsSound(key, *bytes);
  if (is_sound) TRY(to_.Put(key, *bytes));
  const std::lock_guard lock(mutex_);
  if (is_sound) {
    there_.insert(key);
    copied_ += 1;
    bytes_ += static_cast<int64_t>(bytes->size());
  } else if (bytes.ok()) {
    damages_.push_back(fmt::format("{} is damaged", key));
  } else {
    vanished = true;
  }
  return absl::OkStatus();
}

}  // namespace roost::store
