#include "api/model_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "registry/manifest.h"
#include "registry/model_version.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxFileBytes = int64_t{1} << 30;
constexpr std::string_view kOnnxEnding = ".onnx";

// The files of one version; the path of one that the version does not have is "".
struct VersionPaths {
  std::string model_json, onnx, warmup;

  std::vector<std::string> All() const {
    std::vector<std::string> paths;
    for (const std::string& path : {model_json, onnx, warmup}) {
      if (!path.empty()) paths.push_back(path);
    }
    return paths;
  }
};

bool IsFile(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// What lies in `folder` under the names of a package's parts.
std::optional<VersionPaths> PartsIn(const fs::path& folder) {
  VersionPaths paths;
  if (IsFile(folder / registry::kModelPart)) paths.model_json = folder / registry::kModelPart;
  if (IsFile(folder / registry::kOnnxPart)) paths.onnx = folder / registry::kOnnxPart;
  if (IsFile(folder / registry::kWarmupPart)) paths.warmup = folder / registry::kWarmupPart;
  return paths.model_json.empty() && paths.onnx.empty() ? std::nullopt : std::optional(std::move(paths));
}

VersionPaths OnnxFile(const fs::path& file) { return {.model_json = "", .onnx = file, .warmup = ""}; }

std::optional<int64_t> VersionOf(std::string_view text) {
  int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && version >= 1 && fmt::to_string(version) == text ? std::optional(version) : std::nullopt;
}

// "" where a file has gone meanwhile.
std::string IdentityOf(const VersionPaths& paths) {
  std::string identity;
  for (const std::string& path : paths.All()) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return "";
    identity += fmt::format("{}:{}:{}.{:09};", info.st_size, info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  }
  return identity;
}

absl::StatusOr<std::vector<fs::directory_entry>> EntriesOf(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) entries.push_back(*it);
  if (error) return ErrnoStatus(error.value(), folder.string());
  return entries;
}

// A folder of models has NAME/VERSION/, or NAME.onnx for version 1 where there is no such folder.
std::optional<VersionPaths> FindAmongModels(const fs::path& root, const std::string& name, int64_t version) {
  std::optional<VersionPaths> parts = PartsIn(root / name / fmt::to_string(version));
  const fs::path file = root / fmt::format("{}{}", name, kOnnxEnding);
  if (parts.has_value() || version != 1 || !IsFile(file)) return parts;
  return OnnxFile(file);
}

// The folder of one model has VERSION/, or for version 1, where there is no such folder, the files themselves.
absl::StatusOr<std::optional<VersionPaths>> FindOfOneModel(const fs::path& root, int64_t version) {
  std::optional<VersionPaths> parts = PartsIn(root / fmt::to_string(version));
  if (!parts.has_value() && version == 1) parts = PartsIn(root);
  if (parts.has_value() || version != 1) return parts;
  TRY_ASSIGN(const std::vector<fs::directory_entry> entries, EntriesOf(root));
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename();
    if (name.ends_with(kOnnxEnding) && !name.starts_with('.') && IsFile(entry.path())) names.push_back(name);
  }
  if (names.empty()) return parts;
  if (names.size() == 1) return OnnxFile(root / names.front());
  std::sort(names.begin(), names.end());
  return WithHint(absl::InvalidArgumentError(fmt::format("{} has several ONNX files, {}: which one is the model?",
                                                         root.string(), fmt::join(names, ", "))),
                  "call the one model.onnx, or serve them all, without a name");
}

// The versions that folders of `folder` are called after, ascending.
absl::StatusOr<std::vector<int64_t>> VersionFoldersIn(const fs::path& folder) {
  TRY_ASSIGN(const std::vector<fs::directory_entry> entries, EntriesOf(folder));
  std::vector<int64_t> versions;
  for (const fs::directory_entry& entry : entries) {
    std::error_code ignored;
    const std::optional<int64_t> version = VersionOf(entry.path().filename().string());
    if (version.has_value() && entry.is_directory(ignored)) versions.push_back(*version);
  }
  std::sort(versions.begin(), versions.end());
  return versions;
}

absl::StatusOr<std::optional<VersionPaths>> Find(const ModelFolderLayout& layout, const std::string& name,
                                                 int64_t version) {
  if (layout.only_model.empty()) return FindAmongModels(layout.path, name, version);
  if (layout.only_model == name) return FindOfOneModel(layout.path, version);
  return std::nullopt;
}

