// roost data merge

#include <map>
#include <memory>

#include <arrow/api.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/names.h"
#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/rows_output.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

constexpr size_t kShownConflicts = 10;
constexpr int kHasConflicts = 1;

struct MergeOptions {
  api::MergeDataRequest request;
  std::string conflicts;  // a file for all of them
};

std::string NameOf(store::MergeResult::Outcome outcome) {
  switch (outcome) {
    case store::MergeResult::Outcome::kAlreadyMerged: return "already_merged";
    case store::MergeResult::Outcome::kFastForward: return "fast_forward";
    case store::MergeResult::Outcome::kMerged: return "merged";
    case store::MergeResult::Outcome::kConflicts: return "conflicts";
  }
  return "";
}

Json ToJson(const store::MergeResult& result) {
  Json conflicts = Json::array();
  for (const store::Conflict& conflict : result.conflicts) {
    conflicts.push_back({{"kind", conflict.kind},
                         {"where", conflict.where},
                         {"column", conflict.column},
                         {"base", conflict.base},
                         {"ours", conflict.ours},
                         {"theirs", conflict.theirs}});
  }
  return Json{{"outcome", NameOf(result.outcome)}, {"version", result.version.Name()}, {"added", result.added},
              {"removed", result.removed},         {"changed", result.changed},        {"conflicts", conflicts}};
}

std::string ConflictsText(const std::vector<store::Conflict>& conflicts) {
  std::vector<std::vector<std::string>> lines{{"conflict", "where", "column", "base", "ours", "theirs"}};
  for (const store::Conflict& conflict : conflicts) {
    if (lines.size() > kShownConflicts) break;
    lines.push_back({conflict.kind, conflict.where, conflict.column, conflict.base, conflict.ours, conflict.theirs});
  }
  return AlignColumns(lines, "llllll");
}

std::string ConflictCount(const std::vector<store::Conflict>& conflicts) {
  return CountOf(static_cast<int64_t>(conflicts.size()), "conflict");
}

std::string OutcomeText(const api::MergeDataRequest& request, const store::MergeResult& result) {
  const std::string into = request.into.empty() ? "main" : request.into;
  switch (result.outcome) {
    case store::MergeResult::Outcome::kAlreadyMerged:
      return fmt::format("branch '{}' of {} has {} already\n", into, request.dataset, request.from);
    case store::MergeResult::Outcome::kFastForward:
      return fmt::format("branch '{}' of {} had nothing of its own: it is {} now\n", into, request.dataset,
                         result.version.Name());
    case store::MergeResult::Outcome::kMerged: {
      const char* what = result.version.kind == store::DatasetKind::kFiles ? "file" : "row";
      std::string text = fmt::format("{}: {} merged into '{}': {} added, {} removed, {} changed\n",
                                     result.version.Name(), request.from, into, CountOf(result.added, what),
                                     FormatCount(result.removed), FormatCount(result.changed));
      if (result.conflicts.empty()) return text;
      return text + fmt::format("{} resolved with {}\n", ConflictCount(result.conflicts),
                                request.on_conflict == store::OnConflict::kOurs ? "ours" : "theirs");
    }
    case store::MergeResult::Outcome::kConflicts:
      return fmt::format("{}; nothing was changed\n\n{}", ConflictCount(result.conflicts),
                         ConflictsText(result.conflicts));
  }
  return "";
}

absl::StatusOr<int> RunMerge(const MergeOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  const Context context = session.MakeContext();
  TRY_ASSIGN(const store::MergeResult result, api::MergeData(project, options.request, context));
  const bool failed = result.outcome == store::MergeResult::Outcome::kConflicts;
  if (!options.conflicts.empty()) {
    TRY_ASSIGN(const std::shared_ptr<arrow::Table> table, store::ToTable(result.conflicts));
    arrow::TableBatchReader rows(*table);
    TRY(HandOver(rows, {.path = options.conflicts, .overwrite = true}, session, context).status());
  }
  session.Print(session.json() ? ToText(ToJson(result)) : OutcomeText(options.request, result));
  if (!failed) return 0;
  if (result.conflicts.size() > kShownConflicts && options.conflicts.empty()) {
    session.Note("all of them: --conflicts FILE, or --json");
  }
  session.Note("to merge all the same: --on-conflict ours, or theirs");
  return kHasConflicts;
}

}  // namespace

void AddDataMergeCommand(CLI::App& data, Session& session) {
  CLI::App* merge = data.add_subcommand("merge", "Bring what changed on one branch to another");
  auto options = std::make_shared<MergeOptions>();
  merge->add_option("DATASET", options->request.dataset, "The dataset")->required();
  merge->add_option("FROM", options->request.from, "A branch, or a version's number or name")->required();
  merge->add_option("--into", options->request.into, "The branch that gets it (default main)")->type_name("BRANCH");
  const std::map<std::string, store::OnConflict> policies{
      {"fail", store::OnConflict::kFail}, {"ours", store::OnConflict::kOurs}, {"theirs", store::OnConflict::kTheirs}};
  Offer(merge->add_option("--on-conflict", options->request.on_conflict,
                          "fail, or keep ours (of the branch that gets it) or theirs (default fail)"),
        {"fail", "ours", "theirs"})
      ->transform(CLI::Transformer(policies).description(""))
      ->type_name("POLICY");
  merge->add_option("--conflicts", options->conflicts, "Write all conflicts into this file")->type_name("FILE");
  merge->add_option("-m,--message", options->request.message, "What the version is for")->type_name("TEXT");
  merge->add_flag("-f,--force", options->request.force, "Also into a protected branch");
  merge->footer(
      "Cell by cell, against the version that both came from: changes of different rows or columns never\n"
      "conflict. Of files, path by path. Exit code 1 where there are conflicts: then nothing is changed.");
  merge->callback([options, &session] { session.Finish(RunMerge(*options, session)); });
}

}  // namespace roost::cli
