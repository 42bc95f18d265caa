#include <benchmark/benchmark.h>

#include "telemetry/observe.h"

namespace roost::telemetry {
namespace {

/// What Observe adds to a request: the handler does nothing but fill in the notes. Argument 0: with the log (to
/// /dev/null); argument 1: the client has sent an id and a trace.
void BM_Observe(benchmark::State& state) {
  serving::ModelManager models;
  Traffic traffic(models);
  auto log = AccessLog::Open({.path = "/dev/null", .sample = 1, .tell = nullptr});
  if (!log.ok()) return state.SkipWithError(std::string(log.status().message()).c_str());
  const net::Handler handler = Observe(
      [](const net::HttpRequest&, net::HttpResponse& response) {
        response.notes.model = "late-flights";
        response.notes.version = 3;
        response.notes.consumer = "billing";
        response.notes.rows = 1;
      },
      traffic, state.range(0) != 0 ? log->get() : nullptr);
  net::HttpRequest request;
  request.method = "POST";
  request.path = "/v1/models/late-flights:score";
  request.headers = {
      {"Host", "localhost:8080"},           {"User-Agent", "client/1.0"},       {"Accept", "*/*"},
      {"Content-Type", "application/json"}, {"Authorization", "Bearer 123456"}, {"Content-Length", "80"}};
  if (state.range(1) != 0) {
    request.headers.push_back({"X-Request-Id", "0d0fd0a1d40a8fdcd3f0ef2ce9ac3d7e"});
    request.headers.push_back({"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"});
  }
  for (auto _ : state) {
    net::HttpResponse response;
    handler(request, response);
    benchmark::DoNotOptimize(response.headers.data());
  }
}
BENCHMARK(BM_Observe)->ArgsProduct({{0, 1}, {0, 1}})->ArgNames({"log", "trace"});

/// The same two strings and fields without Observe: what of it is the answer's own.
void BM_EmptyHandler(benchmark::State& state) {
  const net::Handler handler = [](const net::HttpRequest&, net::HttpResponse& response) {
    response.notes.model = "late-flights";
    response.notes.version = 3;
    response.notes.consumer = "billing";
    response.notes.rows = 1;
  };
  const net::HttpRequest request;
  for (auto _ : state) {
    net::HttpResponse response;
    handler(request, response);
    benchmark::DoNotOptimize(response.notes);
  }
}
BENCHMARK(BM_EmptyHandler);

}  // namespace
}  // namespace roost::telemetry
