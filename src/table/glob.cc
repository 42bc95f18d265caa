#include "table/glob.h"

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::table {
namespace {

absl::StatusOr<std::vector<std::string>> Expand(const std::string& pattern) {
  std::error_code error;
  if (pattern.find_first_of("*?[") == std::string::npos || std::filesystem::exists(pattern, error)) return {{pattern}};
  ::glob_t found{};
  errno = 0;
  const int result = ::glob(pattern.c_str(), GLOB_MARK | GLOB_NOSORT, nullptr, &found);
  const int glob_error = errno;
  std::vector<std::string> paths;
  for (size_t i = 0; i < found.gl_pathc; ++i) {
    std::string path = found.gl_pathv[i];
    if (!path.ends_with('/')) paths.push_back(std::move(path));
  }
  ::globfree(&found);
  if (result == GLOB_NOSPACE) return absl::ResourceExhaustedError(fmt::format("no memory to expand '{}'", pattern));
  if (paths.empty() && glob_error == EACCES) return ErrnoStatus(EACCES, fmt::format("cannot expand '{}'", pattern));
  if (paths.empty()) return absl::NotFoundError(fmt::format("no file matches '{}'", pattern));
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ExpandGlobs(std::span<const std::string> patterns) {
  std::vector<std::string> all;
  std::set<std::string> seen;
  for (const std::string& pattern : patterns) {
    TRY_ASSIGN(std::vector<std::string> paths, Expand(pattern));
    for (std::string& path : paths) {
      if (!seen.insert(path).second) {
        return absl::InvalidArgumentError(fmt::format("'{}' is named twice: its rows would be read twice", path));
      }
      all.push_back(std::move(path));
    }
  }
  return all;
}

}  // namespace roost::table
