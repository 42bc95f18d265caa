// roost model promote | rollback | history | retire | delete

#include "cli/model_moves.h"

#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/format.h"
#include "base/status.h"
#include "cli/hooks.h"
#include "cli/model_consumers.h"
#include "cli/table_text.h"
#include "cli/time_span.h"

namespace roost::cli {
namespace {

constexpr char kNoReason[] = "no reason given";  // of a rollback: it must not wait for words

Json ToJson(const std::vector<registry::AliasMove>& moves) {
  Json json = Json::array();
  for (const registry::AliasMove& move : moves) json.push_back(cli::ToJson(move));
  return json;
}

std::string HowText(const registry::AliasMove& move) {
  if (move.to == 0) return "removed";
  return move.action == registry::AliasAction::kRollback ? "rolled back" : "set";
}

// Empty where it was not given. InvalidArgument for what is neither a number nor "none".
absl::StatusOr<std::optional<int64_t>> ParseExpected(const std::string& text) {
  if (text.empty()) return std::optional<int64_t>();
  if (text == "none") return std::optional<int64_t>(0);
  int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error == std::errc() && end == text.data() + text.size() && version > 0) return std::optional(version);
  return WithHint(absl::InvalidArgumentError(fmt::format("--expect '{}' is no version", text)),
                  "Write the number of the version where the alias must point now, or none.");
}

struct PromoteOptions {
  api::PromoteModelRequest request;
  std::string expected;
};

void PrintRelease(api::Project& project, const registry::Release& release, const std::string& model,
                  const std::string& alias, Session& session) {
  const registry::ModelVersion version{
      .name = model, .version = release.to, .manifest = {}, .author = "", .created = {}};
  if (session.json()) {
    session.Print(ToText(Json{{"model", model},
                              {"alias", alias},
                              {"from", release.from.has_value() ? Json(*release.from) : Json(nullptr)},
                              {"to", release.to},
                              {"changed", !release.moves.empty()},
                              {"moves", ToJson(release.moves)},
                              {"touched", TouchedJson(project, version)}}));
    return;
  }
  if (release.moves.empty()) {
    session.Print(fmt::format("{} of {} is version {} already: nothing to change\n", alias, model, release.to));
    return;
  }
  for (const registry::AliasMove& move : release.moves) {
    const std::string before = move.from.has_value() ? fmt::format(", was version {}", *move.from) : "";
    session.Print(fmt::format("{} of {}: version {}{}\n", move.alias, model, move.to, before));
  }
  PrintTouched(project, version, session);
}

absl::StatusOr<int> RunPromote(PromoteOptions options, Session& session) {
  if (options.request.reason.empty()) {
    return WithHint(absl::InvalidArgumentError("why? who moved an alias, when and why is kept"),
                    "Say it with --reason \"AUC 0.71 against 0.69 on May\".");
  }
  TRY_ASSIGN(options.request.expected, ParseExpected(options.expected));
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const registry::Release release, api::PromoteModel(project, options.request, session.MakeContext()));
  const std::string& reference = options.request.reference;
  PrintRelease(project, release, reference.substr(0, reference.find('@')), options.request.alias, session);
  SendHooks(project, session);
  return 0;
}

struct RollbackOptions {
  api::RollbackModelRequest request{.model = "", .to = {}, .expected = {}, .reason = kNoReason};
  std::string expected;
};

absl::StatusOr<int> RunRollback(RollbackOptions options, Session& session) {
  TRY_ASSIGN(options.request.expected, ParseExpected(options.expected));
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  const Context context = session.MakeContext();
  const absl::Time start = context.now();
  TRY_ASSIGN(const registry::Release release, api::RollbackModel(project, options.request, context));
  PrintRelease(project, release, options.request.model, registry::kChampion, session);
  SendHooks(project, session);
  if (session.json()) return 0;
  session.Note(
      fmt::format("rolled back from {}@{} in {}; servers that serve the alias follow within their "
                  "watch_seconds",
                  options.request.model, release.from.value_or(0), FormatElapsed(context.now() - start)));
  return 0;
}

