// roost data add | log | list | show | cat | export

#include <map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/data.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/data_files.h"
#include "cli/data_names.h"
#include "cli/rows_output.h"
#include "cli/table_text.h"
#include "cli/validate.h"
#include "schema/render.h"
#include "table/preview.h"
#include "table/read.h"

namespace roost::cli {
namespace {

Json ToJson(const std::optional<store::RowCounts>& counts) {
  if (!counts.has_value()) return nullptr;
  return Json{{"added", counts->added}, {"removed", counts->removed}, {"changed", counts->changed}};
}

bool IsOfFiles(const store::CommitInfo& version) { return version.kind == store::DatasetKind::kFiles; }

Json ToJson(const store::CommitInfo& version) {
  if (IsOfFiles(version)) return FilesToJson(version);
  Json columns = Json::array();
  for (const auto& column : version.columns) columns.push_back(Json{{"name", column.name}, {"type", column.type}});
  return Json{{"dataset", version.dataset}, {"version", version.version},           {"digest", version.digest.ToHex()},
              {"rows", version.rows},       {"rows_added", version.rows_added},     {"changes", ToJson(version.counts)},
              {"bytes", version.bytes_in},  {"bytes_stored", version.bytes_stored}, {"time", FormatUtc(version.time)},
              {"author", version.author},   {"message", version.message},           {"columns", std::move(columns)}};
}

// How many rows more, or fewer, than in the version before.
std::string ChangeText(int64_t rows_added) {
  return rows_added < 0 ? fmt::format("{} fewer", FormatCount(-rows_added))
                        : fmt::format("{} new", FormatCount(rows_added));
}

const std::map<std::string, config::DataGate> kGates{
    {"refuse", config::DataGate::kRefuse}, {"warn", config::DataGate::kWarn}, {"off", config::DataGate::kOff}};

struct AddOptions {
  api::AddDataRequest request;
  std::string gate;  // "refuse", "warn", "off", or empty: as roost.yaml says
  bool append = false;
  bool upsert = false;
  std::string kind;  // "files", "table", or empty: what is given tells
};

absl::StatusOr<bool> WantsFiles(api::Project& project, const AddOptions& options) {
  if (!options.kind.empty()) return options.kind == "files";
  if (options.append || options.upsert) return false;
  return api::AreFiles(project, options.request.dataset, options.request.files);
}

// "1,000 rows, 10 new; 3 kB stored for 12 kB of data, 0.2 s"
std::string AddedText(const store::CommitInfo& version, absl::Duration elapsed) {
  std::string changes = ChangeText(version.rows_added);
  if (version.counts.has_value() && version.counts->changed > 0) {
    changes += fmt::format(", {} replaced", FormatCount(version.counts->changed));
  }
  return fmt::format("{}: {} {}, {}; {} stored for {} of data, {}\n", version.Name(), FormatCount(version.rows),
                     version.rows == 1 ? "row" : "rows", changes, FormatBytes(version.bytes_stored),
                     FormatBytes(version.bytes_in), FormatElapsed(elapsed));
}

// The gate's no is an answer: the report on stdout, and what it means on stderr.
int ShowRefused(const std::string& dataset, const schema::Report& report, Session& session) {
  if (session.json()) {
    Json json{{"dataset", dataset}, {"refused", true}, {"rows", report.rows}};
    json["report"] = schema::ToJson(report);
    session.Print(ToText(json));
  } else {
    session.Print(schema::ToText(report));
    session.Note(
        fmt::format("{}: refused, nothing was added\nnext: mend the rows, 'roost schema accept' what is right, "
                    "keep bad rows apart with --quarantine, or add them all with --gate warn",
                    dataset));
  }
  return kCheckSaidNo;
}

absl::StatusOr<int> RunAdd(const AddOptions& options, Session& session) {
  const absl::Time start = absl::Now();
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const bool are_files, WantsFiles(project, options));
  if (are_files) {
    if (options.append || options.upsert || !options.request.key.empty()) {
      return absl::InvalidArgumentError(
          "--append, --upsert and --key are for tables; a folder is the whole new version");
    }
    return RunAddFiles(project,
                       {.dataset = options.request.dataset,
                        .paths = options.request.files,
                        .branch = options.request.branch,
                        .message = options.request.message},
                       session);
  }
  api::AddDataRequest request = options.request;
  if (options.append) request.mode = api::AddMode::kAppend;
  if (options.upsert) request.mode = api::AddMode::kUpsert;
  if (!options.gate.empty()) request.gate = kGates.at(options.gate);
  TRY_ASSIGN(const api::AddDataResponse response, api::AddData(project, request, session.MakeContext()));
  if (!response.version.has_value()) return ShowRefused(request.dataset, *response.report, session);
  const store::CommitInfo& version = *response.version;
  const absl::Duration elapsed = absl::Now() - start;
  if (session.json()) {
    Json json = ToJson(version);
    json["unchanged"] = version.unchanged;
    json["seconds"] = absl::ToDoubleSeconds(elapsed);
    if (response.report.has_value()) json["report"] = schema::ToJson(*response.report);
    if (!request.quarantine.empty()) json["quarantined"] = response.rows_quarantined;
    session.Print(ToText(json));
    return 0;
  }
  session.Print(version.unchanged
                    ? fmt::format("{}: nothing changed, no new version ({})\n", version.Name(), FormatElapsed(elapsed))
                    : AddedText(version, elapsed));
  if (response.quarantine.has_value()) {
    session.Print(QuarantineText(*response.quarantine, response.rows_quarantined));
  }
  if (response.report.has_value() && !response.report->anomalies.empty()) {
    std::string text = schema::ToText(*response.report);
    text.pop_back();
    session.Note(text);
  }
  if (!version.unchanged) session.Note(fmt::format("next: roost profile {}", version.Name()));
  return 0;
}

absl::StatusOr<int> RunDeleteRows(const api::DeleteRowsRequest& request, Session& session) {
  const absl::Time start = absl::Now();
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const store::CommitInfo version, api::DeleteRows(project, request, session.MakeContext()));
  const auto not_found = version.counts.has_value() ? version.counts->not_found : 0;
  if (session.json()) {
    Json json = ToJson(version);
    json["unchanged"] = version.unchanged;
    json["not_found"] = not_found;
    session.Print(ToText(json));
    return 0;
  }
  if (not_found > 0) {
    session.Note(fmt::format("{} {} in no row", FormatCount(not_found), not_found == 1 ? "key is" : "keys are"));
  }
  const absl::Duration elapsed = absl::Now() - start;
  session.Print(version.unchanged ? fmt::format("{}: nothing to delete, no new version ({})\n", version.Name(),
                                                FormatElapsed(elapsed))
                                  : AddedText(version, elapsed));
  return 0;
}

