// Measures two models on slices with paired resamples, on rows that data.py wrote.
//
// usage: evaluate_driver FOLDER RESAMPLES THREADS
// Prints one line of JSON: rows, CPU and wall seconds, and by slice the values and errors of both models and of their
// difference, by metric.
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "column/builder.h"
#include "evaluate/metric.h"
#include "evaluate/resample.h"
#include "evaluate/slices.h"

namespace {

using namespace roost;

constexpr const char* kMetrics[] = {"auc", "log_loss", "accuracy", "calibration_error"};

template <typename T>
absl::StatusOr<std::vector<T>> Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<T> values(file ? std::filesystem::file_size(path) / sizeof(T) : 0);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!file || values.empty()) return absl::NotFoundError(path.string() + ": not there, or no rows; run data.py");
  return values;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Json ToJson(std::span<const evaluate::Estimate> estimates) {
  Json json = Json::object();
  for (size_t i = 0; i < estimates.size(); ++i) {
    json[kMetrics[i]] = {estimates[i].value.value_or(0), estimates[i].standard_error.value_or(0)};
  }
  return json;
}

absl::StatusOr<Json> Run(const std::filesystem::path& folder, int64_t resamples, size_t threads) {
  TRY_ASSIGN(const std::vector<double> first, Read<double>(folder / "first.f64"));
  TRY_ASSIGN(const std::vector<double> second, Read<double>(folder / "second.f64"));
  TRY_ASSIGN(const std::vector<double> labels, Read<double>(folder / "labels.f64"));
  column::BatchBuilder builder;
  for (const char* name : {"region", "weekday"}) {
    TRY_ASSIGN(const std::vector<int64_t> values, Read<int64_t>(folder / (std::string(name) + ".i64")));
    builder.Integers(name, {values.begin(), values.end()});
  }
  TRY_ASSIGN(const std::vector<double> distances, Read<double>(folder / "distance.f64"));
  builder.Numbers("distance", {distances.begin(), distances.end()});
  const column::OwnedBatch batch = builder.Build();

  evaluate::MeasureOptions options{.pairs = {{0, 1}}, .resamples = resamples};
  for (const char* name : kMetrics) {
    TRY_ASSIGN(const evaluate::NamedMetric* metric, evaluate::FindMetric(predict::Task::kBinary, name));
    options.metrics.push_back(metric);
  }
  const std::vector<evaluate::SliceSpec> specs{
      {}, {{{.column = "region"}}}, {{{.column = "weekday"}}}, {{{.column = "distance", .borders = {250, 500, 750}}}}};
  ThreadPool pool(threads);
  const Context context{.pool = &pool, .seed = 1};
  const double cpu = CpuSeconds();
  const auto start = std::chrono::steady_clock::now();
  TRY_ASSIGN(const evaluate::SliceSet slices, evaluate::MakeSlices(std::span(&batch.view(), 1), specs, {}));
  const double slices_cpu = CpuSeconds() - cpu;
  const evaluate::ModelScores models[] = {{.scores = first}, {.scores = second}};
  TRY_ASSIGN(const std::vector<evaluate::SliceFigures> figures,
             evaluate::MeasureSlices({.targets = labels}, models, slices, options, context));
  Json result{{"rows", labels.size()},
              {"cpu", CpuSeconds() - cpu},
              {"slices_cpu", slices_cpu},
              {"wall", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()}};
  for (size_t slice = 0; slice < figures.size(); ++slice) {
    result["slices"].push_back({{"name", slices.slices[slice].name},
                                {"rows", figures[slice].rows},
                                {"first", ToJson(figures[slice].models[0])},
                                {"second", ToJson(figures[slice].models[1])},
                                {"difference", ToJson(figures[slice].differences[0])}});
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: evaluate_driver FOLDER RESAMPLES THREADS\n";
    return 2;
  }
  const absl::StatusOr<Json> result = Run(argv[1], std::stoll(argv[2]), std::stoul(argv[3]));
  if (!result.ok()) {
    std::cerr << result.status() << "\n";
    return 1;
  }
  std::cout << result->dump() << "\n";
  return 0;
}
