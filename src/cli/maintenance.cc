// roost data gc | verify, roost workspace backup | recover

#include <cstdlib>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/maintenance.h"
#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "base/time_span.h"
#include "cli/commands.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

struct GcOptions {
  bool run = false;
  std::string grace;  // empty: by where the objects lie
};

Json ToJson(const store::GarbageAmount& amount) { return Json{{"objects", amount.objects}, {"bytes", amount.bytes}}; }

Json ToJson(const api::CollectGarbageResponse& response, bool run) {
  const store::GarbageReport& report = response.data;
  Json versions = Json::object();
  for (const auto& [dataset, count] : report.versions) versions[dataset] = count;
  return Json{{"run", run},
              {"versions", versions},
              {"packs", ToJson(report.packs)},
              {"live", {{"records", report.records_live}, {"bytes", report.bytes_live}}},
              {"dead", {{"records", report.records_dead}, {"bytes", report.bytes_dead}}},
              {"repacked", ToJson(report.repacked)},
              {"condemned", ToJson(report.condemned)},
              {"waiting", ToJson(report.waiting)},
              {"removed", ToJson(report.removed)},
              {"unfinished", report.unfinished},
              {"models",
               {{"condemned", ToJson(response.models.condemned)},
                {"waiting", ToJson(response.models.waiting)},
                {"removed", ToJson(response.models.removed)}}}};
}

std::string Text(const store::GarbageAmount& amount) {
  return fmt::format("{} {}, {}", FormatCount(amount.objects), amount.objects == 1 ? "object" : "objects",
                     FormatBytes(amount.bytes));
}

absl::StatusOr<int> RunGc(const GcOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  store::GarbageOptions garbage{.dry_run = !options.run};
  const bool is_remote = project.config().workspace.objects.starts_with("s3://");
  TRY_ASSIGN(garbage.grace, ParseTimeSpan(!options.grace.empty() ? options.grace : is_remote ? "3d" : "24h"));
  TRY_ASSIGN(const api::CollectGarbageResponse response, api::CollectGarbage(project, garbage, session.MakeContext()));
  const store::GarbageReport& report = response.data;
  if (session.json()) {
    session.Print(ToText(ToJson(response, options.run)));
    return 0;
  }
  int64_t versions = 0;
  for (const auto& [dataset, count] : report.versions) versions += count;
  std::vector<std::vector<std::string>> rows{
      {"kept by", fmt::format("{} versions of {} datasets", FormatCount(versions),
                              FormatCount(static_cast<int64_t>(report.versions.size())))},
      {"packs", Text(report.packs)},
      {"needed", fmt::format("{} records, {}", FormatCount(report.records_live), FormatBytes(report.bytes_live))},
      {"not needed", fmt::format("{} records, {}", FormatCount(report.records_dead), FormatBytes(report.bytes_dead))},
      {options.run ? "written anew" : "to write anew", Text(report.repacked)},
      {options.run ? "condemned" : "to condemn", Text(report.condemned)},
      {"condemned before", Text(report.waiting)},
      {options.run ? "removed" : "to remove", Text(report.removed)},
      {"temporary files", FormatCount(report.unfinished)}};
  const auto add = [&](const char* what, const store::GarbageAmount& amount) {
    if (amount.objects > 0) rows.push_back({fmt::format("of models, {}", what), Text(amount)});
  };
  add(options.run ? "condemned" : "to condemn", response.models.condemned);
  add("condemned before", response.models.waiting);
  add(options.run ? "removed" : "to remove", response.models.removed);
  session.Print(AlignColumns(rows, "ll"));
  if (!options.run) session.Note("nothing was changed\nnext: roost data gc --run");
  return 0;
}

struct VerifyCommand {
  std::string dataset;
  int level = 2;
  std::string budget;
  std::string repair_from;
};

Json ToJson(const store::VerifyReport& report) {
  Json damages = Json::array();
  for (const store::Damage& damage : report.damages) {
    damages.push_back({{"object", damage.object},
                       {"message", damage.message},
                       {"versions", damage.versions},
                       {"repaired", damage.repaired}});
  }
  return Json{{"sound", report.sound()}, {"versions", report.versions}, {"records", report.records},
              {"packs", report.packs},   {"bytes", report.bytes},       {"left", report.left},
              {"damages", damages}};
}

absl::StatusOr<int> RunVerify(const VerifyCommand& command, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  store::VerifyOptions options{.level = static_cast<store::VerifyLevel>(command.level), .dataset = command.dataset};
  if (!command.budget.empty()) {
    TRY_ASSIGN(options.budget, ParseTimeSpan(command.budget));
  }
  TRY_ASSIGN(const store::VerifyReport report,
             api::VerifyData(project, options, command.repair_from, session.MakeContext()));
  const int exit_code = report.sound() ? 0 : kCheckSaidNo;
  if (session.json()) {
    session.Print(ToText(ToJson(report)));
    return exit_code;
  }
  std::string text;
  for (const store::Damage& damage : report.damages) {
    text += fmt::format("{}{}: {}\n", damage.repaired ? "repaired " : "", damage.object, damage.message);
    if (!damage.versions.empty()) text += fmt::format("  needed by {}\n", fmt::join(damage.versions, ", "));
  }
  text += fmt::format("{}: {} {}, {} records", report.sound() ? "sound" : "damaged", FormatCount(report.versions),
                      report.versions == 1 ? "version" : "versions", FormatCount(report.records));
  if (command.level > 1) {
    text += fmt::format("; {} of {} read", report.packs == 1 ? "1 pack" : FormatCount(report.packs) + " packs",
                        FormatBytes(report.bytes));
  }
  session.Print(text + "\n");
  if (report.left > 0) {
    session.Note(fmt::format("{} more to look at: the next call goes on with them", FormatCount(report.left)));
  }
  return exit_code;
}

