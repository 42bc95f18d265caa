#include "table/text_file.h"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <arrow/io/interfaces.h>
#include <arrow/status.h>
#include <fmt/format.h>

#include "base/status.h"
#include "table/arrow_status.h"
#include "table/output.h"

namespace roost::table {
namespace {

constexpr uintmax_t kMaxBytes = 16 << 20;

}  // namespace

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(fmt::format("{} is a folder, want a file", path));
  }
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return ErrnoStatus(error.value(), path);
  if (size > kMaxBytes) return absl::InvalidArgumentError(fmt::format("{} is larger than 16 MiB", path));
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string content(size, '\0');
  file.read(content.data(), static_cast<std::streamsize>(size));
  if (!file) return ErrnoStatus(errno == 0 ? EIO : errno, path);
  return content;
}

absl::Status WriteTextFile(const std::string& path, std::string_view content) {
  TRY_ASSIGN(OutputFile file, OutputFile::Open(path, Overwrite::kYes));
  TRY_ARROW(file.stream().Write(content.data(), static_cast<int64_t>(content.size())));
  return file.Commit();
}

}  // namespace roost::table
