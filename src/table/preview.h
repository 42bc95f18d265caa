#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"

namespace roost::table {

struct PreviewOptions {
  int max_width = 100;      ///< columns of the terminal; at least 20
  bool show_types = false;  ///< a second line with the type of every column
};

/// The rows of `batch` as aligned text for people, a line each under a line of names, with a line feed at the end of
/// each: numbers to the right, the rest to the left, null as "null", line feeds and tabs in text as spaces, text that
/// is too wide cut with an ellipsis. Columns that do not fit are left out, and a last line says how many.
/// Widths count code points, a good measure for all but East Asian text.
absl::StatusOr<std::string> FormatTable(const arrow::RecordBatch& batch, const PreviewOptions& options);

/// The cells of a batch as FormatTable shows them, uncut: the texts of each column.
absl::StatusOr<std::vector<std::vector<std::string>>> CellTexts(const arrow::RecordBatch& batch);

}  // namespace roost::table
