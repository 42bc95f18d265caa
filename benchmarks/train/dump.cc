#include "dump.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "base/json.h"
#include "base/status.h"
#include "table/bridge.h"
#include "table/read.h"

namespace roost::benchmark {
namespace {

template <typename T>
absl::StatusOr<std::vector<T>> ReadAll(const std::string& path, int64_t count) {
  std::vector<T> values(static_cast<size_t>(count));
  std::ifstream file(path, std::ios::binary);
  const auto bytes = static_cast<std::streamsize>(values.size() * sizeof(T));
  if (!file.read(reinterpret_cast<char*>(values.data()), bytes) || file.peek() != std::ifstream::traits_type::eof()) {
    return WithHint(absl::DataLossError(fmt::format("{} does not hold {} values", path, count)),
                    "benchmarks/train/setup makes it");
  }
  return values;
}

// Every row has every feature.
void FillDense(int64_t rows, transform::FeatureRows& features) {
  const auto width = static_cast<size_t>(features.num_features);
  features.indices.resize(static_cast<size_t>(rows) * width);
  for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
    const auto begin = features.indices.begin() + static_cast<std::ptrdiff_t>(row * width);
    std::iota(begin, begin + features.num_features, 0);
    features.starts.push_back(static_cast<int64_t>((row + 1) * width));
  }
}

}  // namespace

absl::StatusOr<Dump> ReadDump(const std::string& folder) {
  std::ostringstream text;
  text << std::ifstream(folder + "/meta.json").rdbuf();
  TRY_ASSIGN(const Json meta, ParseJson(text.str(), folder + "/meta.json"));
  const auto rows = meta.at("rows").get<int64_t>();
  const auto entries = meta.at("entries").get<int64_t>();
  Dump dump{.num_classes = meta.at("classes").get<int32_t>(), .l2 = meta.at("l2").get<double>()};
  dump.features.num_features = meta.at("features").get<int32_t>();
  TRY_ASSIGN(dump.targets, ReadAll<double>(folder + "/targets.f64", rows));
  TRY_ASSIGN(dump.features.values, ReadAll<double>(folder + "/values.f64", entries));
  if (meta.at("dense").get<bool>()) {
    FillDense(rows, dump.features);
    return dump;
  }
  TRY_ASSIGN(dump.features.indices, ReadAll<int32_t>(folder + "/indices.i32", entries));
  TRY_ASSIGN(dump.features.starts, ReadAll<int64_t>(folder + "/starts.i64", rows + 1));
  return dump;
}

absl::Status WriteDoubles(const std::string& path, const std::vector<double>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(double)));
  file.close();
  return file ? absl::OkStatus() : absl::UnavailableError(fmt::format("{} could not be written", path));
}

absl::StatusOr<std::vector<column::OwnedBatch>> ReadRows(const std::string& path, const Context& context) {
  TRY_ASSIGN(const auto reader, table::OpenFile(path, {}, context));
  std::vector<column::OwnedBatch> batches;
  while (true) {
    TRY_ASSIGN(const std::shared_ptr<arrow::RecordBatch> rows, table::Next(*reader));
    if (rows == nullptr) return batches;
    TRY_ASSIGN(column::OwnedBatch batch, table::ToColumns(*rows));
    batches.push_back(std::move(batch));
  }
}

}  // namespace roost::benchmark
