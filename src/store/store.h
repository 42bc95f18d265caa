#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/commit.h"
#include "store/database.h"
#include "store/dataset_ref.h"
#include "store/object_store.h"
#include "store/store_location.h"
#include "store/table_object.h"

namespace roost::store {

class Names;
class Records;
class TileLoader;

struct ReadOptions {
  std::vector<std::string> columns;  ///< in the order wanted; empty: all
  /// Strings come as dictionary<int32, string>, one dictionary a batch: faster, as they are stored that way. A
  /// dictionary may have values that no row uses.
  bool dictionary_strings = false;
};

/// The versioned datasets of a workspace. What it writes is described in docs/formats/store.md.
///
/// A version is visible when Commit has returned, and survives a power cut from then on; a Commit that fails, is
/// cancelled or is killed leaves no version. Threads: any; several processes may use one workspace.
class Store {
 public:
  /// Makes a workspace in `folder` (".roost"), or opens the one that is there.
  static absl::StatusOr<std::unique_ptr<Store>> Create(const std::string& folder);
  static absl::StatusOr<std::unique_ptr<Store>> Create(const StoreLocation& location);

  /// FailedPrecondition, with a hint, where there is no workspace or where a newer version of Roost made it;
  /// DataLoss where its database is lost.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& folder);
  static absl::StatusOr<std::unique_ptr<Store>> Open(const StoreLocation& location);
  ~Store();

  /// The workspace's parts, for what is done in files of their own (garbage, verification, differences).
  ObjectStore& objects();
  Database& database();
  Records& records();
  TileLoader& tiles();
  Names& names();

  /// Stores the rows of `reader` as the dataset's next version, after the head of a branch. Where the table is that of
  /// the head already, nothing is stored and the head is returned with `unchanged` set.
  /// Errors: InvalidArgument (names, columns), NotFound for a branch that is not there, FailedPrecondition for a
  /// protected one, Aborted where another writer made a version on the branch meanwhile, Cancelled, and those of the
  /// reader, of the attachments, of the disk.
  absl::StatusOr<CommitInfo> Commit(const CommitRequest& request, arrow::RecordBatchReader& reader,
                                    const Context& context);

  /// The version that `ref` means. NotFound, with a hint, says which versions or names there are.
  absl::StatusOr<CommitInfo> Resolve(const DatasetRef& ref);

  /// All versions of a dataset, newest first. NotFound as for Resolve.
  absl::StatusOr<std::vector<CommitInfo>> Log(const std::string& dataset);

  /// The names of all datasets, in alphabetical order.
  absl::StatusOr<std::vector<std::string>> Datasets();

  /// The rows of a version, one batch a tile (at most 32,768 rows). InvalidArgument, with a hint, for a column that is
  /// not there. The store and what `context` points to outlive the reader.
  absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Read(const CommitInfo& info, const ReadOptions& options,
                                                                 const Context& context);

  /// The bytes of an attachment; NotFound where the version has none of this name.
  absl::StatusOr<std::string> Attachment(const CommitInfo& info, const std::string& name);

  /// The schema of a version's rows, strings as strings.
  absl::StatusOr<std::shared_ptr<arrow::Schema>> SchemaOf(const CommitInfo& info);

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);

  absl::StatusOr<TableObject> LoadTable(const CommitInfo& info);
  absl::StatusOr<CommitInfo> Publish(CommitInfo info, const CommitRequest& request,
                                     const std::vector<struct Pack>& packs);

  std::unique_ptr<State> state_;
};

}  // namespace roost::store