struct HistoryOptions {
  api::ModelHistoryRequest request;
  std::string at;
};

absl::StatusOr<int> RunHistory(HistoryOptions options, Session& session) {
  if (!options.at.empty()) {
    TRY_ASSIGN(options.request.at, ParseInstant(options.at));
  }
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<registry::AliasMove> moves, api::ModelHistory(project, options.request));
  if (session.json()) {
    session.Print(ToText(ToJson(moves)));
    return 0;
  }
  if (moves.empty()) {
    session.Note(options.at.empty() ? "no alias was moved yet\nnext: roost model promote MODEL@VERSION --reason TEXT"
                                    : "no alias was set then");
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"alias", "move", "how", "from", "to", "when", "who", "why", "evidence"}};
  for (const registry::AliasMove& move : moves) {
    rows.push_back({move.alias, fmt::to_string(move.number), HowText(move),
                    move.from.has_value() ? fmt::format("@{}", *move.from) : "-",
                    move.to > 0 ? fmt::format("@{}", move.to) : "-", FormatUtcSeconds(move.moved), move.author,
                    move.reason, move.evidence.empty() ? "-" : move.evidence});
  }
  session.Print(AlignColumns(rows, "lrlllllll"));
  return 0;
}

absl::StatusOr<int> RunRetire(const api::RetireModelRequest& request, Session& session) {
  if (request.reason.empty()) {
    return WithHint(absl::InvalidArgumentError("why? who retired a version, or undid it, and why is kept"),
                    "Say it with --reason TEXT.");
  }
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::RetireModelResponse response, api::RetireModel(project, request, session.MakeContext()));
  SendHooks(project, session);
  const char* state = request.undo ? "active" : "retired";
  if (session.json()) {
    session.Print(ToText(Json{{"model", response.version.name},
                              {"version", response.version.version},
                              {"state", state},
                              {"changed", response.changed},
                              {"touched", TouchedJson(project, response.version)}}));
    return 0;
  }
  session.Print(fmt::format("{} is {}{}\n", response.version.ToString(), state, response.changed ? "" : " already"));
  if (response.changed) PrintTouched(project, response.version, session);
  return 0;
}

absl::StatusOr<int> RunDelete(const api::DeleteModelRequest& request, Session& session) {
  if (request.reason.empty() && !request.dry_run) {
    return WithHint(absl::InvalidArgumentError("why? who deleted a version, when and why is kept"),
                    "Say it with --reason TEXT.");
  }
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::DeleteModelResponse response, api::DeleteModel(project, request, session.MakeContext()));
  if (!request.dry_run) SendHooks(project, session);
  const bool may_go = response.referrers.empty();
  if (session.json()) {
    session.Print(ToText(Json{{"model", response.version.name},
                              {"version", response.version.version},
                              {"dry_run", request.dry_run},
                              {"referrers", response.referrers}}));
    return may_go ? 0 : kCheckSaidNo;
  }
  if (!request.dry_run) {
    session.Print(fmt::format("{} is deleted\n", response.version.ToString()));
    session.Note("its bytes go with the next collections of garbage: roost data gc --run");
    return 0;
  }
  session.Print(fmt::format("{} {} be deleted\n", response.version.ToString(), may_go ? "would" : "would not"));
  for (const std::string& referrer : response.referrers) session.Print(fmt::format("  {}\n", referrer));
  return may_go ? 0 : kCheckSaidNo;
}

