#include "access/token_file.h"

#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/json.h"
#include "base/status.h"

namespace roost::access {
namespace {

constexpr std::string_view kFormat = "roost tokens";
constexpr int64_t kVersion = 1;
constexpr std::array<std::string_view, 6> kMembers{"consumer", "role", "sha256", "created", "expires", "revoked"};

Json TimeOrNull(const std::optional<absl::Time>& time) { return time.has_value() ? Json(FormatUtc(*time)) : Json(); }

/// Reads the members of one token; `place` goes before each message.
class TokenReader {
 public:
  TokenReader(const Json& json, std::string place) : json_(json), place_(std::move(place)) {}

  absl::StatusOr<Token> Read() const {
    if (!json_.is_object()) return Error("", "want an object");
    for (const auto& [name, value] : json_.items()) {
      if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end()) {
        return Error("", fmt::format("unknown member '{}'; there are {}", name, fmt::join(kMembers, ", ")));
      }
    }
    Token token;
    TRY_ASSIGN(token.consumer, Text("consumer"));
    if (const absl::Status bad = CheckConsumer(token.consumer); !bad.ok()) return Error("consumer", bad.message());
    TRY_ASSIGN(const std::string role, Text("role"));
    const absl::StatusOr<Role> parsed = ParseRole(role);
    if (!parsed.ok()) return Error("role", parsed.status().message());
    token.role = *parsed;
    TRY_ASSIGN(const std::string hash, Text("sha256"));
    const absl::StatusOr<Digest> digest = Digest::FromHex(hash);
    if (!digest.ok()) return Error("sha256", digest.status().message());
    token.hash = *digest;
    TRY_ASSIGN(token.created, Time("created"));
    TRY_ASSIGN(token.expires, OptionalTime("expires"));
    TRY_ASSIGN(token.revoked, OptionalTime("revoked"));
    return token;
  }

 private:
  absl::Status Error(std::string_view member, absl::string_view message) const {
    return absl::InvalidArgumentError(fmt::format("{}{}{}: {}", place_, member.empty() ? "" : ".", member,
                                                  std::string_view(message.data(), message.size())));
  }

  absl::StatusOr<std::string> Text(const char* member) const {
    const auto found = json_.find(member);
    if (found == json_.end() || !found->is_string()) return Error(member, "want a text");
    return found->get<std::string>();
  }

  absl::StatusOr<absl::Time> Time(const char* member) const {
    TRY_ASSIGN(const std::string text, Text(member));
    absl::Time time;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error) || time == absl::InfiniteFuture() ||
        time == absl::InfinitePast()) {
      return Error(member, fmt::format("'{}' is no time; want one as \"2026-11-30T12:00:00Z\"", text));
    }
    return absl::FromUnixMicros(absl::ToUnixMicros(time));
  }

  absl::StatusOr<std::optional<absl::Time>> OptionalTime(const char* member) const {
    const auto found = json_.find(member);
    if (found == json_.end() || found->is_null()) return std::nullopt;
    TRY_ASSIGN(const absl::Time time, Time(member));
    return time;
  }

  const Json& json_;
  const std::string place_;
};

absl::Status CheckHead(const Json& json, std::string_view path) {
  const auto error = [&](std::string_view message) {
    return WithHint(absl::InvalidArgumentError(fmt::format("{}: {}", path, message)),
                    "'roost token export > FILE' writes one");
  };
  if (!json.is_object() || json.value("format", Json()) != Json(std::string(kFormat))) {
    return error("this is no file of tokens: its 'format' is not \"roost tokens\"");
  }
  const Json version = json.value("version", Json());
  if (!version.is_number_integer()) return error("'version' is not a number");
  if (version.get<int64_t>() != kVersion) {
    return error(fmt::format("version {}; this program reads {}", version.get<int64_t>(), kVersion));
  }
  for (const auto& [name, value] : json.items()) {
    if (name != "format" && name != "version" && name != "tokens") {
      return error(fmt::format("unknown member '{}'; there are format, version, tokens", name));
    }
  }
  const auto tokens = json.find("tokens");
  return tokens != json.end() && tokens->is_array() ? absl::OkStatus() : error("'tokens' is not a list");
}

}  // namespace

std::string ToTokenFile(const std::vector<Token>& tokens) {
  std::string text = fmt::format(R"({{"format":"{}","version":{},"tokens":[)", kFormat, kVersion);
  std::string_view before = "\n";
  for (const Token& token : tokens) {
    text += before;
    text += ToLine(Json{{"consumer", token.consumer},
                        {"role", std::string(RoleName(token.role))},
                        {"sha256", token.hash.ToHex()},
                        {"created", FormatUtc(token.created)},
                        {"expires", TimeOrNull(token.expires)},
                        {"revoked", TimeOrNull(token.revoked)}});
    before = ",\n";
  }
  return text + "]}\n";
}

absl::StatusOr<std::vector<Token>> ParseTokenFile(std::string_view text, std::string_view path) {
  if (text.size() > kMaxTokenFileBytes) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {} is too much for a file of tokens", path, FormatBytes(static_cast<int64_t>(text.size()))));
  }
  TRY_ASSIGN(const Json json, ParseJson(text, path));
  TRY(CheckHead(json, path));
  std::vector<Token> tokens;
  std::set<Digest> hashes;
  for (const Json& element : json["tokens"]) {
    const std::string place = fmt::format("{}: tokens[{}]", path, tokens.size());
    TRY_ASSIGN(Token token, TokenReader(element, place).Read());
    if (!hashes.insert(token.hash).second) {
      return absl::InvalidArgumentError(fmt::format("{}: this token is there twice", place));
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace roost::access
