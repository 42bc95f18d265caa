#include "access/access_control.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace roost::access {
namespace {

Token TokenOf(const std::string& consumer, const std::string& text, Role role = Role::kInfer) {
  return {.consumer = consumer, .role = role, .hash = Sha256(text), .created = absl::UnixEpoch()};
}

TEST(AccessControl, FindsTokensByWhatWasSent) {
  Policy policy;
  for (int i = 0; i < 500; ++i) policy.tokens.push_back(TokenOf(fmt::format("c{}", i), fmt::format("token-{}", i)));
  policy.tokens.push_back(TokenOf("long", std::string(3'000, 'x')));
  const AccessControl control(policy);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 500; ++i) {
      const Caller* caller = control.FindToken(fmt::format("token-{}", i));
      ASSERT_NE(caller, nullptr);
      EXPECT_EQ(caller->name, fmt::format("c{}", i));
    }
    EXPECT_EQ(control.FindToken("token-500"), nullptr);
    EXPECT_EQ(control.FindToken("token-1 "), nullptr);
    EXPECT_EQ(control.FindToken(""), nullptr);
    EXPECT_EQ(control.FindToken(std::string(3'000, 'x'))->name, "long");
  }
}

TEST(AccessControl, ANewPolicyHoldsAtTheNextCallOfEachThread) {
  Policy policy;
  policy.tokens.push_back(TokenOf("web", "secret"));
  AccessControl control(policy);
  std::atomic<int> turn{0};
  std::thread other([&] {
    EXPECT_NE(control.FindToken("secret"), nullptr);
    turn = 1;
    while (turn != 2) std::this_thread::yield();
    EXPECT_EQ(control.FindToken("secret"), nullptr);
    EXPECT_EQ(control.FindToken("other")->name, "web2");
  });
  while (turn != 1) std::this_thread::yield();
  EXPECT_NE(control.FindToken("secret"), nullptr);
  policy.tokens = {TokenOf("web2", "other")};
  control.Replace(policy);
  turn = 2;
  other.join();
  EXPECT_EQ(control.FindToken("secret"), nullptr);
}

TEST(AccessControl, TwoControlsOnOneThreadDoNotMix) {
  Policy first, second;
  first.tokens.push_back(TokenOf("a", "one"));
  second.tokens.push_back(TokenOf("b", "two"));
  const AccessControl left(first), right(second);
  for (int i = 0; i < 3; ++i) {
    EXPECT_NE(left.FindToken("one"), nullptr);
    EXPECT_EQ(right.FindToken("one"), nullptr);
    EXPECT_NE(right.FindToken("two"), nullptr);
    EXPECT_EQ(left.FindToken("two"), nullptr);
  }
}

TEST(AccessControl, PoliciesChangeWhileThreadsCall) {
  Policy policy;
  policy.tokens = {TokenOf("always", "always"), TokenOf("sometimes", "sometimes")};
  policy.rate = Rate{.per_second = 1e6, .burst = 1e6};
  AccessControl control(policy);
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  std::atomic<int64_t> lost{0};
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        const Caller* caller = control.FindToken("always");
        if (caller == nullptr || caller->name != "always" || caller->limit == nullptr) ++lost;
        control.FindToken("sometimes");
      }
    });
  }
  for (int i = 0; i < 300; ++i) {
    policy.tokens.resize(1);
    control.Replace(policy);
    policy.tokens.push_back(TokenOf("sometimes", "sometimes"));
    control.Replace(policy);
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lost, 0);
}

TEST(AccessControl, TheRateOfAConsumerIsOneForItsTokensAndOutlivesAReload) {
  static int64_t now = 1'000'000'000;
  Policy policy;
  policy.tokens = {TokenOf("web", "one"), TokenOf("web", "two"), TokenOf("ops", "three")};
  policy.certificates = {{"web", Role::kInfer}};
  policy.rate = Rate{.per_second = 1, .burst = 2};
  policy.rates = {{"ops", {.per_second = 1, .burst = 5}}};
  AccessControl control(policy, [] { return now; });
  RateLimit* web = control.FindToken("one")->limit.get();
  EXPECT_EQ(control.FindToken("two")->limit.get(), web);
  EXPECT_EQ(control.FindCertificate("web")->limit.get(), web);
  EXPECT_EQ(control.FindToken("three")->limit->rate().burst, 5);
  EXPECT_EQ(web->Take(), absl::ZeroDuration());
  EXPECT_EQ(web->Take(), absl::ZeroDuration());
  policy.rates.clear();
  control.Replace(policy);
  EXPECT_GT(control.FindToken("one")->limit->Take(), absl::ZeroDuration()) << "what is used stays used";
  EXPECT_EQ(control.FindToken("three")->limit->rate().burst, 2);
  policy.rate.reset();
  control.Replace(policy);
  EXPECT_EQ(control.FindToken("one")->limit, nullptr);
}

TEST(AccessControl, KnowsItsHosts) {
  AccessControl control(Policy{.hosts = {"models.example.com"}});
  for (const char* host :
       {"", "localhost", "127.0.0.1:80", "[::1]:80", "LOCALHOST:1", "models.example.com:443", "Models.Example.com"}) {
    EXPECT_TRUE(control.IsOwnHost(host)) << host;
    EXPECT_TRUE(control.IsOwnHost(host)) << host;
  }
  const char* foreign[] = {"evil.example",         "localhost.evil.example:80", "10.0.0.1",
                           "a.models.example.com", "models.example.com.evil",   "models.example.com:80:80"};
  for (const char* host : foreign) EXPECT_FALSE(control.IsOwnHost(host)) << host;
  control.Replace(Policy{.hosts = {}, .any_host = true});
  for (const char* host : foreign) EXPECT_TRUE(control.IsOwnHost(host)) << host;
  control.Replace(Policy{});
  EXPECT_FALSE(control.IsOwnHost("models.example.com"));
}

TEST(AccessControl, KnowsItsOriginsAlsoWhereAnyHostWillDo) {
  const AccessControl control(Policy{.hosts = {"models.example.com"}, .any_host = true});
  for (const char* origin : {"", "http://localhost:3000", "https://models.example.com", "https://[::1]:1"}) {
    EXPECT_TRUE(control.IsOwnOrigin(origin)) << origin;
  }
  for (const char* origin : {"null", "https://example.com", "https://models.example.com.evil", "models.example.com",
                             "https://models.example.com@evil", "https://evil/#://localhost"}) {
    EXPECT_FALSE(control.IsOwnOrigin(origin)) << origin;
  }
}

}  // namespace
}  // namespace roost::access