absl::StatusOr<int> RunBackup(const std::string& folder, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const store::BackupReport report, api::BackupWorkspace(project, folder, session.MakeContext()));
  if (session.json()) {
    session.Print(ToText(Json{{"versions", report.versions},
                              {"copied", report.copied},
                              {"bytes", report.bytes},
                              {"kept", report.kept},
                              {"damages", report.damages}}));
  } else {
    std::string text;
    for (const std::string& damage : report.damages) text += fmt::format("not copied: {}\n", damage);
    session.Print(text + fmt::format("{} versions in {}: {} objects copied, {}; {} were there\n",
                                     FormatCount(report.versions), folder, FormatCount(report.copied),
                                     FormatBytes(report.bytes), FormatCount(report.kept)));
  }
  return report.damages.empty() ? 0 : kCheckSaidNo;
}

absl::StatusOr<int> RunRecover(Session& session) {
  TRY_ASSIGN(const api::RecoverResponse response,
             api::RecoverWorkspace(session.options().project, session.MakeContext()));
  const store::RecoverReport& data = response.data;
  if (session.json()) {
    session.Print(ToText(Json{{"versions", data.versions},
                              {"packs", data.packs},
                              {"records", data.records},
                              {"models", response.models},
                              {"unnamed_commits", data.unnamed_commits},
                              {"moved_to", data.moved_to},
                              {"damages", data.damages}}));
  } else {
    std::string text;
    for (const std::string& damage : data.damages) text += fmt::format("damaged: {}\n", damage);
    text +=
        fmt::format("recovered {} versions, {} records in {} packs, {} entries of models\n", FormatCount(data.versions),
                    FormatCount(data.records), FormatCount(data.packs), FormatCount(response.models));
    session.Print(text);
    if (!data.moved_to.empty()) session.Note(fmt::format("the damaged database is now {}", data.moved_to));
    session.Note("next: roost data verify");
  }
  return data.damages.empty() ? 0 : kCheckSaidNo;
}

void AddDataMaintenance(CLI::App& data, Session& session) {
  CLI::App* gc = data.add_subcommand("gc", "Find what no version needs; with --run, remove it");
  auto gc_options = std::make_shared<GcOptions>();
  gc->add_flag("--run", gc_options->run, "Do it; without this the command only says what it would do");
  gc->add_option("--grace", gc_options->grace, "Remove what a run found at least so long ago (default 24h, in S3 3d)")
      ->type_name("TIME");
  gc->footer("A run condemns what no version needs; a later one, after the grace, removes it.");
  gc->callback([gc_options, &session] { session.Finish(RunGc(*gc_options, session)); });

  CLI::App* verify = data.add_subcommand("verify", "Look for damage in the stored datasets and models");
  auto command = std::make_shared<VerifyCommand>();
  verify->add_option("NAME", command->dataset, "Only this dataset");
  verify
      ->add_option("--level", command->level,
                   "1: all that versions need is there; 2: also every byte; 3: also decode all (default 2)")
      ->check(CLI::Range(1, 3))
      ->type_name("LEVEL");
  verify->add_option("--budget", command->budget, "Stop after so long, say 10m; the next call goes on")
      ->type_name("TIME");
  verify->add_option("--repair-from", command->repair_from, "Replace what is damaged by what this backup has")
      ->type_name("FOLDER");
  verify->footer("Exit code 1 where damage was found that is not repaired.");
  verify->callback([command, &session] { session.Finish(RunVerify(*command, session)); });
}

}  // namespace

void AddMaintenanceCommands(CLI::App& app, Session& session) {
  AddDataMaintenance(*app.get_subcommand("data"), session);

  CLI::App* workspace = app.add_subcommand("workspace", "Where a project's data and models lie");
  workspace->require_subcommand(1);
  CLI::App* backup = workspace->add_subcommand("backup", "Copy what is missing in a backup of the workspace");
  auto folder = std::make_shared<std::string>();
  backup->add_option("FOLDER", *folder, "The backup; it is made where it is missing")->required();
  backup->footer("A backup is a workspace: point roost.yaml to it, or copy it to .roost.");
  backup->callback([folder, &session] { session.Finish(RunBackup(*folder, session)); });

  CLI::App* recover = workspace->add_subcommand("recover", "Make a lost database anew, from the stored objects");
  recover->callback([&session] { session.Finish(RunRecover(session)); });
}

}  // namespace roost::cli
