#include "api/model_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
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

// In NAME/VERSION/, or NAME.onnx for version 1 where there is no such folder.
std::optional<VersionPaths> Find(const fs::path& root, const std::string& name, int64_t version) {
  const fs::path folder = root / name / fmt::to_string(version);
  VersionPaths paths;
  if (IsFile(folder / registry::kModelPart)) paths.model_json = folder / registry::kModelPart;
  if (IsFile(folder / registry::kOnnxPart)) paths.onnx = folder / registry::kOnnxPart;
  if (IsFile(folder / registry::kWarmupPart)) paths.warmup = folder / registry::kWarmupPart;
  if (!paths.model_json.empty() || !paths.onnx.empty()) return paths;
  const fs::path file = root / fmt::format("{}{}", name, kOnnxEnding);
  if (version == 1 && IsFile(file)) return VersionPaths{.model_json = "", .onnx = file, .warmup = ""};
  return std::nullopt;
}

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

void AddVersion(const fs::path& root, const std::string& name, int64_t version, serving::Listing& listing) {
  const std::optional<VersionPaths> paths = Find(root, name, version);
  if (!paths.has_value()) return;
  std::string identity = IdentityOf(*paths);
  if (!identity.empty()) listing[name].versions.push_back({version, std::move(identity)});
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
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

absl::StatusOr<VersionPaths> Require(const std::string& root, const std::string& name, int64_t version) {
  std::optional<VersionPaths> paths = Find(root, name, version);
  if (paths.has_value()) return *std::move(paths);
  return absl::NotFoundError(fmt::format("its files are gone from {}", root));
}

}  // namespace

absl::StatusOr<serving::Listing> ModelFolder::List() {
  TRY_ASSIGN(const std::vector<fs::directory_entry> entries, EntriesOf(path_));
  serving::Listing listing;
  for (const fs::directory_entry& entry : entries) {
    std::string name = entry.path().filename();
    const bool is_onnx = name.ends_with(kOnnxEnding) && IsFile(entry.path());
    if (is_onnx) name.resize(name.size() - kOnnxEnding.size());
    std::error_code ignored;
    if (!registry::CheckName(name, "model").ok() || (!is_onnx && !entry.is_directory(ignored))) continue;
    if (is_onnx) {
      AddVersion(path_, name, 1, listing);
      continue;
    }
    const absl::StatusOr<std::vector<fs::directory_entry>> versions = EntriesOf(entry.path());
    if (!versions.ok()) continue;  // it has gone meanwhile
    for (const fs::directory_entry& folder : *versions) {
      const std::optional<int64_t> version = VersionOf(folder.path().filename().string());
      const bool is_folder = version.has_value() && folder.is_directory(ignored);
      if (is_folder) AddVersion(path_, name, *version, listing);
    }
  }
  for (auto& [name, model] : listing) {
    // NAME/1/ and NAME.onnx are both version 1, which is the folder's (Find).
    std::sort(model.versions.begin(), model.versions.end(),
              [](const auto& a, const auto& b) { return a.version < b.version; });
    const auto same = [](const auto& a, const auto& b) { return a.version == b.version; };
    model.versions.erase(std::unique(model.versions.begin(), model.versions.end(), same), model.versions.end());
  }
  return listing;
}

absl::StatusOr<int64_t> ModelFolder::Size(const std::string& name, const serving::ListedVersion& version) {
  TRY_ASSIGN(const VersionPaths paths, Require(path_, name, version.version));
  int64_t bytes = 0;
  for (const std::string& path : paths.All()) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, path);
    bytes += info.st_size;
  }
  return bytes;
}

absl::StatusOr<serving::ModelFiles> ModelFolder::Load(const std::string& name, const serving::ListedVersion& version) {
  TRY_ASSIGN(const VersionPaths paths, Require(path_, name, version.version));
  serving::ModelFiles files;
  const std::pair<const std::string&, std::string&> reads[] = {
      {paths.model_json, files.model_json}, {paths.onnx, files.onnx}, {paths.warmup, files.warmup}};
  for (const auto& [path, bytes] : reads) {
    if (path.empty()) continue;
    TRY_ASSIGN(bytes, ReadFile(path));
  }
  if (IdentityOf(paths) == version.identity) return files;
  return absl::AbortedError("its files changed while they were read");
}

}  // namespace roost::api
