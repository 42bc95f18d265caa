#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "net/http_message.h"
#include "rest/routes.h"
#include "serving/model_manager.h"

namespace roost::rest {
namespace {

constexpr int kColumns = 10;  // of numbers, and as many of texts

/// A logistic regression over ten standardized numbers and ten one-hot columns of 300 words each.
std::string WideModelJson() {
  std::string inputs, features, weights = "0.01";
  std::string words = "\"A0\"";
  for (int i = 1; i < 300; ++i) words += fmt::format(",\"A{}\"", i);
  for (int i = 0; i < kColumns; ++i) {
    inputs +=
        fmt::format(R"({}{{"name":"n{}","kind":"number"}},{{"name":"w{}","kind":"text"}})", i == 0 ? "" : ",", i, i);
    features += fmt::format(R"({}{{"column":"n{}","use":"standardize","mean":500.5,"standard_deviation":100}},)"
                            R"({{"column":"w{}","use":"one_hot","words":[{}],"unknown_buckets":1}})",
                            i == 0 ? "" : ",", i, i, words);
  }
  for (int i = 1; i < kColumns * (1 + 300 + 1 + 1); ++i) weights += fmt::format(",{}", 0.001 * (i % 17));
  return fmt::format(R"({{"version":2,"task":"binary","transform":{{"version":1,"inputs":[{}],"features":[{}]}},)"
                     R"("predictor":{{"kind":"linear","link":"logistic","intercepts":[-1],"weights":[[{}]]}}}})",
                     inputs, features, weights);
}

std::string Row() {
  std::string row = "{";
  for (int i = 0; i < kColumns; ++i) {
    row += fmt::format(R"({}"n{}":{},"w{}":"A{}")", i == 0 ? "" : ",", i, 100.25 * i + 7, i, 17 * i);
  }
  return row + "}";
}

/// The same row as 20 tensors of the Open Inference Protocol v2.
std::string Tensors() {
  std::string inputs;
  for (int i = 0; i < kColumns; ++i) {
    inputs += fmt::format(R"({}{{"name":"n{}","shape":[1],"datatype":"FP64","data":[{}]}},)"
                          R"({{"name":"w{}","shape":[1],"datatype":"BYTES","data":["A{}"]}})",
                          i == 0 ? "" : ",", i, 100.25 * i + 7, i, 17 * i);
  }
  return "{\"inputs\":[" + inputs + "]}";
}

/// Route, parse, score and format one row of 20 features: all but the socket.
void Post(benchmark::State& state, const std::string& path, const std::string& body) {
  serving::ModelManager models;
  if (const auto loaded = models.Load("wide", 1, WideModelJson()); !loaded.ok()) {
    return state.SkipWithError(std::string(loaded.message()).c_str());
  }
  const net::Handler handler = MakeHandler(models, nullptr);
  net::HttpRequest request;
  request.method = "POST";
  request.path = path;
  request.host = "localhost:8080";
  request.body = body;
  for (auto _ : state) {
    net::HttpResponse response;
    handler(request, response);
    if (response.status != 200) return state.SkipWithError(response.body.c_str());
    benchmark::DoNotOptimize(response.body.data());
  }
}

void BM_ScoreRowOf20(benchmark::State& state) { Post(state, "/v1/models/wide:score", Row()); }
BENCHMARK(BM_ScoreRowOf20);

void BM_InferRowOf20(benchmark::State& state) { Post(state, "/v2/models/wide/infer", Tensors()); }
BENCHMARK(BM_InferRowOf20);

}  // namespace
}  // namespace roost::rest
