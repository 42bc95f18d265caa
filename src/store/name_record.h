#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/hash.h"
#include "store/commit.h"

namespace roost::store {

/// What a name of a version is. The names of a dataset are all different, whatever their kind.
enum class NameKind {
  kBranch,  ///< moved by commits
  kTag,     ///< never moves
  kAlias,   ///< moved by people
};

enum class NameAction {
  kCommit,     ///< a branch went on to a version that was made on it
  kSet,        ///< the name was made, or moved
  kDelete,     ///< the name is no more
  kProtect,    ///< the branch refuses commits and moves from now on
  kUnprotect,  ///< it takes them again
};

/// "branch", "tag", "alias".
std::string ToString(NameKind kind);
/// "commit", "set", "delete", "protect", "unprotect".
std::string ToString(NameAction action);

/// One move of a name, and what the name is since. A name is what its last move says.
struct NameMove {
  std::string dataset;
  std::string name;
  int64_t number = 0;  ///< counts the moves of this name, from 1 on; goes on after a deletion
  NameKind kind = NameKind::kBranch;
  NameAction action = NameAction::kSet;
  std::optional<int64_t> from;  ///< the version before; none where the name was not there
  std::optional<int64_t> to;    ///< the version since; none: the name was deleted
  bool is_protected = false;    ///< since this move
  std::string author;
  std::string reason;  ///< empty for commits, whose message says why
  absl::Time time;     ///< whole microseconds

  friend bool operator==(const NameMove&, const NameMove&) = default;
};

/// The move of a commit's branch to it, where it is the branch's first.
NameMove FirstMoveOf(const CommitInfo& commit);

/// What is kept of a version that was deleted.
struct DeletedVersion {
  std::string dataset;
  int64_t version = 0;
  Digest commit;
  std::vector<Digest> parents;
  std::string author;
  std::string reason;
  absl::Time time;  ///< whole microseconds

  friend bool operator==(const DeletedVersion&, const DeletedVersion&) = default;
};

/// The record objects from which names can be made again (docs/formats/store.md §8): JSON on one line. What is no such
/// record, or one of another key, is DataLoss that names `key`; one of a newer format Unimplemented. A record has at
/// most 64 KiB.
std::string ToRecord(const NameMove& move);
std::string ToRecord(const DeletedVersion& deleted);
absl::StatusOr<NameMove> ParseMoveRecord(std::string_view bytes, const std::string& key);
absl::StatusOr<DeletedVersion> ParseDeletedRecord(std::string_view bytes, const std::string& key);

/// What the record of a version (WriteNameRecord) says.
struct VersionRecord {
  std::string dataset;
  int64_t version = 0;
  Digest commit;
  NameMove move;  ///< of the branch that it was made on; `from` and `is_protected` are as the moves before it say
};
absl::StatusOr<VersionRecord> ParseVersionRecord(std::string_view bytes, const std::string& key);

/// The folders of these records, and the keys in them: "names/refs/DATASET/NAME/NUMBER", "names/deleted/DATASET/N".
inline constexpr char kVersionRecords[] = "names/datasets";
inline constexpr char kMoveRecords[] = "names/refs";
inline constexpr char kDeletedRecords[] = "names/deleted";
std::string KeyOf(const NameMove& move);
std::string KeyOf(const DeletedVersion& deleted);

/// The longest text that says why.
inline constexpr size_t kMaxReasonBytes = 4096;

}  // namespace roost::store
