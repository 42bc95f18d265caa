#include "ingest/source.h"

#include <filesystem>

#include <arrow/api.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/status.h"
#include "table/glob.h"
#include "table/read.h"

namespace roost::ingest {

absl::StatusOr<std::unique_ptr<FileSource>> FileSource::Make(const std::vector<std::string>& patterns) {
  if (patterns.empty()) return absl::InvalidArgumentError("no file to read: want one path or more");
  TRY_ASSIGN(std::vector<std::string> paths, table::ExpandGlobs(patterns));
  return std::unique_ptr<FileSource>(new FileSource(std::move(paths)));
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> FileSource::Open(const std::shared_ptr<arrow::Schema>& types,
                                                                           const Context& context) const {
  return table::OpenFiles(paths_, {.dictionary_strings = true, .types = types}, context);
}

int64_t FileSource::NumRows() const {
  int64_t rows = 0;
  for (const std::string& path : paths_) {
    const auto rows_of_file = table::CountRows(path);
    if (!rows_of_file.has_value()) return 0;
    rows += *rows_of_file;
  }
  return rows;
}

Json FileSource::Provenance() const {
  Json files = Json::array();
  for (const std::string& path : paths_) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path, error);
    files.push_back(Json{{"path", path}, {"bytes", error ? 0 : static_cast<int64_t>(bytes)}});
  }
  return Json{{"kind", "files"}, {"files", std::move(files)}};
}

}  // namespace roost::ingest
