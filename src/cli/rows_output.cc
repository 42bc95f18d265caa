#include "cli/rows_output.h"

#include <arrow/api.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/format.h"
#include "base/status.h"
#include "cli/completion.h"
#include "cli/table_text.h"
#include "table/preview.h"
#include "table/read.h"
#include "table/write.h"

namespace roost::cli {
namespace {

constexpr int64_t kTextRows = 20;

absl::Status ShowAsText(arrow::RecordBatchReader& rows, const RowsOutput& output, Session& session) {
  // One row more than is shown tells whether there are more.
  TRY_ASSIGN(auto head, table::Head(rows, output.limit < 0 ? kTextRows + 1 : output.limit));
  const bool more = output.limit < 0 && head->num_rows() > kTextRows;
  if (more) head = head->Slice(0, kTextRows);
  TRY_ASSIGN(const std::string text, table::FormatTable(*head, {.max_width = session.Width()}));
  session.Print(PrintableLines(text));
  if (more) {
    session.Note(fmt::format("the first {} rows; --limit shows another number, --format csv writes all", kTextRows));
  }
  return absl::OkStatus();
}

absl::StatusOr<table::Format> FormatWanted(const RowsOutput& output, const Session& session) {
  if (!output.format.empty()) return table::ParseFormat(output.format);
  if (output.path == "-") return session.json() ? table::Format::kJsonLines : table::Format::kCsv;
  return table::FormatOfOutput(output.path);
}

}  // namespace

void AddRowsOptions(CLI::App& command, RowsOutput& output) {
  command.add_option("--limit", output.limit, "Only the first rows")->check(CLI::NonNegativeNumber)->type_name("ROWS");
  Offer(command.add_option("--format", output.format, "csv, jsonl, parquet or arrow"),
        {"csv", "jsonl", "parquet", "arrow"})
      ->type_name("FORMAT");
  command.add_option("-o,--output", output.path, "A file; its ending tells the format")->type_name("FILE");
  command.add_flag("-f,--force", output.overwrite, "Replace the file where it is there");
}

absl::StatusOr<int> HandOver(arrow::RecordBatchReader& rows, const RowsOutput& output, Session& session,
                             const Context& context) {
  if (output.path == "-" && output.format.empty() && !session.json()) {
    TRY(ShowAsText(rows, output, session));
    return 0;
  }
  TRY_ASSIGN(const table::Format format, FormatWanted(output, session));
  const auto overwrite = output.overwrite ? table::Overwrite::kYes : table::Overwrite::kNo;
  TRY_ASSIGN(const int64_t written, table::WriteTable(rows, format, output.path, overwrite, context));
  if (output.path != "-") session.Note(fmt::format("wrote {} to {}", CountOf(written, "row"), output.path));
  return 0;
}

}  // namespace roost::cli
