#include "cli/write_file.h"

#include <arrow/io/interfaces.h>

#include "base/status.h"
#include "table/arrow_status.h"
#include "table/output.h"

namespace roost::cli {

absl::Status WriteFile(const std::string& path, const std::string& bytes, bool overwrite) {
  TRY_ASSIGN(auto file, table::OutputFile::Open(path, overwrite ? table::Overwrite::kYes : table::Overwrite::kNo));
  TRY_ARROW(file.stream().Write(bytes.data(), static_cast<int64_t>(bytes.size())));
  return file.Commit();
}

}  // namespace roost::cli
