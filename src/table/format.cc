#include "table/format.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost::table {
namespace {

using std::string_view_literals::operator""sv;

struct NamedFormat {
  std::string_view name;
  Format format;
};

constexpr std::array kNames{
    NamedFormat{"csv", Format::kCsv},          NamedFormat{"tsv", Format::kCsv},
    NamedFormat{"tab", Format::kCsv},          NamedFormat{"jsonl", Format::kJsonLines},
    NamedFormat{"ndjson", Format::kJsonLines}, NamedFormat{"json", Format::kJsonLines},
    NamedFormat{"parquet", Format::kParquet},  NamedFormat{"pq", Format::kParquet},
    NamedFormat{"arrow", Format::kArrow},      NamedFormat{"arrows", Format::kArrow},
    NamedFormat{"feather", Format::kArrow},    NamedFormat{"ipc", Format::kArrow},
};

constexpr std::array kCompressions{".gz"sv, ".zst"sv, ".bz2"sv, ".lz4"sv};

/// What a file's first bytes say that it is.
struct Content {
  std::string_view magic;
  std::string_view name;
  std::optional<Format> format = std::nullopt;
  std::string_view compression = "";
};

constexpr std::array kContents{
    Content{"PAR1"sv, "Parquet", Format::kParquet},
    Content{"ARROW1"sv, "an Arrow file", Format::kArrow},
    Content{"\xff\xff\xff\xff"sv, "an Arrow stream", Format::kArrow},
    Content{"PARE"sv, "encrypted Parquet"},
    Content{"\x1f\x8b"sv, "gzip", std::nullopt, ".gz"},
    Content{"\x28\xb5\x2f\xfd"sv, "zstd", std::nullopt, ".zst"},
    Content{"BZh"sv, "bzip2", std::nullopt, ".bz2"},
    Content{"\x04\x22\x4d\x18"sv, "lz4", std::nullopt, ".lz4"},
    Content{"\x89PNG"sv, "a PNG image"},
    Content{"\xff\xd8\xff"sv, "a JPEG image"},
    Content{"%PDF"sv, "a PDF document"},
    Content{"PK\x03\x04"sv, "a ZIP archive or an Excel workbook"},
    Content{"SQLite format 3"sv, "an SQLite database"},
    Content{"Obj\x01"sv, "Avro"},
    Content{"ORC"sv, "ORC"},
    Content{"\xff\xfe"sv, "UTF-16 text"},
    Content{"\xfe\xff"sv, "UTF-16 text"},
};

constexpr Content kText{"", "text"};
constexpr Content kBinary{"", "binary data"};

Content ContentOf(std::string_view bytes) {
  for (const Content& content : kContents) {
    if (bytes.starts_with(content.magic)) return content;
  }
  return bytes.find('\0') == std::string_view::npos ? kText : kBinary;
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// Without directories, compression and case: "/data/May.CSV.gz" -> "csv".
std::string FormatExtension(std::string_view path) {
  path.remove_suffix(CompressionExtension(path).size());
  const size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || path.find('/', dot) != std::string_view::npos) return "";
  return LowerCase(path.substr(dot + 1));
}

std::optional<Format> FormatNamed(std::string_view name) {
  for (const NamedFormat& named : kNames) {
    if (named.name == name) return named.format;
  }
  return std::nullopt;
}

absl::Status MissingFile(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  const std::filesystem::path file(path);
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  const std::string name = file.filename().string();
  const std::string_view closest = ClosestName(name, names);
  absl::Status status = absl::NotFoundError(fmt::format("no such file: '{}'", path));
  return closest.empty() ? status : WithHint(status, fmt::format("did you mean '{}'?", closest));
}

/// The first bytes, up to 512, of a regular file that is not empty.
absl::StatusOr<std::string> Beginning(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return MissingFile(path);
    return ErrnoStatus(errno, fmt::format("cannot read '{}'", path));
  }
  if (S_ISDIR(info.st_mode)) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("'{}' is a folder, not a file", path)),
        fmt::format("Name the files in it, for example '{}{}*.parquet'.", path, path.ends_with('/') ? "" : "/"));
  }
  if (!S_ISREG(info.st_mode)) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is not a regular file", path)),
                    "A table is read more than once: write the data to a file first.");
  }
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return ErrnoStatus(errno, fmt::format("cannot read '{}'", path));
  std::string bytes(512, '\0');
  const ssize_t length = ::read(file, bytes.data(), bytes.size());
  const int read_error = errno;
  ::close(file);
  if (length < 0) return ErrnoStatus(read_error, fmt::format("cannot read '{}'", path));
  if (length == 0) return absl::InvalidArgumentError(fmt::format("'{}' is empty", path));
  bytes.resize(static_cast<size_t>(length));
  return bytes;
}

