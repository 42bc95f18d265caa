// Roost's engines for benchmarks/train: one step in a process of its own, as the peers have it.
// usage: train_driver STEP THREADS WORD...    prints one line of JSON (steps.h)

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/thread_pool.h"
#include "steps.h"

namespace roost::benchmark {
namespace {

struct Kind {
  size_t least_words;
  std::function<absl::StatusOr<Json>(Words, const Context&)> run;
};

const std::map<std::string, Kind>& Kinds() {
  static const std::map<std::string, Kind> kinds = {{"linear", {4, LinearStep}},
                                                    {"trees", {3, TreesStep}},
                                                    {"transform", {2, TransformStep}},
                                                    {"transform_row", {2, TransformRowStep}},
                                                    {"warm", {2, WarmStep}}};
  return kinds;
}

int Main(const std::vector<std::string>& words) {
  size_t threads = 0;
  const auto kind = words.size() < 2 ? Kinds().end() : Kinds().find(words[0]);
  if (kind == Kinds().end() || words.size() < 2 + kind->second.least_words ||
      std::from_chars(words[1].data(), words[1].data() + words[1].size(), threads).ec != std::errc() || threads == 0) {
    fmt::print(stderr, "usage: train_driver linear|trees|transform|transform_row|warm THREADS WORD...\n");
    return 2;
  }
  ThreadPool pool(threads);
  const absl::StatusOr<Json> said = kind->second.run(Words(words).subspan(2), Context{.pool = &pool, .seed = 1});
  if (!said.ok()) {
    fmt::print(stderr, "train_driver: {}\n", std::string(said.status().message()));
    return 1;
  }
  fmt::print("{}\n", ToLine(*said));
  return 0;
}

}  // namespace
}  // namespace roost::benchmark

int main(int argc, char** argv) { return roost::benchmark::Main({argv + 1, argv + argc}); }
