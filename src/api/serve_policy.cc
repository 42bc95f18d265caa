#include "api/serve_policy.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "access/bind_rule.h"

namespace roost::api {
namespace {

std::optional<access::Rate> RateOf(const config::RateLimits& limits) {
  if (!limits.per_second.has_value()) return std::nullopt;
  return access::Rate{.per_second = *limits.per_second,
                      .burst = limits.burst.value_or(std::max(1.0, *limits.per_second))};
}

bool AllowsAnonymous(const config::ServeConfig& config) {
  return config.anonymous.value_or(access::IsForThisMachine(config.host));
}

}  // namespace

config::ServeConfig WithFolder(config::ServeConfig config, const std::string& folder) {
  const auto resolve = [&](std::string& path) {
    if (!path.empty()) path = (std::filesystem::path(folder) / path).string();
  };
  resolve(config.tokens);
  if (config.access_log != "-") resolve(config.access_log);
  if (config.tls.has_value()) {
    for (std::string* path : {&config.tls->certificate, &config.tls->key, &config.tls->client_ca}) resolve(*path);
  }
  return config;
}

access::Policy PolicyOf(const config::ServeConfig& config, std::vector<access::Token> tokens) {
  access::Policy policy{.tokens = std::move(tokens), .rate = RateOf(config.rate), .hosts = config.hosts};
  for (const auto& [name, consumer] : config.consumers) {
    if (const std::optional<access::Rate> rate = RateOf(consumer); rate.has_value()) policy.rates[name] = *rate;
    if (!consumer.certificate.has_value()) continue;
    if (const auto role = access::ParseRole(*consumer.certificate); role.ok()) policy.certificates[name] = *role;
  }
  if (AllowsAnonymous(config)) policy.anonymous = access::AnonymousRole(config.host, config.hosts);
  policy.any_host = config.hosts.empty() && !access::IsForThisMachine(config.host);
  return policy;
}

absl::Status CheckServeBind(const config::ServeConfig& config, const access::Policy& policy, absl::Time now) {
  const bool has_token = std::any_of(policy.tokens.begin(), policy.tokens.end(),
                                     [&](const access::Token& token) { return token.IsActive(now); });
  const bool has_certificate = !policy.certificates.empty() && config.tls.has_value() && !config.tls->client_ca.empty();
  return access::CheckBind({.host = config.host,
                            .tls = config.tls.has_value(),
                            .has_callers = has_token || has_certificate,
                            .allow_anonymous = policy.anonymous.has_value(),
                            .allow_plaintext = config.plaintext});
}

std::string FixedWhileServing(const config::ServeConfig& before, const config::ServeConfig& after) {
  if (before.host != after.host) return "serve.host";
  if (before.port != after.port) return "serve.port";
  if (before.threads != after.threads) return "serve.threads";
  if (before.tls != after.tls) return "serve.tls";
  if (before.workers != after.workers) return "serve.workers";
  if (before.max_queue_ms != after.max_queue_ms) return "serve.max_queue_ms";
  if (before.access_log != after.access_log) return "serve.access_log";
  if (before.access_log_sample != after.access_log_sample) return "serve.access_log_sample";
  return "";
}

}  // namespace roost::api
