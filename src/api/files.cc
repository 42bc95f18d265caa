#include "api/files.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "api/data.h"
#include "base/status.h"
#include "store/tree_reader.h"
#include "table/glob.h"

namespace roost::api {
namespace {

/// Stat caches stand in the project, also where its objects and its database lie elsewhere: they are of this machine.
std::string CachesOf(const Project& project) { return fmt::format("{}/.roost/cache/files", project.folder()); }

/// The project's own data does not become a part of its datasets.
std::vector<std::string> WorkspaceFolders(const Project& project) {
  std::vector<std::string> folders{fmt::format("{}/.roost", project.folder())};
  const std::string& objects = project.config().workspace.objects;
  if (!objects.empty()) folders.push_back((std::filesystem::path(project.folder()) / objects).string());
  return folders;
}

bool IsFolder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

}  // namespace

absl::StatusOr<ingest::FolderReport> AddFiles(Project& project, const AddFilesRequest& request,
                                              const Context& context) {
  std::vector<std::string> paths = request.paths;
  if (paths.size() != 1 || !IsFolder(paths.front())) {
    TRY_ASSIGN(paths, table::ExpandGlobs(request.paths));
  }
  const ingest::FolderOptions options{.dataset = request.dataset,
                                      .branch = request.branch,
                                      .message = request.message,
                                      .author = project.author(),
                                      .caches = CachesOf(project),
                                      .left_out = WorkspaceFolders(project)};
  return ingest::IngestFolder(project.store(), paths, options, context);
}

absl::StatusOr<bool> AreFiles(Project& project, const std::string& dataset, const std::vector<std::string>& paths) {
  if (std::any_of(paths.begin(), paths.end(), IsFolder)) return true;
  const auto latest = project.store().Resolve(store::DatasetRef{dataset, std::nullopt});
  if (absl::IsNotFound(latest.status())) return false;
  if (!latest.ok()) return latest.status();
  return latest->kind == store::DatasetKind::kFiles;
}

absl::StatusOr<std::vector<store::TreeEntry>> ListFiles(Project& project, const std::string& reference,
                                                        const Context& context) {
  TRY_ASSIGN(const store::CommitInfo version, ShowData(project, reference));
  TRY_ASSIGN(const store::Tree tree, store::LoadTree(project.store(), version));
  return store::LoadEntries(project.store(), tree.parts, context);
}

absl::Status ReadFile(Project& project, const std::string& reference, const std::string& path,
                      const std::function<absl::Status(std::string_view)>& take, const Context& context) {
  TRY_ASSIGN(const store::CommitInfo version, ShowData(project, reference));
  TRY_ASSIGN(const store::TreeEntry entry, store::FindEntry(project.store(), version, path));
  const std::string name = fmt::format("{}, '{}'", version.Name(), path);
  if (entry.type == store::EntryType::kLink) {
    return absl::InvalidArgumentError(fmt::format("{} is a link to '{}'", name, entry.target));
  }
  if (!entry.is_file()) return absl::InvalidArgumentError(fmt::format("{} is an empty folder", name));
  return store::ReadContent(project.store(), entry.content, name, take, context);
}

absl::StatusOr<ingest::CheckoutReport> ExportFiles(Project& project, const ExportFilesRequest& request,
                                                   const Context& context) {
  TRY_ASSIGN(const store::CommitInfo version, ShowData(project, request.reference));
  const ingest::CheckoutOptions options{.folder = request.folder,
                                        .replace = request.replace,
                                        .remove_others = request.remove_others,
                                        .caches = CachesOf(project),
                                        .left_out = WorkspaceFolders(project)};
  return ingest::CheckOut(project.store(), version, options, context);
}

}  // namespace roost::api
