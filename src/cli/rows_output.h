#pragma once

#include <memory>
#include <string>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "cli/session.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// How a command hands over rows: as text for people, or in a format to stdout or a file.
struct RowsOutput {
  std::string format;      ///< empty: text, or what the file's ending tells
  std::string path = "-";  ///< "-": stdout
  bool overwrite = false;
  int64_t limit = -1;  ///< rows at most; -1: all, and as text the first 20
};

/// --limit, --format, -o and -f. `output` must outlive `command`.
void AddRowsOptions(CLI::App& command, RowsOutput& output);

/// Shows or writes the rows, which are limited already; the exit code 0.
absl::StatusOr<int> HandOver(arrow::RecordBatchReader& rows, const RowsOutput& output, Session& session,
                             const Context& context);

}  // namespace roost::cli
