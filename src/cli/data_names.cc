// roost data branch | tag | alias | delete, and what the log shows of names

#include "cli/data_names.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/status.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

using store::NameAction;
using store::NameChange;
using store::NameKind;
using store::NameMove;

std::string VersionText(const std::string& dataset, std::optional<int64_t> version) {
  return version.has_value() ? fmt::format("{}@{}", dataset, *version) : "-";
}

Json ToJson(std::optional<int64_t> version) { return version.has_value() ? Json(*version) : Json(nullptr); }

Json ToJson(const NameMove& move) {
  return Json{{"dataset", move.dataset},         {"name", move.name},
              {"kind", ToString(move.kind)},     {"number", move.number},
              {"action", ToString(move.action)}, {"from", ToJson(move.from)},
              {"to", ToJson(move.to)},           {"protected", move.is_protected},
              {"author", move.author},           {"reason", move.reason},
              {"time", FormatUtc(move.time)}};
}

/// The names of a version, tags and aliases with their kind: "main, tag v1.0".
std::string NamesText(int64_t version, const std::vector<NameMove>& names) {
  std::string text;
  for (const NameMove& name : names) {
    if (name.to != version) continue;
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ",
                        name.kind == NameKind::kBranch ? "" : ToString(name.kind) + " ", name.name);
  }
  return text;
}

std::string ParentsText(const store::CommitInfo& version, const api::DataNames& names) {
  std::string text;
  for (const Digest& parent : version.parents) {
    const auto number = names.numbers.find(parent.ToHex());
    text +=
        fmt::format("{}{}", text.empty() ? "" : ", ",
                    number == names.numbers.end() ? parent.ToHex().substr(0, 12) : fmt::format("@{}", number->second));
  }
  return text;
}

/// Whether each version follows the one before, all on one branch.
bool IsPlain(const std::vector<store::CommitInfo>& versions, const api::DataNames& names) {
  return std::all_of(versions.begin(), versions.end(), [&](const store::CommitInfo& version) {
    return version.parents.empty() || ParentsText(version, names) == fmt::format("@{}", version.version - 1);
  });
}

struct ChangeOptions {
  api::ChangeNameRequest request;
  std::string said;  // what to say where it is done: "made", "moved"
};

absl::StatusOr<int> RunChange(const ChangeOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::optional<NameMove> move, api::ChangeName(project, options.request, session.MakeContext()));
  const std::string who =
      fmt::format("{} '{}' of {}", ToString(options.request.kind), options.request.name, options.request.dataset);
  if (session.json()) {
    session.Print(ToText(Json{{"changed", move.has_value()}, {"move", move.has_value() ? ToJson(*move) : Json()}}));
  } else if (!move.has_value()) {
    session.Print(fmt::format("{}: nothing to change\n", who));
  } else if (move->action != NameAction::kSet) {
    session.Print(fmt::format("{}: {}\n", who, options.said));
  } else if (move->from.has_value()) {
    session.Print(fmt::format("{}: moved from version {} to {}\n", who, *move->from, *move->to));
  } else {
    session.Print(fmt::format("{}: made at version {}\n", who, *move->to));
  }
  return 0;
}

absl::StatusOr<int> RunList(const std::string& dataset, NameKind kind, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(api::DataNames all, api::NamesOf(project, dataset));
  std::erase_if(all.names, [&](const NameMove& name) { return name.kind != kind; });
  if (session.json()) {
    Json json = Json::array();
    for (const NameMove& name : all.names) json.push_back(ToJson(name));
    session.Print(ToText(json));
    return 0;
  }
  if (all.names.empty()) {
    session.Note(fmt::format("{} has no {} yet", dataset, ToString(kind)));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{ToString(kind), "version", "since", "who", "why"}};
  for (const NameMove& name : all.names) {
    rows.push_back({name.name + (name.is_protected ? " (protected)" : ""), VersionText(dataset, name.to),
                    name.author.empty() ? "" : FormatUtcSeconds(name.time), name.author, name.reason});
  }
  session.Print(AlignColumns(rows, "lllll"));
  return 0;
}

