#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "api/diff.h"
#include "api/files.h"
#include "base/json.h"
#include "cli/session.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// roost data list-files, below `data`.
void AddFilesCommands(CLI::App& data, Session& session);

/// What add, cat and export do for datasets of files; each returns the exit code.
absl::StatusOr<int> RunAddFiles(api::Project& project, const api::AddFilesRequest& request, Session& session);
absl::StatusOr<int> RunCatFile(api::Project& project, const std::string& reference, const std::string& path,
                               Session& session);
absl::StatusOr<int> RunExportFiles(api::Project& project, const api::ExportFilesRequest& request, Session& session);

/// What roost data diff shows of two versions of files.
Json FilesDiffToJson(const api::VersionPair& versions, const store::TreeDiff& diff);
std::string FilesDiffText(const api::VersionPair& versions, const store::TreeDiff& diff);

/// A version of files as JSON.
Json FilesToJson(const store::CommitInfo& version);

/// "12 files (2 new)", "1 file (3 fewer)".
std::string FilesText(const store::CommitInfo& version);

/// The versions of a dataset of files as a table.
std::string FilesLogText(const std::vector<store::CommitInfo>& versions);

}  // namespace roost::cli
