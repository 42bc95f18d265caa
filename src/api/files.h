#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "ingest/checkout.h"
#include "ingest/folder.h"
#include "store/tree.h"

namespace roost::api {

struct AddFilesRequest {
  std::string dataset;
  std::vector<std::string> paths;  ///< one folder; or files and globs, each kept under its name
  std::string branch;              ///< that the version is made on; empty: main
  std::string message;
};

/// Makes a folder, or files of any kind, a new version of a dataset of files. Nothing is visible before all of it is
/// durable. InvalidArgument where the dataset is of tables; the errors of ingest::IngestFolder.
absl::StatusOr<ingest::FolderReport> AddFiles(Project& project, const AddFilesRequest& request, const Context& context);

/// Whether `paths` are to be added as files to `dataset`: where one of them is a folder, or where the dataset is of
/// files already.
absl::StatusOr<bool> AreFiles(Project& project, const std::string& dataset, const std::vector<std::string>& paths);

/// All entries of a version of files, in the order of their paths.
absl::StatusOr<std::vector<store::TreeEntry>> ListFiles(Project& project, const std::string& reference,
                                                        const Context& context);

/// Hands the bytes of one file of a version to `take`, piece by piece. NotFound, with a hint, for a path that is not
/// there; InvalidArgument for a link or a folder.
absl::Status ReadFile(Project& project, const std::string& reference, const std::string& path,
                      const std::function<absl::Status(std::string_view)>& take, const Context& context);

struct ExportFilesRequest {
  std::string reference;
  std::string folder;
  bool replace = false;        ///< also files that were changed by others
  bool remove_others = false;  ///< what the version does not hold
};

/// Makes a folder hold the files of a version; see ingest::CheckOut.
absl::StatusOr<ingest::CheckoutReport> ExportFiles(Project& project, const ExportFilesRequest& request,
                                                   const Context& context);

}  // namespace roost::api
