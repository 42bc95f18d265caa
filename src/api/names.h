#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "store/merge.h"
#include "store/name_record.h"
#include "store/names.h"

namespace roost::api {

/// What is known of a dataset's versions beside the versions themselves.
struct DataNames {
  std::vector<store::NameMove> names;          ///< branches, tags and aliases, by name
  std::vector<store::DeletedVersion> deleted;  ///< newest first
  std::map<std::string, int64_t> numbers;      ///< versions by the hexadecimal digits of their commits
};
absl::StatusOr<DataNames> NamesOf(Project& project, const std::string& dataset);

/// The versions of a dataset, newest first. NotFound with a spelling hint, also for a branch that is not there.
absl::StatusOr<std::vector<store::CommitInfo>> LogData(Project& project, const std::string& dataset,
                                                       const store::LogOptions& options);

struct ChangeNameRequest {
  std::string dataset;
  std::string name;
  store::NameKind kind = store::NameKind::kBranch;
  store::NameAction action = store::NameAction::kSet;
  store::NameChange::Before before = store::NameChange::Before::kAny;
  std::string target;               ///< "3", or another name of the dataset; empty: the head of main
  std::optional<int64_t> expected;  ///< where it must be now; 0: nowhere
  bool force = false;
  std::string reason;
};

/// Makes, moves, protects or deletes a name as store::Names::Change does; the author is the project's.
absl::StatusOr<std::optional<store::NameMove>> ChangeName(Project& project, const ChangeNameRequest& request,
                                                          const Context& context);

/// The moves of a name, the oldest first.
absl::StatusOr<std::vector<store::NameMove>> NameHistory(Project& project, const std::string& dataset,
                                                         const std::string& name);

/// The versions of models that were trained on one of `commits` (hexadecimal digits). A package without lineage was
/// trained elsewhere.
absl::StatusOr<std::vector<std::string>> ModelsTrainedOn(Project& project, const std::set<std::string>& commits);

struct DeleteDataRequest {
  std::string reference;      ///< "flights@3"; "flights" only with all_versions
  bool all_versions = false;  ///< the whole dataset with its names
  bool force = false;         ///< also where models were trained on it, or a branch is protected
  bool dry_run = false;       ///< says what would go, and does nothing
  std::string reason;
};

struct DeleteDataResponse {
  std::vector<std::string> versions;   ///< that went, or would go: "flights@3"
  std::vector<store::NameMove> names;  ///< that mean them: they keep a version, and go with a whole dataset
  std::vector<std::string> models;     ///< that were trained on them: "late-flights@2"
};

/// Deletes versions; their bytes go with the next collection of garbage. FailedPrecondition, saying which, where names
/// mean the version or models were trained on it.
absl::StatusOr<DeleteDataResponse> DeleteData(Project& project, const DeleteDataRequest& request,
                                              const Context& context);

struct MergeDataRequest {
  std::string dataset;
  std::string from;  ///< "3", or a name of the dataset
  std::string into;  ///< a branch; empty: main
  store::OnConflict on_conflict = store::OnConflict::kFail;
  bool force = false;   ///< into a protected branch too
  std::string message;  ///< empty: says what was merged
};

/// Merges a version into a branch (store::Merge); where another writer moved the branch meanwhile, again.
absl::StatusOr<store::MergeResult> MergeData(Project& project, const MergeDataRequest& request, const Context& context);

}  // namespace roost::api
