#pragma once

#include <cstdint>
#include <random>
#include <string>

#include <fmt/format.h>

namespace roost::serving {

/// For tests: the JSON of a model of flights, with inputs distance (number), origin (text) and date (time), and weights
/// that depend on `seed`.
inline std::string TestModelJson(uint32_t seed = 1) {
  constexpr int kFeatures = 1 + (2 + 1 + 1) + 25;  // distance; origin: words, unknown, missing; hours and missing
  std::mt19937 random(seed);
  std::string weights;
  for (int i = 0; i < kFeatures; ++i) {
    weights += fmt::format("{}{}", i == 0 ? "" : ",", static_cast<double>(random()) / 4294967296.0 - 0.5);
  }
  return fmt::format(
      R"({{"version":1,"transform":{{"version":1,
        "inputs":[{{"name":"distance","kind":"number"}},{{"name":"origin","kind":"text"}},{{"name":"date","kind":"time"}}],
        "features":[{{"column":"distance","use":"standardize","mean":700.5,"standard_deviation":550.25}},
          {{"column":"origin","use":"one_hot","words":["SFO","JFK"],"unknown_buckets":1}},
          {{"column":"date","use":"hour"}}]}},
        "predictor":{{"kind":"logistic","intercept":-1.25,"weights":[{}]}}}})",
      weights);
}

/// For tests: a model of 4,000 words, some hundred kilobytes, so that its memory can be told from that of a test.
inline std::string ManyWordsJson() {
  std::string words, weights;
  constexpr int kWords = 4'000;
  for (int i = 0; i < kWords; ++i) words += fmt::format("{}\"word {}\"", i == 0 ? "" : ",", i);
  for (int i = 0; i < kWords + 2; ++i) weights += i == 0 ? "0.5" : ",0.5";
  return fmt::format(
      R"({{"version":1,"transform":{{"version":1,"inputs":[{{"name":"word","kind":"text"}}],
        "features":[{{"column":"word","use":"one_hot","words":[{}],"unknown_buckets":1}}]}},
        "predictor":{{"kind":"logistic","intercept":0,"weights":[{}]}}}})",
      words, weights);
}

/// For tests: the JSON of a model of one input, distance, with the classes early, on time and late.
inline std::string TestClassesJson() {
  return R"({"version":2,"task":"classes","classes":["early","on time","late"],"transform":{"version":1,
      "inputs":[{"name":"distance","kind":"number"}],
      "features":[{"column":"distance","use":"standardize","mean":700,"standard_deviation":500}]},
      "predictor":{"kind":"linear","link":"softmax","intercepts":[0,1,0.5],"weights":[[1],[0],[-1]]}})";
}

/// For tests: the JSON of a model whose value is 3 + 2 * (distance - 700) / 500; 3 where distance is missing.
inline std::string TestValueJson() {
  return R"({"version":2,"task":"number","transform":{"version":1,
      "inputs":[{"name":"distance","kind":"number"}],
      "features":[{"column":"distance","use":"standardize","mean":700,"standard_deviation":500}]},
      "predictor":{"kind":"linear","link":"identity","intercepts":[3],"weights":[[2]]}})";
}

/// For tests: the JSON of a model whose value is a + 10 b; of columns a and b that are missing as of 0.
inline std::string TestNumbersJson() {
  return R"({"version":2,"task":"number","transform":{"version":1,
      "inputs":[{"name":"a","kind":"number"},{"name":"b","kind":"number"}],
      "features":[{"column":"a","use":"standardize","mean":0,"standard_deviation":1},
        {"column":"b","use":"standardize","mean":0,"standard_deviation":1}]},
      "predictor":{"kind":"linear","link":"identity","intercepts":[0],"weights":[[1,10]]}})";
}

}  // namespace roost::serving
