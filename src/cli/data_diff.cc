// roost data diff

#include <algorithm>

#include <arrow/api.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/data.h"
#include "api/diff.h"
#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/data_files.h"
#include "cli/rows_output.h"
#include "cli/table_text.h"
#include "table/arrow_status.h"
#include "table/preview.h"

namespace roost::cli {
namespace {

constexpr int64_t kSampleRows = 3;    // of each kind, unless --limit says otherwise
constexpr size_t kMaxCellWidth = 40;  // of an old or new value in a sample

struct DiffOptions {
  api::DiffDataRequest request;
  RowsOutput output;
  bool sets_exit_code = false;
};

/// What happened to a column itself, in words; empty where nothing did.
std::vector<std::string> WordsOf(const store::ColumnChange& column) {
  if (column.IsAdded()) return {"added"};
  if (column.IsDropped()) return {"dropped"};
  std::vector<std::string> words;
  if (column.IsRenamed()) words.push_back("renamed");
  if (column.IsRetyped()) words.push_back(column.is_compared ? "retyped" : "replaced");
  if (column.is_moved) words.push_back("moved");
  if (words.empty() && !column.is_compared) words.push_back("replaced");
  return words;
}

Json ToJson(const api::DataDiff& diff) {
  const store::TableChanges& changes = diff.changes;
  Json columns = Json::array();
  for (const store::ColumnChange& column : changes.columns) {
    Json json{{"name", column.after.value_or(column.before.value_or(store::StoredColumn{})).name},
              {"changes", WordsOf(column)}};
    if (column.before.has_value()) json["old"] = Json{{"name", column.before->name}, {"type", column.before->type}};
    if (column.after.has_value()) json["new"] = Json{{"name", column.after->name}, {"type", column.after->type}};
    if (column.is_compared) json["changed_cells"] = column.changed_cells;
    columns.push_back(std::move(json));
  }
  return Json{{"old", diff.versions.before.Name()},
              {"new", diff.versions.after.Name()},
              {"different", !changes.None()},
              {"old_rows", changes.rows_before},
              {"new_rows", changes.rows_after},
              {"rows_added", changes.rows_added},
              {"rows_removed", changes.rows_removed},
              {"rows_changed", changes.rows_changed},
              {"rows_moved", changes.rows_moved},
              {"key", changes.key},
              {"key_declared", changes.is_key_declared},
              {"columns", std::move(columns)}};
}

/// "20 rows to 21: 1 added, 3 changed".
std::string RowsText(const store::TableChanges& changes) {
  std::vector<std::string> parts;
  const auto add = [&](int64_t count, std::string_view what) {
    if (count > 0) parts.push_back(fmt::format("{} {}", FormatCount(count), what));
  };
  add(changes.rows_added, "added");
  add(changes.rows_removed, "removed");
  add(changes.rows_changed, "changed");
  add(changes.rows_moved, "moved");
  const std::string rows =
      changes.rows_before == changes.rows_after
          ? CountOf(changes.rows_after, "row")
          : fmt::format("{} to {}", CountOf(changes.rows_before, "row"), FormatCount(changes.rows_after));
  return fmt::format("{}: {}", rows, parts.empty() ? "none changed" : fmt::format("{}", fmt::join(parts, ", ")));
}

/// A line for each column that changed, itself or in its cells.
std::string ColumnsText(const store::TableChanges& changes) {
  std::vector<std::vector<std::string>> lines{{"column", "type", "changed cells", "change"}};
  for (const store::ColumnChange& column : changes.columns) {
    const std::vector<std::string> words = WordsOf(column);
    if (words.empty() && column.changed_cells == 0) continue;
    const store::StoredColumn& now = column.after.has_value() ? *column.after : *column.before;
    std::string name = now.name;
    if (column.IsRenamed()) name = fmt::format("{} → {}", column.before->name, now.name);
    std::string type = now.type;
    if (column.IsRetyped()) type = fmt::format("{} → {}", column.before->type, now.type);
    lines.push_back({std::move(name), std::move(type), column.is_compared ? FormatCount(column.changed_cells) : "-",
                     fmt::format("{}", fmt::join(words, ", "))});
  }
  return lines.size() == 1 ? "" : "\n" + AlignColumns(lines, "llrl");
}

std::string Shortened(std::string text) {
  if (DisplayWidth(text) <= kMaxCellWidth) return text;
  size_t end = 0;
  for (size_t points = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0) != 0x80 && points++ == kMaxCellWidth - 1) break;
  }
  return text.substr(0, end) + "…";
}

