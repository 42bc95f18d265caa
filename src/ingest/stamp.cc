#include "ingest/stamp.h"

#include <cstdint>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"

namespace roost::ingest {

absl::StatusOr<Digest> StampOf(const std::string& folder, const std::vector<std::string>& paths) {
  Json files = Json::array();
  for (const std::string& path : paths) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path, error);
    if (error) return ErrnoStatus(error.value(), path);
    const auto changed = std::filesystem::last_write_time(path, error);
    if (error) return ErrnoStatus(error.value(), path);
    files.push_back({std::filesystem::path(path).lexically_relative(folder).string(), static_cast<int64_t>(bytes),
                     changed.time_since_epoch().count()});
  }
  return Sha256(ToLine(files));
}

}  // namespace roost::ingest
