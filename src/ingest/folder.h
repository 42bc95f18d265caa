#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "ingest/folder_scan.h"
#include "store/store.h"

namespace roost::ingest {

struct FolderOptions {
  std::string dataset;
  std::string branch;  ///< that the version is made on; empty: main
  std::string message;
  std::string author;
  std::string caches;                 ///< the folder of the stat caches; empty: none is kept
  std::vector<std::string> left_out;  ///< folders below that are not looked into: the workspace
};

struct FolderReport {
  store::CommitInfo version;
  int64_t files_read = 0;  ///< files whose bytes were read; the others were known by their stat
  int64_t bytes_read = 0;
};

/// Makes what lies at `paths`, one folder or some files, the next version of a dataset of files. What is known by the
/// stat cache is not read; the contents of the rest are streamed, in parallel, and only chunks that are new are stored.
/// Errors, each naming the path: those of ScanFolder and ScanFiles; Aborted where a file changes while it is read (it
/// is read twice before) or goes away; those of Store::CommitFiles. After any of them the dataset is as it was.
/// Memory: about 600 bytes a file, and 100 MiB. The version does not depend on the number of threads.
absl::StatusOr<FolderReport> IngestFolder(store::Store& store, const std::vector<std::string>& paths,
                                          const FolderOptions& options, const Context& context);

/// What a stat cache is of: a dataset and a folder, or files, of this machine.
std::string CacheKeyOf(const std::string& dataset, const std::vector<std::string>& paths);

}  // namespace roost::ingest