absl::StatusOr<int> RunHistory(const std::string& dataset, const std::string& name, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<NameMove> moves, api::NameHistory(project, dataset, name));
  if (session.json()) {
    Json json = Json::array();
    for (const NameMove& move : moves) json.push_back(ToJson(move));
    session.Print(ToText(json));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"move", "what", "from", "to", "when", "who", "why"}};
  for (const NameMove& move : moves) {
    rows.push_back({fmt::format("{}", move.number), ToString(move.action), VersionText(dataset, move.from),
                    VersionText(dataset, move.to), FormatUtcSeconds(move.time), move.author, move.reason});
  }
  session.Print(AlignColumns(rows, "rllllll"));
  return 0;
}

absl::StatusOr<int> RunDelete(const api::DeleteDataRequest& request, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::DeleteDataResponse response, api::DeleteData(project, request, session.MakeContext()));
  if (session.json()) {
    Json names = Json::array();
    for (const NameMove& name : response.names) names.push_back(ToJson(name));
    session.Print(ToText(Json{{"dry_run", request.dry_run},
                              {"versions", response.versions},
                              {"names", std::move(names)},
                              {"models", response.models}}));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{
      {request.dry_run ? "would be deleted" : "deleted", fmt::format("{}", fmt::join(response.versions, ", "))}};
  for (const NameMove& name : response.names) {
    rows.push_back(
        {fmt::format("{} {}", request.all_versions ? "with it" : "kept by", ToString(name.kind)), name.name});
  }
  for (const std::string& model : response.models) rows.push_back({"trained on it", model});
  session.Print(AlignColumns(rows, "ll"));
  if (!request.dry_run) session.Note("Their bytes go with the next collection of garbage.");
  return 0;
}

using Options = std::shared_ptr<ChangeOptions>;

/// A command that changes a name of this kind.
Options AddChange(CLI::App& group, const char* name, const char* description, NameKind kind, NameAction action,
                  const char* said, Session& session, CLI::App** command) {
  *command = group.add_subcommand(name, description);
  auto options = std::make_shared<ChangeOptions>();
  options->request.kind = kind;
  options->request.action = action;
  options->said = said;
  (*command)->add_option("DATASET", options->request.dataset, "The dataset")->required();
  (*command)->add_option("NAME", options->request.name, "The name")->required();
  (*command)->add_option("--why", options->request.reason, "The reason; it is kept in the name's history");
  (*command)->callback([options, &session] { session.Finish(RunChange(*options, session)); });
  return options;
}

void AddExpect(CLI::App& command, const Options& options) {
  command
      .add_option("--expect", options->request.expected, "Do it only if the name is at this version now; 0: nowhere")
      ->check(CLI::NonNegativeNumber)
      ->type_name("VERSION");
}

void AddForce(CLI::App& command, const Options& options, const char* description) {
  command.add_flag("--force", options->request.force, description);
}

/// list and history, which all kinds of names have.
void AddLooks(CLI::App& group, NameKind kind, Session& session) {
  CLI::App* list = group.add_subcommand("list", fmt::format("Each {} of a dataset", ToString(kind)));
  auto dataset = std::make_shared<std::string>();
  list->add_option("DATASET", *dataset, "The dataset")->required();
  list->callback([dataset, kind, &session] { session.Finish(RunList(*dataset, kind, session)); });

  CLI::App* history = group.add_subcommand("history", "The moves of a name: who, when, why");
  auto name = std::make_shared<std::string>();
  history->add_option("DATASET", *dataset, "The dataset")->required();
  history->add_option("NAME", *name, "The name")->required();
  history->callback([dataset, name, &session] { session.Finish(RunHistory(*dataset, *name, session)); });
}

