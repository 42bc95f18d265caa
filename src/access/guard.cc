#include "access/guard.h"

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "access/needed_role.h"
#include "access/refusal.h"
#include "base/format.h"
#include "base/status.h"

namespace roost::access {
namespace {

using net::HttpRequest;
using net::HttpResponse;

/// Microseconds since 1970, to the system's tick of a few milliseconds: a fifth of the cost of the exact time.
int64_t RoughNowMicros() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

/// What follows "Bearer "; nothing where the header is of another scheme, which is not for this server.
std::optional<std::string_view> BearerToken(const HttpRequest& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::optional<std::string_view> field = request.Header("authorization");
  if (!field.has_value() || !net::EqualIgnoringCase(field->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const size_t begin = field->find_first_not_of(' ', kScheme.size());
  return begin == std::string_view::npos ? std::string_view() : field->substr(begin);
}

Refusal NotKnown(std::string_view token) {
  if (!IsTokenText(token)) {
    return {WithHint(absl::UnauthenticatedError("this is no token: it is cut, mistyped or of another system"),
                     "a token is roost_ with 49 letters and digits after it"),
            {}};
  }
  return {WithHint(absl::UnauthenticatedError("the token is not known to this server"),
                   "'roost token list' shows those that are; new ones are known within a second or so"),
          {}};
}

Refusal NotActive(const Caller& caller) {
  const std::string what = caller.revoked.has_value()
                               ? fmt::format("was revoked at {}", FormatUtcSeconds(*caller.revoked))
                               : fmt::format("expired at {}", FormatUtcSeconds(*caller.expires));
  return {WithHint(absl::UnauthenticatedError(fmt::format("the token of '{}' {}", caller.name, what)),
                   fmt::format("'roost token create {}' makes a new one", caller.name)),
          {}};
}

Refusal NeedsToken(Role role) {
  return {WithHint(absl::UnauthenticatedError(fmt::format("this call needs a token of the role {}", RoleName(role))),
                   fmt::format("send 'Authorization: Bearer TOKEN'; 'roost token create CONSUMER --role {}' makes one",
                               RoleName(role))),
          {}};
}

Refusal NeedsRole(const Caller& caller, Role role) {
  return {WithHint(absl::PermissionDeniedError(fmt::format("consumer '{}' has the role {}; this call needs {}",
                                                           caller.name, RoleName(caller.role), RoleName(role))),
                   fmt::format("use a token of that role; 'roost token create {} --role {}' makes one", caller.name,
                               RoleName(role))),
          {}};
}

Refusal BeyondRate(const Caller& caller, absl::Duration wait) {
  const Rate& rate = caller.limit->rate();
  return {WithHint(absl::ResourceExhaustedError(fmt::format("{} may make {} calls a second, and {} at once",
                                                            caller.name == kAnonymous
                                                                ? "all callers without a token together"
                                                                : fmt::format("consumer '{}'", caller.name),
                                                            FormatNumber(rate.per_second), FormatNumber(rate.burst))),
                   fmt::format("try again in {}", absl::FormatDuration(absl::Ceil(wait, absl::Milliseconds(1))))),
          wait};
}

/// Who calls, or why it is not said.
struct Identity {
  const Caller* caller = nullptr;
  std::optional<Refusal> refusal;
};

Identity Identify(const HttpRequest& request, const AccessControl& control) {
  if (const std::optional<std::string_view> token = BearerToken(request); token.has_value()) {
    const Caller* caller = control.FindToken(*token);
    if (caller == nullptr) return {nullptr, NotKnown(*token)};
    const bool is_over = caller->expires.has_value() && RoughNowMicros() >= caller->expires_us;
    if (is_over || caller->revoked.has_value()) return {nullptr, NotActive(*caller)};
    return {caller, {}};
  }
  if (!request.peer_name.empty()) {
    if (const Caller* caller = control.FindCertificate(request.peer_name); caller != nullptr) return {caller, {}};
  }
  return {control.anonymous(), {}};
}

std::optional<Refusal> Check(const HttpRequest& request, const AccessControl& control, std::string& consumer) {
  const std::optional<Role> needed = NeededRole(request.method, request.path);
  if (!needed.has_value()) return std::nullopt;
  if (!control.IsOwnHost(request.host)) {
    return Refusal{WithHint(absl::PermissionDeniedError("the host of this call is not one of this server's"),
                            "call localhost, or a name that serve.hosts in roost.yaml lists"),
                   {}};
  }
  const Identity identity = Identify(request, control);
  if (identity.refusal.has_value()) return identity.refusal;
  const Caller* caller = identity.caller;
  const bool is_known = caller != nullptr && caller->name != kAnonymous;
  if (is_known) consumer = caller->name;
  if (caller == nullptr || caller->role < *needed) return is_known ? NeedsRole(*caller, *needed) : NeedsToken(*needed);
  if (*needed == Role::kAdmin && !control.IsOwnOrigin(request.Header("origin").value_or(""))) {
    return Refusal{absl::PermissionDeniedError("pages of other sites may not change what is served"), {}};
  }
  if (caller->limit == nullptr) return std::nullopt;
  const absl::Duration wait = caller->limit->Take();
  if (wait > absl::ZeroDuration()) return BeyondRate(*caller, wait);
  return std::nullopt;
}

}  // namespace

net::Handler Guard(net::Handler next, const AccessControl& control) {
  return [next = std::move(next), &control](const HttpRequest& request, HttpResponse& response) {
    const std::optional<Refusal> refusal = Check(request, control, response.notes.consumer);
    if (refusal.has_value()) return Refuse(*refusal, request, response);
    next(request, response);
  };
}

}  // namespace roost::access
