#include "api/tokens.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "access/token_file.h"
#include "base/status.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

absl::Time ToMicros(absl::Time time) { return absl::FromUnixMicros(absl::ToUnixMicros(time)); }

absl::StatusOr<access::Token> TokenOf(const registry::TokenRecord& record) {
  access::Token token{.consumer = record.consumer,
                      .hash = record.hash,
                      .created = record.created,
                      .expires = record.expires,
                      .revoked = record.revoked};
  const absl::StatusOr<access::Role> role = access::ParseRole(record.role);
  if (!role.ok()) {
    return absl::DataLossError(
        fmt::format("the token {} of '{}': {}", token.Id(), token.consumer, std::string(role.status().message())));
  }
  token.role = *role;
  return token;
}

}  // namespace

absl::StatusOr<CreatedToken> CreateToken(Project& project, const CreateTokenRequest& request, absl::Time now) {
  TRY(access::CheckConsumer(request.consumer));
  CreatedToken made{.text = access::NewTokenText()};
  made.token = {
      .consumer = request.consumer, .role = request.role, .hash = Sha256(made.text), .created = ToMicros(now)};
  if (request.lifetime.has_value()) made.token.expires = ToMicros(now + *request.lifetime);
  TRY_ASSIGN(registry::TokenLog log, registry::TokenLog::Open(project.store().database()));
  const registry::TokenRecord record{.hash = made.token.hash,
                                     .consumer = made.token.consumer,
                                     .role = std::string(access::RoleName(made.token.role)),
                                     .author = project.author(),
                                     .created = made.token.created,
                                     .expires = made.token.expires};
  TRY(log.Add(record, made.token.Id(), project.registry().audit()));
  return made;
}

absl::StatusOr<std::vector<TokenDescription>> ListTokens(Project& project) {
  TRY_ASSIGN(const registry::TokenLog log, registry::TokenLog::Open(project.store().database()));
  TRY_ASSIGN(const std::vector<registry::TokenRecord> records, log.List());
  std::vector<TokenDescription> descriptions;
  for (const registry::TokenRecord& record : records) {
    TRY_ASSIGN(access::Token token, TokenOf(record));
    descriptions.push_back({std::move(token), record.author});
  }
  return descriptions;
}

absl::StatusOr<std::vector<access::Token>> RevokeTokens(Project& project, const std::string& consumer_or_id,
                                                        absl::Time now) {
  TRY_ASSIGN(const std::vector<TokenDescription> all, ListTokens(project));
  std::vector<access::Token> going;
  std::vector<registry::RevokedToken> revoked;
  for (const auto& [token, author] : all) {
    if (!token.IsActive(now) || (token.consumer != consumer_or_id && token.Id() != consumer_or_id)) continue;
    going.push_back(token);
    going.back().revoked = ToMicros(now);
    revoked.push_back({token.hash, token.Id(), token.consumer});
  }
  if (going.empty()) {
    return WithHint(
        absl::NotFoundError(fmt::format("no active token of a consumer, or with the id, '{}'", consumer_or_id)),
        "'roost token list' shows them");
  }
  TRY_ASSIGN(registry::TokenLog log, registry::TokenLog::Open(project.store().database()));
  TRY(log.Revoke(revoked, project.author(), now, project.registry().audit()).status());
  return going;
}

absl::StatusOr<TokenSource> TokenSource::Open(Project* project, std::string file) {
  TokenSource source;
  source.file_ = std::move(file);
  if (!source.file_.empty() || project == nullptr) return source;
  TRY_ASSIGN(source.log_, registry::TokenLog::Open(project->store().database()));
  return source;
}

absl::StatusOr<std::vector<access::Token>> TokenSource::Read() const {
  std::vector<access::Token> tokens;
  if (!file_.empty()) {
    TRY_ASSIGN(const std::string text, table::ReadTextFile(file_));
    return access::ParseTokenFile(text, file_);
  }
  if (!log_.has_value()) return tokens;
  TRY_ASSIGN(const std::vector<registry::TokenRecord> records, log_->List());
  for (const registry::TokenRecord& record : records) {
    TRY_ASSIGN(access::Token token, TokenOf(record));
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace roost::api