void AddBranchCommands(CLI::App& data, Session& session) {
  CLI::App* branch = data.add_subcommand("branch", "Lines of versions beside main");
  branch->require_subcommand(1);
  CLI::App* command = nullptr;
  Options create =
      AddChange(*branch, "create", "Make a branch", NameKind::kBranch, NameAction::kSet, "made", session, &command);
  create->request.before = NameChange::Before::kNew;
  command->add_option("--from", create->request.target, "A version's number or name; else the head of main")
      ->type_name("VERSION");
  command->footer("Then: roost data add DATASET FILE… --branch NAME");

  Options move = AddChange(*branch, "move", "Let a branch mean another version", NameKind::kBranch, NameAction::kSet,
                           "moved", session, &command);
  move->request.before = NameChange::Before::kThere;
  command->add_option("VERSION", move->request.target, "A version's number or name")->required();
  AddExpect(*command, move);
  AddForce(*command, move, "Also where it is protected, or where versions are no longer on it");

  Options remove = AddChange(*branch, "delete", "Take a branch's name away; its versions stay", NameKind::kBranch,
                             NameAction::kDelete, "deleted; its versions stay in the dataset", session, &command);
  AddExpect(*command, remove);
  AddForce(*command, remove, "Also where it is protected");

  AddChange(*branch, "protect", "Let it refuse commits and moves", NameKind::kBranch, NameAction::kProtect, "protected",
            session, &command);
  AddChange(*branch, "unprotect", "Let it take commits and moves again", NameKind::kBranch, NameAction::kUnprotect,
            "no longer protected", session, &command);
  AddLooks(*branch, NameKind::kBranch, session);
}

void AddTagCommands(CLI::App& data, Session& session) {
  CLI::App* tag = data.add_subcommand("tag", "Names of versions that never move");
  tag->require_subcommand(1);
  CLI::App* command = nullptr;
  Options create = AddChange(*tag, "create", "Give a version a name for good", NameKind::kTag, NameAction::kSet, "made",
                             session, &command);
  create->request.before = NameChange::Before::kNew;
  command->add_option("--from", create->request.target, "A version's number or name; else the head of main")
      ->type_name("VERSION");
  Options remove =
      AddChange(*tag, "delete", "Take a tag away", NameKind::kTag, NameAction::kDelete, "deleted", session, &command);
  AddForce(*command, remove, "Needed: a tag is made to stay");
  AddLooks(*tag, NameKind::kTag, session);
}

void AddAliasCommands(CLI::App& data, Session& session) {
  CLI::App* alias = data.add_subcommand("alias", "Names of versions that people move");
  alias->require_subcommand(1);
  CLI::App* command = nullptr;
  Options set =
      AddChange(*alias, "set", "Make or move an alias", NameKind::kAlias, NameAction::kSet, "set", session, &command);
  command->add_option("VERSION", set->request.target, "A version's number or name")->required();
  command->get_option("--why")->required();
  AddExpect(*command, set);
  Options remove = AddChange(*alias, "delete", "Take an alias away", NameKind::kAlias, NameAction::kDelete, "deleted",
                             session, &command);
  AddExpect(*command, remove);
  AddLooks(*alias, NameKind::kAlias, session);
}

}  // namespace

void AddNameCommands(CLI::App& data, Session& session) {
  AddBranchCommands(data, session);
  AddTagCommands(data, session);
  AddAliasCommands(data, session);

  CLI::App* remove = data.add_subcommand("delete", "Delete a version, or a dataset");
  auto options = std::make_shared<api::DeleteDataRequest>();
  remove->add_option("DATASET", options->reference, "NAME@VERSION, or NAME with --all-versions")->required();
  remove->add_option("--why", options->reason, "The reason; it stays where the version was");
  remove->add_flag("--all-versions", options->all_versions, "The whole dataset with its branches, tags and aliases");
  remove->add_flag("-n,--dry-run", options->dry_run, "Say what would go and what keeps it, delete nothing");
  remove->add_flag("-f,--force", options->force, "Also where models were trained on it, or a branch is protected");
  remove->footer("What only the version needs is on disk until the next collection of garbage.");
  remove->callback([options, &session] { session.Finish(RunDelete(*options, session)); });
}

