#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "config/project.h"
#include "profile/summary.h"
#include "schema/validate.h"
#include "table/read.h"

namespace roost::api {

enum class AddMode {
  kSnapshot,  ///< the files are the whole new table
  kAppend,    ///< the files are more rows
  kUpsert,    ///< the files are rows that take the place of those with the same key; others are more rows
};

struct AddDataRequest {
  std::string dataset;
  std::vector<std::string> files;  ///< paths and globs
  AddMode mode = AddMode::kSnapshot;
  std::string branch;            ///< empty: main
  std::vector<std::string> key;  ///< columns that tell rows apart; empty: as declared before
  std::string message;
  std::optional<config::DataGate> gate;  ///< absent: what roost.yaml says
  std::string quarantine;                ///< the dataset that rows which break rules go to; empty: none
};

struct AddDataResponse {
  std::optional<store::CommitInfo> version;     ///< nothing where the gate refused the rows
  std::optional<schema::Report> report;         ///< of the rows handed in, where the dataset has a schema
  std::optional<store::CommitInfo> quarantine;  ///< the version that has the bad rows, where there were any
  int64_t rows_quarantined = 0;
};

/// Makes a new version of a dataset from files, in one pass that also profiles the rows and, where the dataset has a
/// schema (Project::SchemaPath), holds them against it. Nothing is visible before all of it is durable; an interrupted
/// call leaves the dataset as it was.
///
/// The gate looks at the rows that are handed in: of an append or an upsert the new ones, so that what is wrong with
/// them does not drown in the old ones. kRefuse: where the report has errors nothing is added, and `version` is empty.
/// kWarn: the version is made all the same. kOff: nothing is checked.
///
/// With `quarantine`, rows that break a rule of severity error on single rows are appended to that dataset, with their
/// numbers and reasons (data_gate.h), and the gate looks at the others. They are stored before the new version becomes
/// visible: a crash between the two loses no row. InvalidArgument where there is no schema that could tell bad rows.
absl::StatusOr<AddDataResponse> AddData(Project& project, const AddDataRequest& request, const Context& context);

struct DeleteRowsRequest {
  std::string dataset;
  std::string branch;                  ///< empty: main
  std::vector<std::string> key_files;  ///< paths and globs; their columns are at least those of the dataset's key
  std::string message;
};

/// Makes a new version without the rows whose keys the files have; `counts` of the result says how many went.
absl::StatusOr<store::CommitInfo> DeleteRows(Project& project, const DeleteRowsRequest& request,
                                             const Context& context);

/// The versions of a dataset, newest first. NotFound with a spelling hint.
absl::StatusOr<std::vector<store::CommitInfo>> LogData(Project& project, const std::string& dataset);

/// One version: `reference` is "flights", "flights@3" or "flights@latest".
absl::StatusOr<store::CommitInfo> ShowData(Project& project, const std::string& reference);

/// Names of all datasets.
absl::StatusOr<std::vector<std::string>> ListData(Project& project);

struct ReadDataRequest {
  std::string reference;
  std::vector<std::string> columns;  ///< empty: all
  int64_t limit = -1;                ///< rows at most; -1: all
  std::string key_range;             ///< "LO..HI" of the key's first column, ends included, either may be empty
  std::string row_range;             ///< "FIRST..LAST", rows counted from 1, either may be empty
};

/// The rows of a version, as they were handed in and in that order. `project`, and what `context` points to, must
/// outlive the reader.
absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadData(Project& project, const ReadDataRequest& request,
                                                                   const Context& context);

/// The statistics of a version. Those of the newest one were computed when it was added, as a rule; others are computed
/// here.
absl::StatusOr<profile::ProfileSummary> ProfileData(Project& project, const std::string& reference,
                                                    const Context& context);

/// Rows of a dataset version or of files, whichever `source` names: a dataset of the project first, then paths and
/// globs.
struct RowSource {
  std::string name;  ///< for messages: "flights@4" or the path
  std::optional<store::CommitInfo> version;
  std::shared_ptr<arrow::RecordBatchReader> rows;
};
/// `types`, which may be null, are those of columns of CSV and JSON Lines files.
absl::StatusOr<RowSource> OpenRows(Project& project, const std::string& source, const Context& context,
                                   const std::shared_ptr<arrow::Schema>& types = nullptr);

/// The first `limit` rows of `rows`; all of them where `limit` is negative.
std::shared_ptr<arrow::RecordBatchReader> LimitRows(std::shared_ptr<arrow::RecordBatchReader> rows, int64_t limit);

}  // namespace roost::api