struct LogOptions {
  std::string dataset;
  store::LogOptions log;
};

absl::StatusOr<int> RunLog(const LogOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const auto versions, api::LogData(project, options.dataset, options.log));
  TRY_ASSIGN(const api::DataNames names, api::NamesOf(project, options.dataset));
  // A branch tells what it came from, a limit what is newest: what was deleted belongs to the whole log.
  const bool with_deleted = options.log.branch.empty() && options.log.limit < 0;
  if (session.json()) {
    Json json = Json::array();
    for (const auto& version : versions) {
      json.push_back(ToJson(version));
      AddNamesToJson(version, names, json.back());
    }
    for (const auto& deleted : names.deleted) {
      if (with_deleted) json.push_back(DeletedToJson(deleted));
    }
    session.Print(ToText(json));
    return 0;
  }
  if (IsOfFiles(versions.front())) {
    session.Print(FilesLogText(versions));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"version", "rows", "new rows", "stored", "when", "who", "message"}};
  std::string align = "lrrrlll";
  for (const auto& version : versions) {
    const int64_t added = version.rows_added;
    rows.push_back({version.Name(), FormatCount(version.rows), added < 0 ? ChangeText(added) : FormatCount(added),
                    FormatBytes(version.bytes_stored), FormatUtcSeconds(version.time), version.author,
                    version.message});
  }
  AddNamesToLog(versions, names, with_deleted, rows, align);
  session.Print(AlignColumns(rows, align));
  return 0;
}

absl::StatusOr<int> RunList(Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<std::string> names, api::ListData(project));
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows{{"dataset", "versions", "rows", "columns"}};
  for (const std::string& name : names) {
    TRY_ASSIGN(const store::CommitInfo latest, api::ShowData(project, name));
    TRY_ASSIGN(const api::DataNames names_of, api::NamesOf(project, name));
    const auto num_versions = static_cast<int64_t>(names_of.numbers.size() - names_of.deleted.size());
    json.push_back(ToJson(latest));
    const bool of_files = IsOfFiles(latest);
    rows.push_back({name, FormatCount(num_versions),
                    of_files ? fmt::format("{} files", FormatCount(latest.files)) : FormatCount(latest.rows),
                    of_files ? "" : FormatCount(latest.columns.size())});
  }
  if (session.json()) {
    session.Print(ToText(json));
  } else if (names.empty()) {
    session.Note("no dataset yet\nnext: roost data add NAME FILE…");
  } else {
    session.Print(AlignColumns(rows, "lrrr"));
  }
  return 0;
}

