// roost data erase

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/erase.h"
#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

struct EraseOptions {
  api::EraseDataRequest request;
  bool yes = false;
  bool log = false;
};

Json ToJson(const api::EraseDataResponse& response, bool done) {
  const store::EraseReport& data = response.data;
  Json versions = Json::array();
  for (const store::VersionErasure& version : data.versions) {
    versions.push_back(Json{{"version", version.version},
                            {"rows", version.rows},
                            {"found", version.removed},
                            {"not_searched", version.not_searched},
                            {"rewritten", version.is_rewritten}});
  }
  return Json{{"done", done},
              {"number", data.number},
              {"columns", data.columns},
              {"keys", data.keys},
              {"versions", std::move(versions)},
              {"bytes", data.bytes},
              {"bytes_removed", data.bytes_purged},
              {"finished_earlier", data.finished_purge},
              {"still_in", data.still_in},
              {"models", response.models}};
}

/// "3 of 1,000": the versions in which something was found, is written anew, or could not be searched.
std::string VersionsText(const std::string& dataset, const store::EraseReport& data, bool done) {
  std::vector<std::vector<std::string>> rows{{"version", "rows", done ? "erased" : "found", "commit", "not searched"}};
  for (const store::VersionErasure& version : data.versions) {
    if (version.removed == 0 && version.not_searched == 0 && !version.is_rewritten) continue;
    rows.push_back({fmt::format("{}@{}", dataset, version.version), FormatCount(version.rows),
                    FormatCount(version.removed), version.is_rewritten ? (done ? "new" : "would be new") : "stays",
                    version.not_searched == 0
                        ? "-"
                        : fmt::format("{} rows without the columns", FormatCount(version.not_searched))});
  }
  return rows.size() == 1 ? "" : AlignColumns(rows, "lrrll");
}

std::string FactsText(const api::EraseDataResponse& response, bool done) {
  const store::EraseReport& data = response.data;
  int64_t found = 0;
  for (const store::VersionErasure& version : data.versions) found += version.removed;
  std::vector<std::vector<std::string>> facts{
      {"looked for", fmt::format("{} {} of {}", FormatCount(data.keys), data.keys == 1 ? "key" : "keys",
                                 fmt::join(data.columns, ", "))},
      {done ? "erased" : "found", fmt::format("{} {} in {} {}", FormatCount(found), found == 1 ? "row" : "rows",
                                              FormatCount(static_cast<int64_t>(data.versions.size())),
                                              data.versions.size() == 1 ? "version" : "versions")}};
  if (found > 0) facts.push_back({done ? "stored anew" : "to store anew", FormatBytes(data.bytes)});
  for (const std::string& version : data.still_in) facts.push_back({"still in", version});
  for (const std::string& model : response.models) facts.push_back({"trained on it", model});
  return AlignColumns(facts, "ll");
}

absl::StatusOr<int> RunErase(const EraseOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  api::EraseDataRequest request = options.request;
  request.dry_run = !options.yes;
  TRY_ASSIGN(const api::EraseDataResponse response, api::EraseData(project, request, session.MakeContext()));
  const store::EraseReport& data = response.data;
  if (session.json()) {
    session.Print(ToText(ToJson(response, options.yes)));
    return 0;
  }
  const std::string versions = VersionsText(request.dataset, data, options.yes);
  session.Print(versions + (versions.empty() ? "" : "\n") + FactsText(response, options.yes));
  if (!options.yes) {
    session.Note("nothing was changed\nnext: the same command with --yes");
    return 0;
  }
  if (data.finished_purge) session.Note("what an earlier erasure had left in the store is gone");
  if (data.number == 0) return 0;
  session.Note(fmt::format(
      "erasure {} of {} is on record: roost data erase {} --log\n"
      "Not reached from here: backups, workspaces that it was pushed to, exported files, and trained models.",
      data.number, request.dataset, request.dataset));
  return 0;
}

absl::StatusOr<int> RunLog(const std::string& dataset, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<store::Erasure> erasures, api::ErasureLog(project, dataset));
  if (session.json()) {
    Json json = Json::array();
    for (const store::Erasure& erasure : erasures) {
      TRY_ASSIGN(Json record, ParseJson(store::ToRecord(erasure), "the record of an erasure"));
      json.push_back(std::move(record));
    }
    session.Print(ToText(json));
    return 0;
  }
  if (erasures.empty()) {
    session.Note(fmt::format("nothing was erased from {}", dataset));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"erasure", "when", "who", "keys", "columns", "versions", "rows", "why"}};
  for (const store::Erasure& erasure : erasures) {
    int64_t removed = 0;
    int64_t versions = 0;
    for (const store::ErasedVersion& version : erasure.versions) {
      removed += version.rows;
      versions += version.rows > 0 ? 1 : 0;
    }
    rows.push_back({fmt::format("{}", erasure.number), FormatUtcSeconds(erasure.time), erasure.author,
                    FormatCount(erasure.keys), fmt::format("{}", fmt::join(erasure.columns, ", ")),
                    FormatCount(versions), FormatCount(removed), erasure.reason});
  }
  session.Print(AlignColumns(rows, "rllrlrrl"));
  return 0;
}

absl::StatusOr<int> Run(const EraseOptions& options, Session& session) {
  if (options.log) return RunLog(options.request.dataset, session);
  if (options.request.key_files.empty()) {
    return WithHint(absl::InvalidArgumentError("--keys FILE is missing: it says whose rows go"),
                    "A table with the columns to compare, as CSV, JSON Lines, Parquet or Arrow.");
  }
  return RunErase(options, session);
}

}  // namespace

void AddEraseCommand(CLI::App& data, Session& session) {
  CLI::App* erase = data.add_subcommand("erase", "Remove rows from every version, and their bytes from the store");
  auto options = std::make_shared<EraseOptions>();
  erase->add_option("NAME", options->request.dataset, "The dataset")->required();
  erase->add_option("--keys", options->request.key_files, "Rows with the same values in all columns of these files go")
      ->type_name("FILE");
  erase->add_option("--reason", options->request.reason, "Why; it is kept, and must not tell who it was");
  erase->add_flag("-y,--yes", options->yes, "Do it; without this the command only says what it would do");
  erase->add_flag("--log", options->log, "Show what was erased before");
  erase->footer(
      "The history is written anew: versions keep numbers, times and names. Whoever reads an old version\n"
      "or adds to the workspace at that moment is told to run again.");
  erase->callback([options, &session] { session.Finish(Run(*options, session)); });
}

}  // namespace roost::cli
