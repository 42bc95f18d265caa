// roost token create | list | revoke | export

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "access/token_file.h"
#include "api/tokens.h"
#include "base/format.h"
#include "base/status.h"
#include "base/time_span.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

constexpr int64_t kMostDays = 36'500;

/// How long a token is good. InvalidArgument beyond kMostDays, and for no time at all.
absl::StatusOr<absl::Duration> ParseLifetime(const std::string& text) {
  TRY_ASSIGN(const absl::Duration lifetime, ParseTimeSpan(text));
  if (lifetime > absl::ZeroDuration() && lifetime <= kMostDays * absl::Hours(24)) return lifetime;
  return WithHint(absl::InvalidArgumentError(fmt::format("a token cannot live for '{}'", text)),
                  fmt::format("Write a time up to {}d: --expires 90d.", kMostDays));
}

std::string StateOf(const access::Token& token, absl::Time now) {
  if (token.revoked.has_value()) return "revoked";
  return token.IsActive(now) ? "active" : "expired";
}

Json TimeOrNull(const std::optional<absl::Time>& time) { return time.has_value() ? Json(FormatUtc(*time)) : Json(); }

Json ToJson(const access::Token& token, absl::Time now) {
  return Json{{"id", token.Id()},
              {"consumer", token.consumer},
              {"role", std::string(access::RoleName(token.role))},
              {"created", FormatUtc(token.created)},
              {"expires", TimeOrNull(token.expires)},
              {"revoked", TimeOrNull(token.revoked)},
              {"state", StateOf(token, now)}};
}

struct CreateOptions {
  std::string consumer;
  std::string role = "infer";
  std::string expires;
};

absl::StatusOr<int> RunCreate(const CreateOptions& options, Session& session) {
  api::CreateTokenRequest request{.consumer = options.consumer};
  TRY_ASSIGN(request.role, access::ParseRole(options.role));
  if (!options.expires.empty()) {
    TRY_ASSIGN(request.lifetime, ParseLifetime(options.expires));
  }
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  const absl::Time now = absl::Now();
  TRY_ASSIGN(const api::CreatedToken made, api::CreateToken(project, request, now));
  if (session.json()) {
    Json json = ToJson(made.token, now);
    json["token"] = made.text;
    session.Print(ToText(json));
    return 0;
  }
  session.Print(made.text + "\n");
  const std::string end =
      made.token.expires.has_value() ? fmt::format("until {}", FormatUtcSeconds(*made.token.expires)) : "for ever";
  session.Note(
      fmt::format("token {} of '{}', role {}, good {}; it is shown this once\nclients send it as "
                  "'Authorization: Bearer TOKEN'",
                  made.token.Id(), made.token.consumer, access::RoleName(made.token.role), end));
  return 0;
}

absl::StatusOr<int> RunList(Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<api::TokenDescription> tokens, api::ListTokens(project));
  const absl::Time now = absl::Now();
  if (session.json()) {
    Json json = Json::array();
    for (const auto& [token, author] : tokens) {
      json.push_back(ToJson(token, now));
      json.back()["author"] = author;
    }
    session.Print(ToText(json));
    return 0;
  }
  if (tokens.empty()) {
    session.Note("no token yet\nnext: roost token create CONSUMER");
    return 0;
  }
  const auto time = [](const std::optional<absl::Time>& when) {
    return when.has_value() ? FormatUtcSeconds(*when) : std::string("-");
  };
  std::vector<std::vector<std::string>> rows{
      {"token", "consumer", "role", "state", "made", "by", "expires", "revoked"}};
  for (const auto& [token, author] : tokens) {
    rows.push_back({token.Id(), token.consumer, std::string(access::RoleName(token.role)), StateOf(token, now),
                    FormatUtcSeconds(token.created), author, time(token.expires), time(token.revoked)});
  }
  session.Print(AlignColumns(rows, "llllllll"));
  return 0;
}

absl::StatusOr<int> RunRevoke(const std::string& name, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  const absl::Time now = absl::Now();
  TRY_ASSIGN(const std::vector<access::Token> revoked, api::RevokeTokens(project, name, now));
  if (session.json()) {
    Json json = Json::array();
    for (const access::Token& token : revoked) json.push_back(ToJson(token, now));
    session.Print(ToText(json));
    return 0;
  }
  for (const access::Token& token : revoked) {
    session.Print(fmt::format("token {} of '{}' is revoked\n", token.Id(), token.consumer));
  }
  session.Note("servers of this workspace refuse it within a second or so; those with a file need a new export");
  return 0;
}

absl::StatusOr<int> RunExport(Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const std::vector<api::TokenDescription> descriptions, api::ListTokens(project));
  std::vector<access::Token> tokens;
  for (const auto& [token, author] : descriptions) tokens.push_back(token);
  session.Print(access::ToTokenFile(tokens));
  return 0;
}

}  // namespace

void AddTokenCommands(CLI::App& app, Session& session) {
  CLI::App* token = app.add_subcommand("token", "Who may call 'roost serve': the tokens of consumers");
  token->require_subcommand(1);

  CLI::App* create = token->add_subcommand("create", "Make a token for a consumer, and show it this once");
  auto options = std::make_shared<CreateOptions>();
  create->add_option("CONSUMER", options->consumer, "Who calls: a service or a person")->required();
  Offer(
      create->add_option("--role", options->role, "infer (default), read (statistics and metrics too) or admin (all)"),
      {"infer", "read", "admin"})
      ->type_name("ROLE");
  create->add_option("--expires", options->expires, "How long it is good: 90d, 12h, 30m; default: for ever")
      ->type_name("TIME");
  create->callback([options, &session] { session.Finish(RunCreate(*options, session)); });

  CLI::App* list = token->add_subcommand("list", "All tokens, without their secret");
  list->callback([&session] { session.Finish(RunList(session)); });

  CLI::App* revoke = token->add_subcommand("revoke", "Refuse a token, or all of a consumer, from now on");
  auto name = std::make_shared<std::string>();
  revoke->add_option("CONSUMER-OR-ID", *name, "A consumer, or the id of a token")->required();
  revoke->callback([name, &session] { session.Finish(RunRevoke(*name, session)); });

  CLI::App* exported = token->add_subcommand("export", "The tokens as a file for 'roost serve --tokens', hashes only");
  exported->callback([&session] { session.Finish(RunExport(session)); });
}

}  // namespace roost::cli
