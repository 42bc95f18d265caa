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
#include "store/range_reader.h"
#include "store/store_location.h"
#include "store/table_object.h"

namespace roost::store {

class Names;
class RecordWriter;
class Records;
class TileLoader;
struct StoredTree;

struct ReadOptions {
  std::vector<std::string> columns;  ///< in the order wanted; empty: all
  /// Strings come as dictionary<int32, string>, one dictionary a batch: faster, as they are stored that way. A
  /// dictionary may have values that no row uses.
  bool dictionary_strings = false;
  RowSelection selection;  ///< which rows; with one, strings are never dictionaries
  /// Rows come in the order in which they are stored, not in which they were handed in: faster where the two are
  /// different, for readers who do not care.
  bool stored_order = false;
};

/// The versioned datasets of a workspace. What it writes is described in docs/formats/store.md.
///
/// A version is visible when Commit has returned, and survives a power cut from then on; a Commit that fails, is
/// cancelled or is killed leaves no version. Threads: any; several processes may use one workspace.
class Store {
 public:
  /// Makes a workspace in `folder` (".roost"), or opens the one that is there. Errors beside those of Open: the ones of
  /// OpenObjects and Database::Open.
  static absl::StatusOr<std::unique_ptr<Store>> Create(const std::string& folder);
  static absl::StatusOr<std::unique_ptr<Store>> Create(const StoreLocation& location);

  /// FailedPrecondition, with a hint, where there is no workspace or where a newer version of Roost made it;
  /// DataLoss where its database is lost.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& folder);
  static absl::StatusOr<std::unique_ptr<Store>> Open(const StoreLocation& location);

  /// The same with a database that holds nothing of it, or is not there: its tables are made. For Recover.
  static absl::StatusOr<std::unique_ptr<Store>> OpenEmpty(const StoreLocation& location);

  /// A store over parts that are given, for stores that count or fail. Makes the database's tables where they are
  /// missing.
  static absl::StatusOr<std::unique_ptr<Store>> Over(std::unique_ptr<ObjectStore> objects,
                                                     std::unique_ptr<Database> database);
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

  /// The same for a dataset of files: `make` (store/files_commit.h) stores the tree, `request.mode` and `attachments`
  /// are not used. InvalidArgument where the dataset is of tables.
  absl::StatusOr<CommitInfo> CommitFiles(
      const CommitRequest& request,
      const std::function<absl::StatusOr<StoredTree>(const std::optional<CommitInfo>& parent, RecordWriter& records)>&
          make,
      const Context& context);

  /// The version that `ref` means. NotFound, with a hint, says which versions or names there are.
  absl::StatusOr<CommitInfo> Resolve(const DatasetRef& ref);

  /// All versions of a dataset, newest first. NotFound as for Resolve.
  absl::StatusOr<std::vector<CommitInfo>> Log(const std::string& dataset);

  /// The number that the dataset's next version gets: no number is given twice, whatever was deleted; 1 where there is
  /// no such dataset. Another writer may take it first.
  absl::StatusOr<int64_t> NextVersion(const std::string& dataset);

  /// The names of all datasets, in alphabetical order.
  absl::StatusOr<std::vector<std::string>> Datasets();

  /// The rows of a version in the order in which they were handed in, in batches of at most 32,768 rows. Memory: some
  /// tiles; where rows are stored in another order, 256 MiB of rows and 4 bytes for each, and a temporary file.
  /// InvalidArgument, with a hint, for a column that is not there. The store and what `context` points to outlive the
  /// reader.
  absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Read(const CommitInfo& info, const ReadOptions& options,
                                                                 const Context& context);

  /// The table object of a version: its columns, and where its rows are. InvalidArgument for a version of files.
  absl::StatusOr<TableObject> LoadTable(const CommitInfo& info);

  /// The bytes of an attachment; NotFound where the version has none of this name.
  absl::StatusOr<std::string> Attachment(const CommitInfo& info, const std::string& name);

  /// The schema of a version's rows, strings as strings.
  absl::StatusOr<std::shared_ptr<arrow::Schema>> SchemaOf(const CommitInfo& info);

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);

  absl::StatusOr<CommitInfo> CommitRows(const CommitRequest& request, arrow::RecordBatchReader& reader,
                                        const Context& context);
  absl::StatusOr<CommitInfo> Publish(CommitInfo info, const CommitRequest& request, const struct SealedRecords& sealed);

  std::unique_ptr<State> state_;
};

}  // namespace roost::store
