#include "store/history.h"

#include <iterator>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::store {

absl::StatusOr<CommitInfo> LoadCommitAt(ObjectStore& objects, const Digest& digest) {
  const std::string key = CommitKey(digest);
  absl::StatusOr<std::string> bytes = objects.Get(key);
  if (absl::IsNotFound(bytes.status())) return absl::DataLossError(fmt::format("{} is missing", key));
  if (!bytes.ok()) return bytes.status();
  if (Sha256(*bytes) != digest) return absl::DataLossError(fmt::format("{} is damaged", key));
  absl::StatusOr<CommitInfo> info = ReadCommit(*bytes);
  if (!info.ok()) return Annotate(info.status(), key);
  return info;
}

absl::StatusOr<std::optional<CommitInfo>> CommonAncestor(ObjectStore& objects, const CommitInfo& a,
                                                         const CommitInfo& b) {
  constexpr int kOfA = 1;
  constexpr int kOfB = 2;
  struct Seen {
    CommitInfo info;
    int of = 0;
  };
  // A parent has a lower number than its children, so that going down by number meets each commit after all commits
  // that come from it: the first one met of both is the nearest.
  std::map<std::pair<int64_t, Digest>, Seen> open;
  const auto meet = [&open](CommitInfo info, int of) {
    const std::pair key(info.version, info.digest);
    const auto [entry, is_new] = open.try_emplace(key);
    if (is_new) entry->second.info = std::move(info);
    entry->second.of |= of;
  };
  meet(a, kOfA);
  meet(b, kOfB);
  while (!open.empty()) {
    const auto highest = std::prev(open.end());
    const Seen seen = std::move(highest->second);
    open.erase(highest);
    if (seen.of == (kOfA | kOfB)) return seen.info;
    for (const Digest& parent : seen.info.parents) {
      TRY_ASSIGN(CommitInfo info, LoadCommitAt(objects, parent));
      if (info.version >= seen.info.version) {
        return absl::DataLossError(
            fmt::format("{} is no earlier version than {}, which comes from it", info.Name(), seen.info.Name()));
      }
      meet(std::move(info), seen.of);
    }
  }
  return std::nullopt;
}

}  // namespace roost::store
