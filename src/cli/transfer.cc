// roost workspace copy, roost data push | pull

#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/transfer.h"
#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "cli/commands.h"

namespace roost::cli {
namespace {

constexpr char kPlaceHelp[] = "The folder of the project (or backup) whose workspace it is";

struct TransferOptions {
  std::string dataset;
  std::string place;
};

absl::StatusOr<int> RunCopy(const std::string& place, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::CopyWorkspaceResponse response, api::CopyWorkspace(project, place, session.MakeContext()));
  const store::CopyReport& data = response.data;
  if (session.json()) {
    session.Print(ToText(Json{{"objects_in", response.objects},
                              {"versions", data.versions},
                              {"models", response.models},
                              {"tokens", response.tokens},
                              {"copied", data.copied},
                              {"bytes", data.bytes}}));
    return 0;
  }
  session.Print(fmt::format("{}: {} versions, {} new entries of models, {} of tokens; {} objects copied, {}\n", place,
                            FormatCount(data.versions), FormatCount(response.models), FormatCount(response.tokens),
                            FormatCount(data.copied), FormatBytes(data.bytes)));
  session.Note(fmt::format("to go on there, give this project the 'workspace' of {}/roost.yaml", place));
  return 0;
}

using Transfer = absl::StatusOr<store::PushReport> (*)(api::Project& project, const std::string& dataset,
                                                       const std::string& place, const Context& context);

absl::StatusOr<int> RunTransfer(const TransferOptions& options, Transfer transfer, const char* done, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const store::PushReport report, transfer(project, options.dataset, options.place, session.MakeContext()));
  if (session.json()) {
    session.Print(ToText(Json{{"dataset", options.dataset},
                              {"versions", report.versions},
                              {"records", report.records},
                              {"bytes", report.bytes}}));
    return 0;
  }
  session.Print(fmt::format("{}: {} new {} {}; {} records, {}\n", options.dataset, FormatCount(report.versions),
                            report.versions == 1 ? "version" : "versions", done, FormatCount(report.records),
                            FormatBytes(report.bytes)));
  return 0;
}

void AddTransfer(CLI::App& data, const char* name, const char* what, Transfer transfer, const char* done,
                 Session& session) {
  CLI::App* command = data.add_subcommand(name, what);
  auto options = std::make_shared<TransferOptions>();
  command->add_option("NAME", options->dataset, "The dataset")->required();
  command->add_option("PLACE", options->place, kPlaceHelp)->required();
  command->footer(
      "All versions, branches, tags and aliases; only what is missing is sent. Where both sides have made\n"
      "versions of their own, nothing is changed.");
  command->callback(
      [options, transfer, done, &session] { session.Finish(RunTransfer(*options, transfer, done, session)); });
}

}  // namespace

void AddTransferCommands(CLI::App& app, Session& session) {
  CLI::App& data = *app.get_subcommand("data");
  AddTransfer(data, "push", "Bring a dataset to another workspace", &api::PushData, "sent", session);
  AddTransfer(data, "pull", "Bring a dataset from another workspace", &api::PullData, "fetched", session);

  CLI::App* copy = app.get_subcommand("workspace")->add_subcommand("copy", "Copy the workspace, only what is missing");
  auto place = std::make_shared<std::string>();
  copy->add_option("PLACE", *place, kPlaceHelp)->required();
  copy->footer(
      "Datasets, models with their aliases, and the tokens of consumers, of which only hashes are kept.\n"
      "The other workspace is made where it is missing; roost.yaml there says where: a folder or S3, SQLite or\n"
      "PostgreSQL. It may be an earlier state of this one, and nothing else.");
  copy->callback([place, &session] { session.Finish(RunCopy(*place, session)); });
}

}  // namespace roost::cli
