#include "api/serve_policy.h"

#include <gtest/gtest.h>

namespace roost::api {
namespace {

using access::Role;

const absl::Time kNow = absl::FromUnixSeconds(1'000);

TEST(ServePolicy, ByDefaultThisMachineMayDoAll) {
  const access::Policy policy = PolicyOf({}, {});
  EXPECT_EQ(policy.anonymous, Role::kAdmin);
  EXPECT_FALSE(policy.any_host);
  EXPECT_TRUE(CheckServeBind({}, policy, kNow).ok());
  EXPECT_EQ(PolicyOf({.anonymous = false}, {}).anonymous, std::nullopt);
}

TEST(ServePolicy, OtherMachinesNeedTokens) {
  config::ServeConfig config{.host = "0.0.0.0", .plaintext = true};
  EXPECT_EQ(PolicyOf(config, {}).anonymous, std::nullopt);
  EXPECT_TRUE(PolicyOf(config, {}).any_host);
  EXPECT_FALSE(CheckServeBind(config, PolicyOf(config, {}), kNow).ok());
  const access::Token over{.consumer = "web", .expires = kNow};
  EXPECT_FALSE(CheckServeBind(config, PolicyOf(config, {over}), kNow).ok()) << "one that has expired is none";
  EXPECT_TRUE(CheckServeBind(config, PolicyOf(config, {over}), kNow - absl::Seconds(1)).ok());
  config.anonymous = true;
  EXPECT_EQ(PolicyOf(config, {}).anonymous, Role::kInfer);
  EXPECT_TRUE(CheckServeBind(config, PolicyOf(config, {}), kNow).ok());
  config.hosts = {"models.example.com"};
  EXPECT_FALSE(PolicyOf(config, {}).any_host);
}

TEST(ServePolicy, CertificatesAreCallersUnderMutualTls) {
  config::ServeConfig config{.host = "::", .tls = config::TlsFiles{"c", "k", ""}};
  config.consumers["fleet"].certificate = "read";
  EXPECT_EQ(PolicyOf(config, {}).certificates.at("fleet"), Role::kRead);
  EXPECT_FALSE(CheckServeBind(config, PolicyOf(config, {}), kNow).ok());
  config.tls->client_ca = "ca";
  EXPECT_TRUE(CheckServeBind(config, PolicyOf(config, {}), kNow).ok());
}

TEST(ServePolicy, RatesHaveABurst) {
  config::ServeConfig config;
  config.rate.per_second = 50;
  config.consumers["slow"].per_second = 0.1;
  config.consumers["web"].per_second = 5;
  config.consumers["web"].burst = 20;
  config.consumers["fleet"].certificate = "infer";
  const access::Policy policy = PolicyOf(config, {});
  EXPECT_EQ(policy.rate, (access::Rate{50, 50}));
  EXPECT_EQ(policy.rates.at("slow"), (access::Rate{0.1, 1}));
  EXPECT_EQ(policy.rates.at("web"), (access::Rate{5, 20}));
  EXPECT_FALSE(policy.rates.contains("fleet"));
}

TEST(ServePolicy, FilesAreRelativeToTheProject) {
  const config::ServeConfig config =
      WithFolder({.tls = config::TlsFiles{"c.pem", "/etc/k.pem", ""}, .tokens = "t"}, "/p");
  EXPECT_EQ(config.tls, (config::TlsFiles{"/p/c.pem", "/etc/k.pem", ""}));
  EXPECT_EQ(config.tokens, "/p/t");
  EXPECT_EQ(WithFolder({}, "/p").tokens, "");
}

TEST(ServePolicy, TellsWhatNeedsARestart) {
  const config::ServeConfig before;
  EXPECT_EQ(FixedWhileServing(before, before), "");
  EXPECT_EQ(FixedWhileServing(before, {.host = "::1"}), "serve.host");
  EXPECT_EQ(FixedWhileServing(before, {.port = 1}), "serve.port");
  EXPECT_EQ(FixedWhileServing(before, {.threads = 3}), "serve.threads");
  EXPECT_EQ(FixedWhileServing(before, {.tls = config::TlsFiles{"a", "b", ""}}), "serve.tls");
  EXPECT_EQ(FixedWhileServing(before, {.hosts = {"a"}, .watch_seconds = 5}), "");
}

}  // namespace
}  // namespace roost::api