constexpr int64_t kPreviewRows = 5;

absl::StatusOr<int> RunShow(const std::string& reference, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const store::CommitInfo version, api::ShowData(project, reference));
  TRY_ASSIGN(const api::DataNames names, api::NamesOf(project, version.dataset));
  if (session.json()) {
    Json json = ToJson(version);
    AddNamesToJson(version, names, json);
    session.Print(ToText(json));
    return 0;
  }
  std::vector<std::vector<std::string>> facts{
      {"dataset", version.Name()},
      {"commit", version.digest.ToHex()},
      {IsOfFiles(version) ? "content" : "rows",
       IsOfFiles(version) ? FilesText(version)
                          : fmt::format("{} ({})", FormatCount(version.rows), ChangeText(version.rows_added))},
      {"stored", fmt::format("{} for {} of data", FormatBytes(version.bytes_stored), FormatBytes(version.bytes_in))},
      {"made", fmt::format("{} by {}", FormatUtcSeconds(version.time), version.author)}};
  if (!version.message.empty()) facts.push_back({"message", version.message});
  if (IsOfFiles(version)) {
    session.Print(AlignColumns(facts, "ll"));
    session.Note(fmt::format("next: roost data list-files {}", version.Name()));
    return 0;
  }
  for (auto& fact : NameFacts(version, names)) facts.push_back(std::move(fact));
  session.Print(AlignColumns(facts, "ll") + "\n");
  TRY_ASSIGN(const auto rows,
             api::ReadData(project, {.reference = version.Name(), .limit = kPreviewRows}, session.MakeContext()));
  TRY_ASSIGN(const auto head, table::Head(*rows, kPreviewRows));
  TRY_ASSIGN(const std::string preview, table::FormatTable(*head, {.max_width = session.Width(), .show_types = true}));
  session.Print(preview);
  return 0;
}

struct ReadOptions {
  api::ReadDataRequest request;
  RowsOutput output;
  std::string path;  // cat: a file of a dataset of files
  api::ExportFilesRequest files;
};

absl::StatusOr<int> RunRead(const ReadOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  const Context context = session.MakeContext();
  api::ReadDataRequest request = options.request;
  request.limit = options.output.limit;
  TRY_ASSIGN(const auto rows, api::ReadData(project, request, context));
  return HandOver(*rows, options.output, session, context);
}

absl::StatusOr<int> RunCat(const ReadOptions& options, Session& session) {
  if (options.path.empty()) return RunRead(options, session);
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  return RunCatFile(project, options.request.reference, options.path, session);
}

absl::StatusOr<int> RunExport(const ReadOptions& options, Session& session) {
  if (!options.files.folder.empty()) {
    TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
    api::ExportFilesRequest request = options.files;
    request.reference = options.request.reference;
    request.replace = options.output.overwrite;
    return RunExportFiles(project, request, session);
  }
  if (options.output.path != "-") return RunRead(options, session);
  return absl::InvalidArgumentError("--output FILE is missing; a dataset of files takes --to FOLDER");
}

/// What cat and export have in common.
CLI::App* AddReadCommand(CLI::App& data, const std::string& name, const std::string& description,
                         ReadOptions& options) {
  CLI::App* command = data.add_subcommand(name, description);
  command->add_option("DATASET", options.request.reference, "NAME, NAME@VERSION or NAME@latest")->required();
  command->add_option("--columns", options.request.columns, "Only these columns, in this order")->delimiter(',');
  command->add_option("--key-range", options.request.key_range, "Rows whose key lies between, ends included")
      ->type_name("LO..HI");
  command->add_option("--row-range", options.request.row_range, "Rows by their place, counted from 1")
      ->type_name("FIRST..LAST");
  AddRowsOptions(*command, options.output);
  return command;
}

