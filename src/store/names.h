#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "store/commit.h"
#include "store/database.h"
#include "store/dataset_ref.h"
#include "store/name_record.h"
#include "store/object_store.h"

namespace roost::store {

struct LogOptions {
  std::string branch;  ///< only versions that its head came from; empty: all
  int64_t limit = -1;  ///< versions at most; -1: all
};

/// A change of a name that somebody wants.
struct NameChange {
  enum class Before {
    kAny,
    kNew,    ///< the name must not be there: AlreadyExists
    kThere,  ///< it must be there: NotFound
  };

  std::string dataset;
  std::string name;
  NameKind kind = NameKind::kBranch;
  NameAction action = NameAction::kSet;  ///< all but kCommit
  Before before = Before::kAny;          ///< of kSet; the other actions take a name that is there
  int64_t to = 0;                        ///< of kSet: the version
  std::optional<int64_t> expected;       ///< where the name must be now (0: nowhere), else Aborted; none: anywhere
  bool force = false;                    ///< see Names::Change
  std::string author;
  std::string reason;  ///< at most kMaxReasonBytes; an alias is not moved without
  absl::Time time;
};

struct DeleteRequest {
  std::string dataset;
  std::optional<int64_t> version;  ///< none: all of them, and all names
  bool force = false;              ///< protected branches too, of the whole dataset
  std::string author;
  std::string reason;
  absl::Time time;
};

/// The versions of datasets and their names. A dataset's versions are numbered 1, 2, 3 … over all its branches, and no
/// number is given twice. A name is a branch, a tag or an alias; what a name did is kept. Each change is one
/// transaction of the database, then an object that records it, from which the tables can be made again
/// (names_rebuild.h); a record that could not be written is written after the next change. Threads and processes: any
/// number.
class Names {
 public:
  /// Both outlive this object.
  Names(ObjectStore& objects, Database& database) : objects_(objects), database_(database) {}

  /// Makes the tables where they are missing, also in a workspace of before there were branches.
  static absl::Status CreateTables(Database& database);

  /// The version that a commit on `branch` follows; none where it would be the dataset's first. NotFound for a branch
  /// that is not there, FailedPrecondition for a protected one unless `allow_protected`.
  absl::StatusOr<std::optional<CommitInfo>> HeadForCommit(const std::string& dataset, const std::string& branch,
                                                          bool allow_protected);

  /// Makes `info`, whose number is set here, the next version of its dataset, and the head of info.branch. Stores its
  /// object, then calls `enter` with it in the transaction in which it appears, perhaps several times. Where another
  /// branch took its number it gets the next one. Aborted where info's first parent is not the head (any more); the
  /// other errors of HeadForCommit.
  absl::StatusOr<CommitInfo> Publish(CommitInfo info, bool allow_protected,
                                     const std::function<absl::Status(const CommitInfo&)>& enter);

  /// As Store's functions of these names.
  absl::StatusOr<CommitInfo> Resolve(const DatasetRef& ref);
  absl::StatusOr<std::vector<CommitInfo>> Log(const std::string& dataset, const LogOptions& options);
  absl::StatusOr<int64_t> NextVersion(const std::string& dataset);
  absl::StatusOr<std::vector<std::string>> Datasets();

  /// Does `change` and returns the move that it was; none where the name is there already. Besides what NameChange
  /// says: AlreadyExists where the name is of another kind, or a tag that is there; NotFound for a version that is not
  /// there; FailedPrecondition unless `force`: for a protected branch, for deleting a tag, for moving a branch so that
  /// it loses versions (the message names them). main is never deleted.
  absl::StatusOr<std::optional<NameMove>> Change(const NameChange& change);

  /// The names that a dataset has: the last move of each, by name. NotFound for no such dataset.
  absl::StatusOr<std::vector<NameMove>> List(const std::string& dataset);

  /// The moves of a name, the oldest first. NotFound, with a hint, where it never was.
  absl::StatusOr<std::vector<NameMove>> History(const std::string& dataset, const std::string& name);

  /// Takes versions away; what only they need goes with the next collection of garbage. Returns them. NotFound where
  /// there is none; FailedPrecondition, saying which, where names still mean the version.
  absl::StatusOr<std::vector<DeletedVersion>> Delete(const DeleteRequest& request);

  /// The versions that were deleted, newest first. Empty where there are none.
  absl::StatusOr<std::vector<DeletedVersion>> Deleted(const std::string& dataset);

  /// The numbers of all versions, deleted ones too, by the hexadecimal digits of their commits.
  absl::StatusOr<std::map<std::string, int64_t>> Numbers(const std::string& dataset);

  /// The number of the move with which `version` became the head of its branch, as its record has it.
  absl::StatusOr<int64_t> NumberOf(const CommitInfo& version);

  /// Writes the records that are missing.
  absl::Status RecordPending();

 private:
  absl::StatusOr<CommitInfo> LoadCommit(const std::string& hex);
  absl::StatusOr<CommitInfo> LoadVersion(const std::string& dataset, int64_t version, const std::string& hex);
  absl::Status NoSuchDataset(const std::string& dataset);
  absl::Status NoSuchName(const std::string& dataset, const std::string& name, const std::string& what);
  absl::Status NoSuchVersion(const DatasetRef& ref, int64_t newest);
  absl::StatusOr<std::optional<NameMove>> BranchForCommit(const std::string& dataset, const std::string& branch,
                                                          bool allow_protected);
  absl::Status Enter(const CommitInfo& info, const std::optional<NameMove>& head);

  /// Visits the commits in `pending`, which have marks, and all that they came from, by descending version; a parent
  /// has the marks of all its children. Until `visit` returns false; `info` is null for a deleted version.
  using Marks = std::map<std::string, int>;
  using Visit = std::function<bool(int64_t version, int marks, const CommitInfo* info, const Marks& pending)>;
  absl::Status VisitAncestors(const std::string& dataset, Marks pending, const Visit& visit);

  absl::Status CheckChange(const NameChange& change, const std::optional<NameMove>& last);
  absl::Status CheckSet(const NameChange& change, const std::optional<NameMove>& last);
  absl::StatusOr<std::vector<DeletedVersion>> TakeAway(const DeleteRequest& request,
                                                       const std::vector<CommitInfo>& versions);
  absl::Status GiveUp(const DeleteRequest& request, const std::vector<NameMove>& names);
  absl::Status CheckLosesNothing(const NameChange& change, const NameMove& last);

  ObjectStore& objects_;
  Database& database_;
};

/// "another writer made a version meanwhile": Aborted, with a hint.
absl::Status LostRace(const std::string& dataset);

}  // namespace roost::store