void AddNamesToJson(const store::CommitInfo& version, const api::DataNames& names, Json& json) {
  Json called = Json::array();
  for (const NameMove& name : names.names) {
    if (name.to == version.version) called.push_back(Json{{"name", name.name}, {"kind", ToString(name.kind)}});
  }
  Json parents = Json::array();
  for (const Digest& parent : version.parents) {
    const auto number = names.numbers.find(parent.ToHex());
    parents.push_back(
        Json{{"version", number == names.numbers.end() ? Json() : Json(number->second)}, {"digest", parent.ToHex()}});
  }
  Json attachments = Json::object();
  for (const auto& [name, id] : version.attachments) attachments[name] = id.ToHex();
  json["branch"] = version.branch;
  json["names"] = std::move(called);
  json["parents"] = std::move(parents);
  json["provenance"] = version.provenance;
  json["attachments"] = std::move(attachments);
}

Json DeletedToJson(const store::DeletedVersion& deleted) {
  return Json{
      {"dataset", deleted.dataset},
      {"version", deleted.version},
      {"digest", deleted.commit.ToHex()},
      {"deleted", Json{{"author", deleted.author}, {"reason", deleted.reason}, {"time", FormatUtc(deleted.time)}}}};
}

void AddNamesToLog(const std::vector<store::CommitInfo>& versions, const api::DataNames& names, bool with_deleted,
                   std::vector<std::vector<std::string>>& rows, std::string& align) {
  const bool with_names = names.names.size() > 1;
  const bool with_parents = !IsPlain(versions, names);
  // A deleted version has its place among those that are there; the last columns of a log are when, who and message.
  size_t row = 1;
  auto deleted = names.deleted.begin();
  if (with_names) rows[0].insert(rows[0].begin() + 1, "names");
  if (with_parents) rows[0].insert(rows[0].begin() + 1, "after");
  align.insert(1, std::string(size_t{with_names} + size_t{with_parents}, 'l'));
  const auto insert_deleted = [&](int64_t above) {
    for (; with_deleted && deleted != names.deleted.end() && deleted->version > above; ++deleted, ++row) {
      std::vector<std::string> cells(rows[0].size());
      cells[0] = VersionText(deleted->dataset, deleted->version);
      cells[1] = "deleted";
      cells[cells.size() - 3] = FormatUtcSeconds(deleted->time);
      cells[cells.size() - 2] = deleted->author;
      cells[cells.size() - 1] = deleted->reason;
      rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(row), std::move(cells));
    }
  };
  for (const store::CommitInfo& version : versions) {
    insert_deleted(version.version);
    std::vector<std::string>& cells = rows[row++];
    if (with_names) cells.insert(cells.begin() + 1, NamesText(version.version, names.names));
    if (with_parents) cells.insert(cells.begin() + 1, ParentsText(version, names));
  }
  insert_deleted(0);
}

std::vector<std::vector<std::string>> NameFacts(const store::CommitInfo& version, const api::DataNames& names) {
  std::vector<std::vector<std::string>> facts;
  const std::string called = NamesText(version.version, names.names);
  const std::string parents = ParentsText(version, names);
  if (version.branch != store::kMainBranch) facts.push_back({"branch", version.branch});
  if (!called.empty()) facts.push_back({"names", called});
  if (!parents.empty()) facts.push_back({"after", parents});
  std::string attachments;
  for (const auto& [name, id] : version.attachments) attachments += (attachments.empty() ? "" : ", ") + name;
  if (!attachments.empty()) facts.push_back({"attached", attachments});
  return facts;
}

}  // namespace roost::cli
