#include "table/file_stamp.h"

#include <cerrno>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost::table {

absl::StatusOr<FileStamp> FileStamp::Of(const std::string& path) {
  FileStamp stamp;
  if (::stat(path.c_str(), &stamp.stat_) != 0) return ErrnoStatus(errno, fmt::format("cannot read '{}'", path));
  return stamp;
}

absl::Status FileStamp::CheckUnchanged(const std::string& path) const {
  const auto changed = [&](const std::string& how) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' changed while it was read: {}", path, how)),
                    "Run the command again when nobody writes to the file.");
  };
  struct stat now {};
  if (::stat(path.c_str(), &now) != 0) return changed("it is gone");
  if (now.st_dev != stat_.st_dev || now.st_ino != stat_.st_ino) return changed("another file took its place");
  if (now.st_size != stat_.st_size) {
    return changed(fmt::format("it had {}, now it has {}", FormatBytes(stat_.st_size), FormatBytes(now.st_size)));
  }
  const bool same_time = now.st_mtim.tv_sec == stat_.st_mtim.tv_sec && now.st_mtim.tv_nsec == stat_.st_mtim.tv_nsec;
  return same_time ? absl::OkStatus() : changed("it was written to");
}

}  // namespace roost::table