/// The sample rows of one kind.
class Samples {
 public:
  Samples(std::shared_ptr<arrow::RecordBatch> rows, std::vector<std::vector<std::string>> texts)
      : rows_(std::move(rows)), texts_(std::move(texts)) {}

  static absl::StatusOr<Samples> Make(const arrow::Table& all, std::string_view op) {
    TRY_ARROW_ASSIGN(const auto batch, all.CombineChunksToBatch());
    const auto& ops = static_cast<const arrow::StringArray&>(*batch->column(0));
    int64_t first = 0;
    while (first < batch->num_rows() && ops.GetView(first) != op) ++first;
    int64_t end = first;
    while (end < batch->num_rows() && ops.GetView(end) == op) ++end;
    auto rows = batch->Slice(first, end - first);
    TRY_ASSIGN(auto texts, table::CellTexts(*rows));
    return Samples(std::move(rows), std::move(texts));
  }

  int64_t rows() const { return rows_->num_rows(); }

  /// Whether the samples have this column; in `text` what a cell of it shows.
  bool Find(const std::string& column, size_t row, std::string& text) const {
    const int at = rows_->schema()->GetFieldIndex(column);
    if (at >= 0) text = texts_[static_cast<size_t>(at)][row];
    return at >= 0;
  }

  /// The columns whose names start with `side` ("old." or "new."), without it.
  std::shared_ptr<arrow::RecordBatch> Side(const std::string& side) const {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (int i = 0; i < rows_->num_columns(); ++i) {
      const std::string& name = rows_->column_name(i);
      if (i < 4 || name.compare(0, side.size(), side) != 0) continue;
      fields.push_back(rows_->schema()->field(i)->WithName(name.substr(side.size())));
      arrays.push_back(rows_->column(i));
    }
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows_->num_rows(), std::move(arrays));
  }

 private:
  std::shared_ptr<arrow::RecordBatch> rows_;
  std::vector<std::vector<std::string>> texts_;
};

std::string Title(std::string_view what, int64_t shown, int64_t count, Session& session) {
  const std::string number = shown < count ? fmt::format("{} of {}", shown, FormatCount(count)) : FormatCount(count);
  return "\n" + session.Colored(fmt::format("{} ({})", what, number), "bold") + "\n";
}

/// How a row is named: by its key, else by its place.
std::string NameOfRow(const Samples& samples, const store::TableChanges& changes, size_t row) {
  std::string name;
  std::string text;
  for (const std::string& key : changes.key) {
    if (!samples.Find("new." + key, row, text)) continue;
    name += (name.empty() ? "" : ", ") + fmt::format("{} {}", key, Shortened(text));
  }
  if (name.empty() && samples.Find("row_new", row, text)) name = "row " + text;
  return name;
}

/// A line for each changed cell: the row, the column, old and new value.
std::string ChangedText(const Samples& samples, const store::TableChanges& changes) {
  std::vector<std::vector<std::string>> lines;
  for (size_t row = 0; row < static_cast<size_t>(samples.rows()); ++row) {
    std::string names;
    samples.Find("changed_columns", row, names);
    names = "," + names + ",";
    std::string row_name = NameOfRow(samples, changes, row);
    for (const store::ColumnChange& column : changes.columns) {
      if (!column.is_compared || names.find("," + column.after->name + ",") == std::string::npos) continue;
      std::string before;
      std::string after;
      samples.Find("old." + column.before->name, row, before);
      samples.Find("new." + column.after->name, row, after);
      lines.push_back({row_name, column.after->name, Shortened(std::move(before)), "→", Shortened(std::move(after))});
      row_name.clear();
    }
  }
  return AlignColumns(lines, "lllll");
}

/// A line for each row that moved.
std::string MovedText(const Samples& samples, const store::TableChanges& changes) {
  std::vector<std::vector<std::string>> lines;
  for (size_t row = 0; row < static_cast<size_t>(samples.rows()); ++row) {
    std::string before;
    std::string after;
    samples.Find("row_old", row, before);
    samples.Find("row_new", row, after);
    lines.push_back(
        {changes.key.empty() ? "" : NameOfRow(samples, changes, row), "row " + before, "→", "row " + after});
  }
  return AlignColumns(lines, "llll");
}