void AddReadCommands(CLI::App& data, Session& session) {
  auto cat_options = std::make_shared<ReadOptions>();
  CLI::App* cat = AddReadCommand(data, "cat", "Rows or a file of a version on stdout", *cat_options);
  cat->add_option("PATH", cat_options->path, "A file of a dataset of files");
  cat->footer("As text for people, or with --format for programs: roost data cat trips --format arrow | …");
  cat->callback([cat_options, &session] { session.Finish(RunCat(*cat_options, session)); });

  auto export_options = std::make_shared<ReadOptions>();
  CLI::App* write =
      AddReadCommand(data, "export", "A version's rows into a file, or its files into a folder", *export_options);
  write->add_option("--to", export_options->files.folder, "The folder for a dataset of files")->type_name("FOLDER");
  write->add_flag("--delete", export_options->files.remove_others, "Remove from FOLDER what the version does not have");
  write->callback([export_options, &session] { session.Finish(RunExport(*export_options, session)); });
}

}  // namespace

void AddDataCommands(CLI::App& app, Session& session) {
  CLI::App* data = app.add_subcommand("data", "Versioned datasets");
  data->require_subcommand(1);

  CLI::App* add = data->add_subcommand("add", "Make a new version of a dataset from files or a folder");
  auto add_options = std::make_shared<AddOptions>();
  add->add_option("NAME", add_options->request.dataset, "The dataset; it is made where it is missing")->required();
  add->add_option("FILE", add_options->request.files,
                  "CSV, JSON Lines, Parquet or Arrow files, and globs in quotes; or one folder of any files")
      ->required();
  add->add_flag("--append", add_options->append, "The files are more rows, not the whole table");
  CLI::Option* upsert =
      add->add_flag("--upsert", add_options->upsert,
                    "The files are rows that take the place of those with the same key; others are added");
  upsert->excludes(add->get_option("--append"));
  add->add_option("--key", add_options->request.key, "Columns that tell every row apart; needed once")->delimiter(',');
  add->add_option("--kind", add_options->kind, "Keep them as files of any kind, or read a table from them")
      ->check(CLI::IsMember({"files", "table"}))
      ->type_name("files|table");
  add->add_option("--gate", add_options->gate,
                  "What is done with rows that break the dataset's schema; else what roost.yaml says")
      ->check(CLI::IsMember({"refuse", "warn", "off"}))
      ->type_name("refuse|warn|off");
  add->add_option("--quarantine", add_options->request.quarantine,
                  "The dataset for rows that break the schema, with the reasons; the good rows are added");
  add->add_option("--branch", add_options->request.branch, "The branch that it goes on; else main");
  add->add_option("-m,--message", add_options->request.message, "What this version is");
  add->footer(
      "Without --append and --upsert the files are the whole new table: Roost finds what changed and stores only "
      "that.");
  add->callback([add_options, &session] { session.Finish(RunAdd(*add_options, session)); });

  CLI::App* rows = data->add_subcommand("delete-rows", "Make a new version without the rows that have the given keys");
  auto delete_request = std::make_shared<api::DeleteRowsRequest>();
  rows->add_option("NAME", delete_request->dataset, "The dataset; it has a key")->required();
  rows->add_option("--keys", delete_request->key_files, "Files with the columns of the key")->required();
  rows->add_option("--branch", delete_request->branch, "The branch that it goes on; else main");
  rows->add_option("-m,--message", delete_request->message, "What this version is");
  rows->footer("Older versions keep the rows.");
  rows->callback([delete_request, &session] { session.Finish(RunDeleteRows(*delete_request, session)); });

  CLI::App* log = data->add_subcommand("log", "The versions of a dataset, newest first");
  auto log_options = std::make_shared<LogOptions>();
  log->add_option("NAME", log_options->dataset, "The dataset")->required();
  log->add_option("--branch", log_options->log.branch, "Only what this branch, tag or alias came from");
  log->add_option("--limit", log_options->log.limit, "Versions at most")->check(CLI::NonNegativeNumber);
  log->callback([log_options, &session] { session.Finish(RunLog(*log_options, session)); });

  CLI::App* list = data->add_subcommand("list", "The datasets of this project");
  list->callback([&session] { session.Finish(RunList(session)); });

  CLI::App* show = data->add_subcommand("show", "One version: its facts and its first rows");
  auto reference = std::make_shared<std::string>();
  show->add_option("DATASET", *reference, "NAME, NAME@VERSION or NAME@latest")->required();
  show->callback([reference, &session] { session.Finish(RunShow(*reference, session)); });

  AddReadCommands(*data, session);
  AddFilesCommands(*data, session);
  AddDataDiffCommand(*data, session);
  AddDataMergeCommand(*data, session);
  AddNameCommands(*data, session);
  AddEraseCommand(*data, session);
}

}  // namespace roost::cli
