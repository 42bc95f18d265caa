#include <benchmark/benchmark.h>

#include <fmt/format.h>

#include "access/guard.h"

namespace roost::access {
namespace {

/// A request as curl sends it.
struct Request {
  std::string token = NewTokenText();
  std::string authorization = "Bearer " + token;
  net::HttpRequest request;

  explicit Request(bool with_token = true) {
    request.method = "POST";
    request.path = "/v1/models/late-flights:score";
    request.host = "localhost:8080";
    request.headers = {{"Host", "localhost:8080"}, {"User-Agent", "curl/7.88.1"}, {"Accept", "*/*"}};
    if (with_token) request.headers.push_back({"Authorization", authorization});
    request.headers.push_back({"Content-Length", "78"});
    request.headers.push_back({"Content-Type", "application/json"});
  }
};

Policy PolicyWith(const std::string& text, int others) {
  Policy policy;
  policy.tokens.push_back({.consumer = "web", .hash = Sha256(text), .created = absl::UnixEpoch()});
  for (int i = 0; i < others; ++i) {
    policy.tokens.push_back({.consumer = fmt::format("c{}", i), .hash = Sha256(fmt::format("t{}", i))});
  }
  return policy;
}

/// The greatest rate that there is, and a clock a thousand times as fast as the day's, which costs the same to read:
/// so as many calls come as in reality between two draws from the rate, and none is refused, however fast they come.
constexpr Rate kRate{.per_second = 1e6, .burst = 1e6};
int64_t FastNanos() {
  static const int64_t start = RateLimit::MonotonicNanos();
  return 1'000 * (RateLimit::MonotonicNanos() - start);
}

void Run(benchmark::State& state, const AccessControl& control, const Request& sent) {
  const net::Handler handler = Guard([](const net::HttpRequest&, net::HttpResponse&) {}, control);
  for (auto _ : state) {
    net::HttpResponse response;
    handler(sent.request, response);
    if (response.status != 200) return state.SkipWithError(response.body.c_str());
    benchmark::DoNotOptimize(response.notes.consumer.data());
  }
}

/// What is to be taken off the others: an answer that is made and nothing else.
void BM_NoGuard(benchmark::State& state) {
  const Request sent;
  const net::Handler handler = [](const net::HttpRequest&, net::HttpResponse&) {};
  for (auto _ : state) {
    net::HttpResponse response;
    handler(sent.request, response);
    benchmark::DoNotOptimize(response.notes.consumer.data());
  }
}
BENCHMARK(BM_NoGuard);

void BM_Token(benchmark::State& state) {
  const Request sent;
  const AccessControl control(PolicyWith(sent.token, 100));
  Run(state, control, sent);
}
BENCHMARK(BM_Token)->ThreadRange(1, 2);

void BM_TokenThatExpiresWithARate(benchmark::State& state) {
  const Request sent;
  Policy policy = PolicyWith(sent.token, 100);
  policy.tokens[0].expires = absl::FromUnixSeconds(4'000'000'000);
  policy.rate = kRate;
  const AccessControl control(policy, FastNanos);
  Run(state, control, sent);
}
BENCHMARK(BM_TokenThatExpiresWithARate);

void BM_Anonymous(benchmark::State& state) {
  const Request sent(false);
  Policy policy = PolicyWith("x", 0);
  policy.anonymous = Role::kInfer;
  const AccessControl control(policy);
  Run(state, control, sent);
}
BENCHMARK(BM_Anonymous);

/// The first call of a token on a thread: with its SHA-256.
void BM_LookUpWithoutTheCache(benchmark::State& state) {
  Policy policy;
  std::vector<std::string> texts;
  for (int i = 0; i < 10'000; ++i) {
    texts.push_back(NewTokenText());
    policy.tokens.push_back({.consumer = "c", .hash = Sha256(texts.back())});
  }
  const AccessControl control(policy);
  size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(control.FindToken(texts[next]));
    next = (next + 1) % texts.size();
  }
}
BENCHMARK(BM_LookUpWithoutTheCache);

void BM_TakeFromARate(benchmark::State& state) {
  static RateLimit limit(kRate, FastNanos);
  for (auto _ : state) {
    if (limit.Take() > absl::ZeroDuration()) return state.SkipWithError("the call was refused");
  }
}
BENCHMARK(BM_TakeFromARate)->ThreadRange(1, 2);

}  // namespace
}  // namespace roost::access
