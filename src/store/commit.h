#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/hash.h"

namespace roost::store {

/// The branch that every dataset has.
inline constexpr char kMainBranch[] = "main";

struct ColumnInfo {
  std::string name;
  std::string type;  ///< as Arrow writes it: "int64", "timestamp[us]", "string"

  friend bool operator==(const ColumnInfo&, const ColumnInfo&) = default;
};

/// What became of rows.
struct RowCounts {
  int64_t added = 0;
  int64_t removed = 0;
  int64_t changed = 0;    ///< rows that others with the same key took the place of, equal ones included
  int64_t not_found = 0;  ///< keys to delete that no row had; not kept with the version

  friend bool operator==(const RowCounts&, const RowCounts&) = default;
};

/// What the versions of a dataset are. A dataset keeps its kind.
enum class DatasetKind {
  kTable,
  kFiles,  ///< a folder of files, see store/tree.h
};

/// One version of a dataset.
struct CommitInfo {
  std::string dataset;
  int64_t version = 0;               ///< from 1 on, over all branches of the dataset
  std::string branch = kMainBranch;  ///< that it was made on
  Digest digest;                     ///< the commit's id: SHA-256 of its object
  std::vector<Digest> parents;
  DatasetKind kind = DatasetKind::kTable;
  Digest table;  ///< the table's id; equal for equal tables
  Digest tree;   ///< of kFiles: the tree's id in place of the table's
  int64_t rows = 0;
  int64_t rows_added = 0;           ///< rows less the rows of the first parent; negative where rows went
  std::optional<RowCounts> counts;  ///< of an upsert or a deletion by keys
  int64_t files = 0;                ///< of kFiles: files and links
  int64_t files_added = 0;          ///< `files` less those of the first parent
  int64_t bytes_in = 0;             ///< what the given rows take in memory; of kFiles: the bytes of all files
  int64_t bytes_stored = 0;         ///< bytes that this commit added to the store, its own object and name among them
  absl::Time time;
  std::string author;
  std::string message;
  std::map<std::string, std::string> provenance;
  std::vector<ColumnInfo> columns;
  std::map<std::string, Digest> attachments;  ///< name -> id; read them by Store::Attachment
  bool unchanged = false;  ///< set by Store::Commit where the table was that of the latest version already

  /// "flights@3".
  std::string Name() const;
};

/// What is to become a version.
struct CommitRequest {
  enum class Mode {
    kSnapshot,    ///< the rows are the whole table
    kAppend,      ///< the rows follow those of the latest version; the first append makes the dataset
    kUpsert,      ///< rows with a key of the latest version take that row's place, others follow; the first makes the
                  ///< dataset
    kDeleteKeys,  ///< the rows are keys; what has them goes
  };

  std::string dataset;
  Mode mode = Mode::kSnapshot;
  std::string branch;            ///< whose head is the version before; empty: main
  bool allow_protected = false;  ///< commits to a protected branch too
  /// What was merged: parents after the head of the branch. With these, an unchanged table makes a version too.
  std::vector<Digest> other_parents;
  /// The columns whose values tell rows apart; checked at every commit from now on. Empty: as the version before has
  /// it.
  std::vector<std::string> key;
  /// The head of the branch that the request was made for, 0 where there was none; another one is Aborted. Empty: any.
  std::optional<int64_t> expected_version;
  std::string message;
  std::string author;
  std::map<std::string, std::string> provenance;  ///< sources and the like, by name

  /// Called once after the last batch was read; each result is stored and named in the commit, for example the state
  /// of a profile of these rows. May be empty.
  std::function<absl::StatusOr<std::map<std::string, std::string>>()> attachments;
};

/// InvalidArgument, with a hint, where a table is needed and `info` is of another kind; and where files are.
absl::Status CheckIsTable(const CommitInfo& info);
absl::Status CheckIsFiles(const CommitInfo& info);

/// The commit's object, canonical JSON (docs/formats/store.md §8), and back. What depends on the object itself
/// (`digest`, the object's own share of `bytes_stored`) is not in it; ReadCommit sets both.
std::string WriteCommit(const CommitInfo& info);
absl::StatusOr<CommitInfo> ReadCommit(std::string_view bytes);

/// "commits/<digest>.json".
std::string CommitKey(const Digest& digest);

/// The record of the move of a branch to `info`, the branch's move number `number`, and where it is kept:
/// "names/datasets/NAME/VERSION". As long as all versions are made on main, the number is that of the version.
std::string WriteNameRecord(const CommitInfo& info, int64_t number);
std::string NameRecordKey(std::string_view dataset, int64_t version);

}  // namespace roost::store