char FirstVisible(std::string_view text) {
  const size_t position = text.find_first_not_of(" \t\r\n");
  return position == std::string_view::npos ? '\0' : text[position];
}

absl::Status CheckText(const std::string& path, Format format, std::string_view beginning, const Content& content) {
  const std::string_view compression = CompressionExtension(path);
  const auto wrong = [&](std::string_view hint) {
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("'{}' is not {}: it looks like {}", path,
                                    compression.empty() ? FormatName(format) : compression.substr(1), content.name)),
                    hint);
  };
  if (content.compression != compression) {
    if (!content.compression.empty() && compression.empty()) {
      return wrong(fmt::format("Compressed text must be named so: rename it to '{}{}'.", path, content.compression));
    }
    return wrong("Check what wrote the file, or name it after what it holds.");
  }
  if (!compression.empty()) return absl::OkStatus();
  if (content.format.has_value()) {
    return wrong(fmt::format("name it after what it holds: {}", FormatName(*content.format)));
  }
  if (content.name == "UTF-16 text") return wrong("Save it as UTF-8.");
  if (content.name != kText.name) return wrong("Check what wrote the file.");
  if (format == Format::kJsonLines && FirstVisible(beginning) == '[') {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is one JSON array, not one object a line", path)),
                    fmt::format("Convert it: jq -c '.[]' {} > rows.jsonl", path));
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view FormatName(Format format) {
  switch (format) {
    case Format::kCsv: return "csv";
    case Format::kJsonLines: return "jsonl";
    case Format::kParquet: return "parquet";
    case Format::kArrow: return "arrow";
  }
  return "";
}

std::string_view CompressionExtension(std::string_view path) {
  for (const std::string_view extension : kCompressions) {
    if (path.size() > extension.size() && LowerCase(path.substr(path.size() - extension.size())) == extension) {
      return extension;
    }
  }
  return "";
}

absl::StatusOr<Format> ParseFormat(std::string_view name) {
  if (const auto format = FormatNamed(LowerCase(name))) return *format;
  return absl::InvalidArgumentError(fmt::format("unknown format '{}': there are csv, jsonl, parquet and arrow", name));
}

absl::StatusOr<Format> FormatOfOutput(const std::string& path) {
  if (const auto format = FormatNamed(FormatExtension(path))) return *format;
  return WithHint(absl::InvalidArgumentError(fmt::format("the name '{}' does not tell a format", path)),
                  "end it in .csv, .jsonl, .parquet or .arrow, or say --format");
}

absl::StatusOr<Format> FormatOf(const std::string& path) {
  if (const auto format = FormatNamed(FormatExtension(path))) return *format;
  TRY_ASSIGN(const std::string beginning, Beginning(path));
  const Content content = ContentOf(beginning);
  if (content.format.has_value()) return *content.format;
  if (content.name == kText.name && FirstVisible(beginning) == '{') return Format::kJsonLines;
  return WithHint(
      absl::InvalidArgumentError(fmt::format("cannot tell the format of '{}': it looks like {}", path, content.name)),
      "name it .csv, .jsonl, .parquet or .arrow");
}

absl::Status CheckInput(const std::string& path, Format format) {
  TRY_ASSIGN(const std::string beginning, Beginning(path));
  const Content content = ContentOf(beginning);
  if (format == Format::kCsv || format == Format::kJsonLines) return CheckText(path, format, beginning, content);
  if (content.format == format) return absl::OkStatus();
  absl::Status status = absl::InvalidArgumentError(
      fmt::format("'{}' is not {}: it looks like {}", path, FormatName(format), content.name));
  return WithHint(status, content.format.has_value() || content.name == kText.name ? "name the file after what it holds"
                                                                                   : "Check what wrote the file.");
}

}  // namespace roost::table