absl::Status ShowSamples(const api::DataDiff& diff, Session& session) {
  const store::TableChanges& changes = diff.changes;
  TRY_ASSIGN(const Samples changed, Samples::Make(*diff.samples, "changed"));
  if (changed.rows() > 0) {
    session.Print(Title("changed", changed.rows(), changes.rows_changed, session) + ChangedText(changed, changes));
  }
  TRY_ASSIGN(const Samples moved, Samples::Make(*diff.samples, "moved"));
  if (moved.rows() > 0) {
    session.Print(Title("moved", moved.rows(), changes.rows_moved, session) + MovedText(moved, changes));
  }
  for (const std::string op : {"removed", "added"}) {
    TRY_ASSIGN(const Samples rows, Samples::Make(*diff.samples, op));
    if (rows.rows() == 0) continue;
    const int64_t count = op == "added" ? changes.rows_added : changes.rows_removed;
    TRY_ASSIGN(const std::string text,
               table::FormatTable(*rows.Side(op == "added" ? "new." : "old."), {.max_width = session.Width()}));
    session.Print(Title(op, rows.rows(), count, session) + text);
  }
  return absl::OkStatus();
}

absl::StatusOr<int> DiffOfFiles(api::Project& project, const api::VersionPair& versions, const DiffOptions& options,
                                Session& session) {
  const RowsOutput& output = options.output;
  if (output.path != "-" || !output.format.empty() || output.limit >= 0) {
    return WithHint(absl::InvalidArgumentError(fmt::format(
                        "{} is a version of files: --format, -o and --limit are for rows", versions.after.Name())),
                    "Leave them out; --json is for programs.");
  }
  TRY_ASSIGN(const store::TreeDiff diff, api::DiffFiles(project, versions, session.MakeContext()));
  session.Print(session.json() ? ToText(FilesDiffToJson(versions, diff)) : FilesDiffText(versions, diff));
  return options.sets_exit_code && !diff.empty() ? 1 : 0;
}

absl::StatusOr<int> RunDiff(const DiffOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::VersionPair versions, api::ResolveDiff(project, options.request));
  if (versions.before.kind == store::DatasetKind::kFiles && versions.after.kind == store::DatasetKind::kFiles) {
    return DiffOfFiles(project, versions, options, session);
  }
  const Context context = session.MakeContext();
  const RowsOutput& output = options.output;
  if (output.path != "-" || !output.format.empty()) {
    TRY_ASSIGN(const auto rows, api::ReadDiff(project, versions, context));
    return HandOver(*api::LimitRows(rows, output.limit), output, session, context);
  }
  const int64_t samples = session.json() ? 0 : output.limit < 0 ? kSampleRows : output.limit;
  TRY_ASSIGN(const api::DataDiff diff, api::DiffData(project, versions, samples, context));
  const int exit_code = options.sets_exit_code && !diff.changes.None() ? 1 : 0;
  if (session.json()) {
    session.Print(ToText(ToJson(diff)));
    return exit_code;
  }
  const std::string names = fmt::format("{} → {}", diff.versions.before.Name(), diff.versions.after.Name());
  if (diff.changes.None()) {
    session.Print(fmt::format("{}: no differences\n", names));
    return exit_code;
  }
  session.Print(fmt::format("{}: {}\n{}", names, RowsText(diff.changes), ColumnsText(diff.changes)));
  TRY(ShowSamples(diff, session));
  return exit_code;
}

}  // namespace

void AddDataDiffCommand(CLI::App& data, Session& session) {
  CLI::App* diff = data.add_subcommand("diff", "What changed between two versions: columns, rows and cells, or files");
  auto options = std::make_shared<DiffOptions>();
  diff->add_option("OLD", options->request.before, "NAME@VERSION; alone: compared with the version before it")
      ->required();
  diff->add_option("NEW", options->request.after, "NAME@VERSION, of the same dataset");
  AddRowsOptions(*diff, options->output);
  diff->add_flag("--exit-code", options->sets_exit_code, "Exit with 1 where the versions differ");
  diff->footer(
      "Without --format and -o it shows the counts and some rows of each kind; with one of them it gives all changed\n"
      "rows, with old and new values: roost data diff trips@1 trips@2 -o changes.parquet");
  diff->callback([options, &session] { session.Finish(RunDiff(*options, session)); });
}

}  // namespace roost::cli