absl::StatusOr<VersionPaths> Require(const ModelFolderLayout& layout, const std::string& name, int64_t version) {
  TRY_ASSIGN(std::optional<VersionPaths> paths, Find(layout, name, version));
  if (paths.has_value()) return *std::move(paths);
  return absl::NotFoundError(fmt::format("its files are gone from {}", layout.path));
}

// Adds those of `versions`, and version 1, that are there.
absl::Status AddVersions(const ModelFolderLayout& layout, const std::string& name, std::vector<int64_t> versions,
                         serving::Listing& listing) {
  if (versions.empty() || versions.front() != 1) versions.insert(versions.begin(), 1);
  serving::ListedModel model;
  for (const int64_t version : versions) {
    TRY_ASSIGN(const std::optional<VersionPaths> paths, Find(layout, name, version));
    if (!paths.has_value()) continue;
    std::string identity = IdentityOf(*paths);
    if (!identity.empty()) model.versions.push_back({version, std::move(identity)});
  }
  if (!model.versions.empty()) listing[name] = std::move(model);
  return absl::OkStatus();
}

// The names that files and folders of a folder of models give; there may be no model of such a name.
absl::StatusOr<std::set<std::string>> NamesIn(const fs::path& root) {
  TRY_ASSIGN(const std::vector<fs::directory_entry> entries, EntriesOf(root));
  std::set<std::string> names;
  for (const fs::directory_entry& entry : entries) {
    std::string name = entry.path().filename();
    const bool is_onnx = name.ends_with(kOnnxEnding) && IsFile(entry.path());
    if (is_onnx) name.resize(name.size() - kOnnxEnding.size());
    std::error_code ignored;
    const bool may_be = is_onnx || entry.is_directory(ignored);
    if (may_be && registry::CheckName(name, "model").ok()) names.insert(std::move(name));
  }
  return names;
}

}  // namespace

absl::StatusOr<std::string> ReadModelFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus(errno, path);
  std::string bytes;
  char buffer[1 << 16];
  ssize_t count = 0;
  while ((count = read(file, buffer, sizeof buffer)) > 0 || (count < 0 && errno == EINTR)) {
    if (count > 0) bytes.append(buffer, static_cast<size_t>(count));
    if (static_cast<int64_t>(bytes.size()) > kMaxFileBytes) break;
  }
  const int error = errno;
  close(file);
  if (count < 0) return ErrnoStatus(error, path);
  if (count == 0) return bytes;
  return absl::ResourceExhaustedError(fmt::format("{} has more than {}", path, FormatBytes(kMaxFileBytes)));
}

absl::StatusOr<serving::Listing> ModelFolder::List() {
  serving::Listing listing;
  if (!layout_.only_model.empty()) {
    TRY(registry::CheckName(layout_.only_model, "model"));
    TRY_ASSIGN(std::vector<int64_t> versions, VersionFoldersIn(layout_.path));
    TRY(AddVersions(layout_, layout_.only_model, std::move(versions), listing));
    return listing;
  }
  TRY_ASSIGN(const std::set<std::string> names, NamesIn(layout_.path));
  for (const std::string& name : names) {
    absl::StatusOr<std::vector<int64_t>> versions = VersionFoldersIn(fs::path(layout_.path) / name);
    // NAME.onnx has no folder; one that has gone meanwhile has no versions.
    if (!versions.ok()) versions = std::vector<int64_t>();
    TRY(AddVersions(layout_, name, *std::move(versions), listing));
  }
  return listing;
}

absl::StatusOr<int64_t> ModelFolder::Size(const std::string& name, const serving::ListedVersion& version) {
  TRY_ASSIGN(const VersionPaths paths, Require(layout_, name, version.version));
  int64_t bytes = 0;
  for (const std::string& path : paths.All()) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, path);
    bytes += info.st_size;
  }
  return bytes;
}

absl::StatusOr<serving::ModelFiles> ModelFolder::Load(const std::string& name, const serving::ListedVersion& version) {
  TRY_ASSIGN(const VersionPaths paths, Require(layout_, name, version.version));
  serving::ModelFiles files;
  const std::pair<const std::string&, std::string&> reads[] = {
      {paths.model_json, files.model_json}, {paths.onnx, files.onnx}, {paths.warmup, files.warmup}};
  for (const auto& [path, bytes] : reads) {
    if (path.empty()) continue;
    TRY_ASSIGN(bytes, ReadModelFile(path));
  }
  if (IdentityOf(paths) == version.identity) return files;
  return absl::AbortedError("its files changed while they were read");
}

}  // namespace roost::api