void AddPromote(CLI::App& model, Session& session) {
  CLI::App* command = model.add_subcommand("promote", "Let an alias point at a version: it serves from now on");
  auto options = std::make_shared<PromoteOptions>();
  command->add_option("MODEL@VERSION", options->request.reference, "NAME@VERSION, NAME@ALIAS or NAME@latest")
      ->required();
  command->add_option("--alias", options->request.alias, "The alias; default: champion, and previous follows it")
      ->type_name("ALIAS");
  command->add_option("--reason", options->request.reason, "Why; it is kept in the history")->type_name("TEXT");
  command->add_option("--evidence", options->request.evidence, "What it stands on: a digest or a short text, kept too")
      ->type_name("TEXT");
  command
      ->add_option("--expect", options->expected, "Do it only if the alias points at this version now; none: nowhere")
      ->type_name("VERSION");
  command->add_flag("--override", options->request.override_gate, "Also where the gate refused it; that is kept");
  command->callback([options, &session] { session.Finish(RunPromote(*options, session)); });
}

void AddRollback(CLI::App& model, Session& session) {
  CLI::App* command = model.add_subcommand("rollback", "Take the champion back: the version before it serves again");
  auto options = std::make_shared<RollbackOptions>();
  command->add_option("MODEL", options->request.model, "The model")->required();
  command->add_option("--to", options->request.to, "Further back, to this version")
      ->check(CLI::PositiveNumber)
      ->type_name("VERSION");
  command->add_option("--reason", options->request.reason, "Why; it is kept in the history")->type_name("TEXT");
  command->add_option("--expect", options->expected, "Do it only if this version is the champion now")
      ->type_name("VERSION");
  command->footer("A second rollback goes one version further back, never forth again.");
  command->callback([options, &session] { session.Finish(RunRollback(*options, session)); });
}

void AddHistory(CLI::App& model, Session& session) {
  CLI::App* command = model.add_subcommand("history", "The moves of a model's aliases: who, when, why");
  auto options = std::make_shared<HistoryOptions>();
  command->add_option("MODEL", options->request.model, "The model")->required();
  command->add_option("--alias", options->request.alias, "Only of this alias")->type_name("ALIAS");
  command->add_option("--at", options->at, "What was in force at a time: 2001-05-31, 2001-05-31T12:00:00Z")
      ->type_name("TIME");
  command->callback([options, &session] { session.Finish(RunHistory(*options, session)); });
}

}  // namespace

Json ToJson(const registry::AliasMove& move) {
  return Json{{"model", move.model},
              {"alias", move.alias},
              {"number", move.number},
              {"how", move.to > 0 ? registry::ActionName(move.action) : "remove"},
              {"from", move.from.has_value() ? Json(*move.from) : Json(nullptr)},
              {"to", move.to > 0 ? Json(move.to) : Json(nullptr)},
              {"author", move.author},
              {"reason", move.reason},
              {"evidence", move.evidence},
              {"time", FormatUtc(move.moved)}};
}

void AddModelMoveCommands(CLI::App& model, Session& session) {
  AddPromote(model, session);
  AddRollback(model, session);
  AddHistory(model, session);

  CLI::App* retire = model.add_subcommand("retire", "No alias may come to point at a version, and latest passes it");
  auto retired = std::make_shared<api::RetireModelRequest>();
  retire->add_option("MODEL@VERSION", retired->reference, "The version, by its number")->required();
  retire->add_option("--reason", retired->reason, "Why; it is kept")->type_name("TEXT");
  retire->add_flag("--undo", retired->undo, "Let it serve again");
  retire->callback([retired, &session] { session.Finish(RunRetire(*retired, session)); });

  CLI::App* remove = model.add_subcommand("delete", "Delete a version that nothing refers to, for ever");
  auto deleted = std::make_shared<api::DeleteModelRequest>();
  remove->add_option("MODEL@VERSION", deleted->reference, "The version, by its number")->required();
  remove->add_option("--reason", deleted->reason, "Why; it is kept")->type_name("TEXT");
  remove->add_flag("--dry-run", deleted->dry_run, "Say what refers to it, and change nothing; 1: something does");
  remove->callback([deleted, &session] { session.Finish(RunDelete(*deleted, session)); });
}

}  // namespace roost::cli
